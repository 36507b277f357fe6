/* SPDX-License-Identifier: MIT */
#include "elfkind.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <elf.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PHDRS 3

static struct {
	Elf64_Ehdr eh;
	Elf64_Phdr ph[PHDRS];
} image;

static void start(void)
{
	memset(&image, 0, sizeof(image));
	memcpy(image.eh.e_ident, ELFMAG, SELFMAG);
	image.eh.e_ident[EI_CLASS] = ELFCLASS64;
	image.eh.e_ident[EI_DATA] = ELFDATA2LSB;
	image.eh.e_type = ET_DYN;
	image.eh.e_machine = EM_X86_64;
	image.eh.e_phoff = sizeof(Elf64_Ehdr);
	image.eh.e_phentsize = sizeof(Elf64_Phdr);
	image.eh.e_phnum = PHDRS;
	for (int i = 0; i < PHDRS; i++)
		image.ph[i].p_type = PT_LOAD;
}

TestSuite(elfkind, .init = start);

static char interp[OVL_ELF_INTERP_MAX];

/* The kind of the file open as @fd, looked at through a buffer of @cap bytes. */
static int kind_of(int fd, size_t cap)
{
	static char buf[4096];
	ssize_t n = pread(fd, buf, cap, 0);

	memset(interp, 'x', sizeof(interp));
	return n < 0 ? -1 : (int)ovl_elf_kind(fd, buf, cap, (size_t)n, interp);
}

/* The kind of image, followed by nothing. */
static int kind(size_t size)
{
	int fd = memfd_create("image", 0);
	int k;

	cr_assert_eq(write(fd, &image, size), (ssize_t)size);
	k = kind_of(fd, 4096);
	close(fd);
	return k;
}

Test(elfkind, a_program_without_interpreter_is_static)
{
	cr_expect(eq(int, kind(sizeof(image)), OVL_ELF_STATIC));
	image.eh.e_type = ET_EXEC;
	cr_expect(eq(int, kind(sizeof(image)), OVL_ELF_STATIC));
}

Test(elfkind, a_program_with_interpreter_is_dynamic_wherever_its_header_is)
{
	for (int i = 0; i < PHDRS; i++) {
		start();
		image.ph[i].p_type = PT_INTERP;
		cr_expect(eq(int, kind(sizeof(image)), OVL_ELF_DYNAMIC));
	}
}

Test(elfkind, headers_beyond_the_first_bytes_are_read)
{
	int fd = memfd_create("image", 0);

	image.eh.e_phoff = 100001;
	image.eh.e_phnum = 200;
	cr_assert_eq(write(fd, &image.eh, sizeof(image.eh)), (ssize_t)sizeof(image.eh));
	cr_assert_eq(ftruncate(fd, 100001 + 200 * (off_t)sizeof(Elf64_Phdr)), 0);
	cr_expect(eq(int, kind_of(fd, 4096), OVL_ELF_STATIC));
	image.ph[0].p_type = PT_INTERP;
	cr_assert_gt(
		pwrite(fd, image.ph, sizeof(Elf64_Phdr), 100001 + 199 * (off_t)sizeof(Elf64_Phdr)),
		0);
	cr_expect(eq(int, kind_of(fd, 4096), OVL_ELF_DYNAMIC));
	cr_expect(eq(int, kind_of(fd, 64), OVL_ELF_DYNAMIC));
	close(fd);
}

Test(elfkind, other_machines_are_told_apart)
{
	image.eh.e_machine = EM_AARCH64;
	cr_expect(eq(int, kind(sizeof(image)), OVL_ELF_FOREIGN));
	image.eh.e_machine = EM_386;
	image.eh.e_ident[EI_CLASS] = ELFCLASS32;
	cr_expect(eq(int, kind(sizeof(image)), OVL_ELF_32BIT));
	image.eh.e_machine = EM_X86_64; /* x32 */
	cr_expect(eq(int, kind(sizeof(image)), OVL_ELF_32BIT));
}

Test(elfkind, what_the_kernel_refuses_is_not_judged)
{
	cr_expect(eq(int, kind(sizeof(image) - 1), OVL_ELF_NOT));
	cr_expect(eq(int, kind(sizeof(Elf64_Ehdr) - 1), OVL_ELF_NOT));
	cr_expect(eq(int, kind(4), OVL_ELF_NOT));
	cr_expect(eq(int, kind(0), OVL_ELF_NOT));
	image.eh.e_type = ET_REL;
	cr_expect(eq(int, kind(sizeof(image)), OVL_ELF_NOT));
	start();
	image.eh.e_phentsize = 1;
	cr_expect(eq(int, kind(sizeof(image)), OVL_ELF_NOT));
	start();
	image.eh.e_phoff = UINT64_MAX - 8;
	cr_expect(eq(int, kind(sizeof(image)), OVL_ELF_NOT));
}

Test(elfkind, this_program_is_dynamic)
{
	int fd = open("/proc/self/exe", O_RDONLY);

	cr_expect(eq(int, kind_of(fd, 4096), OVL_ELF_DYNAMIC));
	close(fd);
}

