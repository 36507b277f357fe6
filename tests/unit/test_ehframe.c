/* SPDX-License-Identifier: MIT */
#include "ehframe.h"

#include <criterion/criterion.h>
#include <link.h>
#include <string.h>

/* A function with the bytes of a system call in a constant, and a table behind it. */
__asm__(".text\n"
	".type described, @function\n"
	"described:\n"
	"	.cfi_startproc\n"
	"	mov $0x0000050f, %eax\n"
	"	syscall\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size described, . - described\n"
	"table:	.byte 0x0f, 0x05, 0xc3, 0x90\n"
	"	.zero 16\n");

extern const uint8_t described[], table[];

#define CALL 5 /* of the system call in it */
#define END  8

static uint8_t const *hdr;
static uint32_t size;

static int note(struct dl_phdr_info *info, size_t unused, void *arg)
{
	(void)unused;
	(void)arg;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];

		if (ph->p_type != PT_GNU_EH_FRAME)
			continue;
		hdr = (const uint8_t *)info->dlpi_addr + ph->p_vaddr;
		size = (uint32_t)ph->p_filesz;
	}
	return 1; /* the first is the program */
}

static void find(void)
{
	dl_iterate_phdr(note, NULL);
	cr_assert(hdr);
}

TestSuite(ehframe, .init = find);

Test(ehframe, an_instruction_of_a_function_is_code)
{
	cr_expect(ovl_ehframe_is_code(hdr, size, described, 5));
	cr_expect(ovl_ehframe_is_code(hdr, size, described + CALL, 2));
	cr_expect(ovl_ehframe_is_code(hdr, size, described + CALL, 3));
}

Test(ehframe, the_inside_of_an_instruction_is_none)
{
	cr_expect_not(ovl_ehframe_is_code(hdr, size, described + 1, 2));
	cr_expect_not(ovl_ehframe_is_code(hdr, size, described + CALL + 1, 1));
}

Test(ehframe, what_reaches_beyond_the_function_is_not_code)
{
	cr_expect_not(ovl_ehframe_is_code(hdr, size, described + CALL, END - CALL + 1));
}

Test(ehframe, a_table_between_functions_is_not_code)
{
	cr_expect_eq(table, described + END);
	cr_expect_not(ovl_ehframe_is_code(hdr, size, table, 2));
}

Test(ehframe, nothing_before_the_first_function_or_far_behind_the_last_is_code)
{
	cr_expect_not(ovl_ehframe_is_code(hdr, size, hdr - 0x40000000, 1));
	cr_expect_not(ovl_ehframe_is_code(hdr, size, hdr + 0x40000000, 1));
}

Test(ehframe, another_form_is_not_understood)
{
	uint8_t *copy = malloc(size);

	for (int i = 0; i < 4; i++) {
		memcpy(copy, hdr, size);
		copy[i] ^= 0x40;
		cr_expect_not(ovl_ehframe_is_code(copy, size, copy, 1), "byte %d", i);
	}
	memcpy(copy, hdr, size);
	copy[11] = 1; /* more rows than there is room for */
	cr_expect_not(ovl_ehframe_is_code(copy, size, copy, 1));
	cr_expect_not(ovl_ehframe_is_code(hdr, 11, described, 5));
	free(copy);
}
