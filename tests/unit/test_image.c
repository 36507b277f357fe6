/* SPDX-License-Identifier: MIT */
#include "image.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE  4096
#define PHDRS 4
#define BASE  0x10000000UL /* an address that is free in a test */
#define NEAR  0x20000000UL
#define FILL  0x77

static struct {
	Elf64_Ehdr eh;
	Elf64_Phdr ph[PHDRS];
} head;
static struct ovl_image image;

/* Text of one page at 0 and data at 2 pages, both of the file's first pages. */
static void start(void)
{
	memset(&head, 0, sizeof(head));
	memcpy(head.eh.e_ident, ELFMAG, SELFMAG);
	head.eh.e_ident[EI_CLASS] = ELFCLASS64;
	head.eh.e_ident[EI_DATA] = ELFDATA2LSB;
	head.eh.e_type = ET_DYN;
	head.eh.e_machine = EM_X86_64;
	head.eh.e_phoff = sizeof(Elf64_Ehdr);
	head.eh.e_phentsize = sizeof(Elf64_Phdr);
	head.eh.e_phnum = PHDRS;
	head.eh.e_entry = 0x10;
	head.ph[0] = (Elf64_Phdr){.p_type = PT_LOAD,
				  .p_flags = PF_R | PF_X,
				  .p_filesz = PAGE,
				  .p_memsz = PAGE,
				  .p_align = PAGE};
	head.ph[1] = (Elf64_Phdr){.p_type = PT_LOAD,
				  .p_flags = PF_R | PF_W,
				  .p_offset = PAGE,
				  .p_vaddr = 2 * PAGE,
				  .p_filesz = PAGE,
				  .p_memsz = PAGE,
				  .p_align = PAGE};
	head.ph[2].p_type = PT_NULL;
	head.ph[3].p_type = PT_NULL;
}

TestSuite(image, .init = start);

/* A file of @pages pages of FILL, which starts with the headers. */
static int make(size_t pages)
{
	int fd = memfd_create("image", 0);
	char *all = malloc(pages * PAGE);

	memset(all, FILL, pages * PAGE);
	memcpy(all, &head, sizeof(head));
	cr_assert_eq(write(fd, all, pages * PAGE), (ssize_t)(pages * PAGE));
	free(all);
	return fd;
}

static int map(uint64_t near)
{
	int fd = make(4);
	int r = ovl_image_map(fd, near, &image);

	cr_expect_geq(lseek(fd, 0, SEEK_CUR), 0, "it stays open");
	close(fd);
	return r;
}

static uint64_t at_linked(uint64_t base)
{
	head.eh.e_type = ET_EXEC;
	head.eh.e_entry += base;
	for (int i = 0; i < PHDRS; i++)
		head.ph[i].p_vaddr += base;
	return base;
}

/* The rights of the mapping at @at, as /proc tells them; "" when there is none. */
static const char *rights(uint64_t at)
{
	static char r[5];
	FILE *f = fopen("/proc/self/maps", "r");
	char line[8192];
	unsigned long from, to;
	bool found = false;

	while (!found && fgets(line, sizeof(line), f)) {
		cr_assert_eq(sscanf(line, "%lx-%lx %4s", &from, &to, r), 3);
		found = from <= at && at < to;
	}
	fclose(f);
	return found ? r : "";
}

static int byte(uint64_t at)
{
	return *(const unsigned char *)at;
}

Test(image, a_program_that_may_lie_anywhere_lies_near)
{
	cr_assert(eq(int, map(NEAR), 0));
	cr_expect(eq(u64, image.bias, NEAR));
	cr_expect(eq(u64, image.entry, NEAR + 0x10));
	cr_expect(eq(u64, image.phdr, NEAR + sizeof(Elf64_Ehdr)));
	cr_expect(eq(int, image.phnum, PHDRS));
	cr_expect(eq(u64, image.end, NEAR + 3 * PAGE));
	cr_expect(eq(str, (char *)rights(NEAR), "r-xp"));
	cr_expect(eq(str, (char *)rights(NEAR + 2 * PAGE), "rw-p"));
	cr_expect(eq(int, memcmp((void *)NEAR, ELFMAG, SELFMAG), 0));
	cr_expect(eq(int, byte(NEAR + 3 * PAGE - 1), FILL));
	/* what lies between is kept for it */
	cr_expect(eq(str, (char *)rights(NEAR + PAGE), "---p"));
	cr_expect(eq(str, image.interp, ""));
}