Test(elfkind, linkers_are_known_by_name)
{
	cr_expect(ovl_elf_is_linker("/lib64/ld-linux-x86-64.so.2"));
	cr_expect(ovl_elf_is_linker("ld-2.31.so"));
	cr_expect(ovl_elf_is_linker("/lib/ld-musl-x86_64.so.1"));
	cr_expect(not(ovl_elf_is_linker("/ld-linux.so/busybox")));
	cr_expect(not(ovl_elf_is_linker("/bin/old-linux")));
	cr_expect(not(ovl_elf_is_linker("/bin/ld-wrapper")));
}

/* What @interp becomes for an interpreter's name of @len bytes, with its NUL, at @off. */
static const char *name_read(size_t off, size_t len, size_t cap)
{
	int fd = memfd_create("image", 0);
	char name[2 * OVL_ELF_INTERP_MAX];

	memset(name, 'n', sizeof(name));
	name[len - 1] = '\0';
	image.ph[1].p_type = PT_INTERP;
	image.ph[1].p_offset = off;
	image.ph[1].p_filesz = len;
	cr_assert_eq(write(fd, &image, sizeof(image)), (ssize_t)sizeof(image));
	cr_assert_eq(pwrite(fd, name, len, (off_t)off), (ssize_t)len);
	cr_expect(eq(int, kind_of(fd, cap), OVL_ELF_DYNAMIC));
	close(fd);
	return interp;
}

Test(elfkind, the_dynamic_linkers_name_is_read_wherever_it_is)
{
	static const size_t at[] = {sizeof(image), 3000, 4090, 100000};
	static const size_t cap[] = {4096, 64};

	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		for (size_t k = 0; k < 2; k++)
			cr_expect(eq(str, (char *)name_read(at[i], 10, cap[k]), "nnnnnnnnn"));
	}
}

Test(elfkind, a_dynamic_linkers_name_that_is_too_long_or_none_is_empty)
{
	cr_expect(
		eq(sz, strlen(name_read(1000, OVL_ELF_INTERP_MAX, 4096)), OVL_ELF_INTERP_MAX - 1));
	cr_expect(eq(str, (char *)name_read(1000, OVL_ELF_INTERP_MAX + 1, 4096), ""));
	cr_expect(eq(str, (char *)name_read(1000, 1, 4096), ""));
	image.ph[1].p_offset = 1 << 30; /* behind the end of the file */
	image.ph[1].p_filesz = 10;
	cr_expect(eq(int, kind(sizeof(image)), OVL_ELF_DYNAMIC));
	cr_expect(eq(str, interp, ""));
}

/* Has a program with these tags, at @off in its file, directories of its own? */
static bool has_runpath(const Elf64_Dyn *dyn, size_t n, off_t off, size_t cap)
{
	static _Alignas(Elf64_Dyn) char buf[4096];
	int fd = memfd_create("image", 0);
	bool has;

	image.ph[2].p_type = PT_DYNAMIC;
	image.ph[2].p_offset = (uint64_t)off;
	image.ph[2].p_filesz = n * sizeof(*dyn);
	cr_assert_eq(write(fd, &image, sizeof(image)), (ssize_t)sizeof(image));
	cr_assert_eq(pwrite(fd, dyn, n * sizeof(*dyn), off), (ssize_t)(n * sizeof(*dyn)));
	has = ovl_elf_has_runpath(fd, buf, cap);
	close(fd);
	return has;
}

Test(elfkind, directories_of_a_programs_own_are_seen)
{
	static Elf64_Dyn dyn[100];

	for (int i = 0; i < 99; i++)
		dyn[i].d_tag = DT_NEEDED;
	for (size_t cap = 64; cap <= 4096; cap *= 8) {
		cr_expect(not(has_runpath(dyn, 100, 1000, cap)));
		dyn[98].d_tag = DT_RUNPATH;
		cr_expect(has_runpath(dyn, 100, 1000, cap));
		dyn[98].d_tag = DT_RPATH;
		cr_expect(has_runpath(dyn, 100, 100000, cap));
		dyn[98].d_tag = DT_NEEDED;
	}
	/* behind the end they are none */
	dyn[10].d_tag = DT_NULL;
	dyn[11].d_tag = DT_RUNPATH;
	cr_expect(not(has_runpath(dyn, 100, 1000, 4096)));
}

Test(elfkind, directories_that_cannot_be_told_may_be_there)
{
	static const Elf64_Dyn none = {.d_tag = DT_NULL};
	int fd = memfd_create("image", 0);
	char buf[64];

	cr_expect(ovl_elf_has_runpath(fd, buf, sizeof(buf)));
	cr_assert_eq(write(fd, &image, sizeof(image)), (ssize_t)sizeof(image));
	cr_expect(ovl_elf_has_runpath(fd, buf, sizeof(buf)), "no PT_DYNAMIC");
	close(fd);
	image.ph[2].p_type = PT_DYNAMIC;
	image.ph[2].p_offset = 1000;
	image.ph[2].p_filesz = 64;
	fd = memfd_create("image", 0);
	cr_assert_eq(write(fd, &image, sizeof(image)), (ssize_t)sizeof(image));
	cr_expect(ovl_elf_has_runpath(fd, buf, sizeof(buf)), "behind the end");
	close(fd);
	cr_expect(not(has_runpath(&none, 1, 1000, 64)));
}