Test(image, a_second_one_lies_behind_the_first)
{
	cr_assert(eq(int, map(NEAR), 0));
	cr_assert(eq(int, map(NEAR), 0));
	cr_expect(eq(u64, image.bias, NEAR + 3 * PAGE));
}

Test(image, what_is_given_no_place_gets_one)
{
	cr_assert(eq(int, map(0), 0));
	cr_expect(ne(u64, image.bias, 0));
	cr_expect(eq(int, byte(image.bias + 3 * PAGE - 1), FILL));
}

Test(image, a_program_lies_where_it_was_linked_to)
{
	at_linked(BASE);
	cr_assert(eq(int, map(NEAR), 0));
	cr_expect(eq(u64, image.bias, 0));
	cr_expect(eq(u64, image.entry, BASE + 0x10));
	cr_expect(eq(u64, image.phdr, BASE + sizeof(Elf64_Ehdr)));
	cr_expect(eq(u64, image.end, BASE + 3 * PAGE));
	cr_expect(eq(int, byte(BASE + 2 * PAGE), FILL));
}

Test(image, addresses_that_are_taken_are_told_and_left_alone)
{
	char *mine = mmap((void *)(BASE + PAGE), PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	cr_assert(eq(ptr, mine, (void *)(BASE + PAGE)));
	*mine = 'x';
	at_linked(BASE); /* its own pages are free, but not what is between them */
	cr_expect(eq(int, map(NEAR), -EEXIST));
	cr_expect(eq(chr, *mine, 'x'));
}

Test(image, memory_behind_the_files_is_zero)
{
	head.ph[1].p_filesz = 100;
	head.ph[1].p_memsz = 3 * PAGE;
	cr_assert(eq(int, map(NEAR), 0));
	cr_expect(eq(u64, image.end, NEAR + 5 * PAGE));
	cr_expect(eq(int, byte(NEAR + 2 * PAGE + 99), FILL));
	for (uint64_t at = NEAR + 2 * PAGE + 100; at < NEAR + 5 * PAGE; at++)
		cr_assert_eq(byte(at), 0, "%lx", at);
	*(char *)(NEAR + 5 * PAGE - 1) = 1;
}

Test(image, memory_without_a_file_is_zero_and_may_be_huge)
{
	head.ph[1].p_filesz = 0;
	head.ph[1].p_offset = 0;
	head.ph[1].p_memsz = 1UL << 28;
	cr_assert(eq(int, map(NEAR), 0));
	cr_expect(eq(int, byte(NEAR + 2 * PAGE + (1UL << 28) - 1), 0));
}

Test(image, a_segment_that_starts_inside_a_page)
{
	head.ph[1].p_offset += 0x123;
	head.ph[1].p_vaddr += 0x123;
	head.ph[1].p_filesz = 1;
	head.ph[1].p_memsz = PAGE;
	cr_assert(eq(int, map(NEAR), 0));
	cr_expect(eq(int, byte(NEAR + 2 * PAGE + 0x123), FILL));
	cr_expect(eq(int, byte(NEAR + 2 * PAGE + 0x124), 0));
	cr_expect(eq(u64, image.end, NEAR + 4 * PAGE));
}

Test(image, large_alignment_is_kept)
{
	head.ph[1].p_align = 2UL << 20;
	cr_assert(eq(int, map(NEAR + PAGE), 0));
	cr_expect(eq(u64, image.bias, NEAR + (2UL << 20)));
	head.ph[1].p_align = 3 * PAGE; /* no power of two means nothing */
	cr_assert(eq(int, map(NEAR + 2 * PAGE), 0));
	cr_expect(eq(u64, image.bias, NEAR + 2 * PAGE));
}

Test(image, text_is_told_and_what_else_can_be_executed)
{
	cr_assert(eq(int, map(NEAR), 0));
	cr_expect(eq(int, image.ntexts, 1));
	cr_expect(eq(u64, image.text[0].start, NEAR));
	cr_expect(eq(u64, image.text[0].len, PAGE));
	cr_expect(eq(int, image.text[0].prot, PROT_READ | PROT_EXEC));
	cr_expect(not(image.text_hidden));
	head.ph[1].p_flags |= PF_X;
	cr_assert(eq(int, map(NEAR), 0));
	cr_expect(eq(int, image.ntexts, 1));
	cr_expect(image.text_hidden);
}

Test(image, of_many_texts_some_are_hidden)
{
	static Elf64_Phdr ph[OVL_IMAGE_TEXTS + 1];
	int fd;

	head.eh.e_phoff = PAGE;
	for (int i = 0; i <= OVL_IMAGE_TEXTS; i++) {
		ph[i] = head.ph[0];
		ph[i].p_vaddr = (uint64_t)i * PAGE;
	}
	for (int n = OVL_IMAGE_TEXTS; n <= OVL_IMAGE_TEXTS + 1; n++) {
		head.eh.e_phnum = (uint16_t)n;
		fd = make(4);
		cr_assert_eq(pwrite(fd, ph, sizeof(ph), PAGE), (ssize_t)sizeof(ph));
		cr_assert(eq(int, ovl_image_map(fd, NEAR, &image), 0));
		close(fd);
		cr_expect(eq(int, image.ntexts, OVL_IMAGE_TEXTS));
		cr_expect(eq(int, image.text_hidden, n > OVL_IMAGE_TEXTS));
		/* no segment holds the headers */
		cr_expect(eq(u64, image.phdr, 0));
	}
}

Test(image, the_stack_and_the_linker_are_told)
{
	int fd;

	head.ph[2] = (Elf64_Phdr){.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W};
	head.ph[3] = (Elf64_Phdr){.p_type = PT_INTERP, .p_offset = 3 * PAGE, .p_filesz = 6};
	fd = make(4);
	cr_assert_eq(pwrite(fd, "/ld.so", 7, 3 * PAGE), 7);
	cr_expect(eq(int, ovl_image_map(fd, NEAR, &image), -ENOEXEC), "without its end");
	head.ph[3].p_filesz = 7;
	head.ph[2].p_flags |= PF_X;
	cr_assert_eq(pwrite(fd, &head, sizeof(head), 0), (ssize_t)sizeof(head));
	cr_assert(eq(int, ovl_image_map(fd, 0, &image), 0));
	cr_expect(eq(str, image.interp, "/ld.so"));
	cr_expect(image.stack_exec);
	close(fd);
}

static bool is_go(const char *name, uint64_t size, uint64_t off)
{
	struct {
		Elf64_Nhdr head;
		char name[8];
	} note = {.head = {.n_namesz = 4, .n_descsz = 4, .n_type = 4}};
	int fd;

	strcpy(note.name, name);
	head.ph[2] = (Elf64_Phdr){
		/* in no segment: it is read from the file */
		.p_type = PT_NOTE,
		.p_offset = off,
		.p_vaddr = 1UL << 40,
		.p_filesz = size,
	};
	fd = make(4);
	cr_assert_eq(pwrite(fd, &note, sizeof(note), 3 * PAGE), (ssize_t)sizeof(note));
	cr_assert(eq(int, ovl_image_map(fd, 0, &image), 0));
	close(fd);
	return image.go;
}

Test(image, go_is_known_by_its_note)
{
	cr_expect(is_go("Go", 20, 3 * PAGE));
	cr_expect(not(is_go("GNU", 20, 3 * PAGE)));
	cr_expect(not(is_go("Go", 8, 3 * PAGE)));
	cr_expect(not(is_go("Go", 20, 100 * PAGE)));
}

/* Mapping fails so, and nothing was mapped where it would lie. */
static void expect_refused(int err, const char *what)
{
	int r;

	r = map(NEAR);
	cr_expect_eq(r, err, "%s: %d", what, r);
}

Test(image, what_is_no_program_is_refused)
{
	head.eh.e_ident[0] = 'x';
	expect_refused(-ENOEXEC, "magic");
	start();
	head.eh.e_ident[EI_CLASS] = ELFCLASS32;
	expect_refused(-ENOEXEC, "class");
	start();
	head.eh.e_machine = EM_AARCH64;
	expect_refused(-ENOEXEC, "machine");
	start();
	head.eh.e_type = ET_REL;
	expect_refused(-ENOEXEC, "type");
	start();
	head.eh.e_phentsize = 1;
	expect_refused(-ENOEXEC, "phentsize");
	start();
	head.eh.e_phnum = 0;
	expect_refused(-ENOEXEC, "no headers");
	start();
	head.eh.e_phnum = 0xffff;
	expect_refused(-ENOEXEC, "too many headers");
	start();
	head.eh.e_phoff = 100 * PAGE;
	expect_refused(-ENOEXEC, "headers behind the end");
	start();
	head.eh.e_phoff = UINT64_MAX - 8;
	expect_refused(-EINVAL, "headers nowhere");
	start();
	head.ph[0].p_type = head.ph[1].p_type = PT_NULL;
	expect_refused(-ENOEXEC, "no segment");
}

Test(image, segments_that_cannot_be_are_refused)
{
	head.ph[1].p_vaddr += 1;
	expect_refused(-ENOEXEC, "another place in its page");
	start();
	head.ph[1].p_memsz = PAGE - 1;
	expect_refused(-ENOEXEC, "more file than memory");
	start();
	head.ph[1].p_memsz = UINT64_MAX;
	expect_refused(-ENOEXEC, "over the end");
	start();
	head.ph[1].p_vaddr = -2UL * PAGE;
	head.ph[1].p_memsz = 2 * PAGE - 1; /* up to the last byte but one */
	expect_refused(-ENOEXEC, "up to the end");
	start();
	head.ph[1].p_memsz = 1UL << 60;
	expect_refused(-ENOMEM, "more than there is");
	cr_expect(eq(str, (char *)rights(NEAR), ""));
}

Test(image, a_file_that_ends_early_is_no_program)
{
	int fd = memfd_create("image", 0);

	cr_expect(eq(int, ovl_image_map(fd, NEAR, &image), -ENOEXEC));
	cr_assert_eq(write(fd, &head, sizeof(head.eh) - 1), (ssize_t)sizeof(head.eh) - 1);
	cr_expect(eq(int, ovl_image_map(fd, NEAR, &image), -ENOEXEC));
	cr_assert_eq(pwrite(fd, &head, sizeof(head) - 1, 0), (ssize_t)sizeof(head) - 1);
	cr_expect(eq(int, ovl_image_map(fd, NEAR, &image), -ENOEXEC));
	close(fd);
	cr_expect(eq(int, ovl_image_map(fd, NEAR, &image), -EBADF));
}

Test(image, it_is_known_again_until_it_changes)
{
	int fd = make(4);
	uint64_t id;

	cr_assert(eq(int, ovl_image_map(fd, 0, &image), 0));
	id = image.id;
	cr_expect(ne(u64, id, 0));
	cr_assert(eq(int, ovl_image_map(fd, 0, &image), 0));
	cr_expect(eq(u64, image.id, id));
	cr_assert_eq(ftruncate(fd, 5 * PAGE), 0);
	cr_assert(eq(int, ovl_image_map(fd, 0, &image), 0));
	cr_expect(ne(u64, image.id, id));
	close(fd);
}
