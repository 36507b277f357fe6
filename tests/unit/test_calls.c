/* SPDX-License-Identifier: MIT */
#include "calls.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sys/syscall.h>

#include "far.h"

#define MOV(nr)	     0xb8, (nr)&0xff, (nr) >> 8, 0, 0 /* mov $nr,%eax */
#define SYSCALL	     0x0f, 0x05
#define CMP	     0x48, 0x3d, 0x00, 0xf0, 0xff, 0xff /* cmp $-4096,%rax */
#define RET	     0xc3
#define BY_ARGUMENT  0x89, 0xf8 /* mov %edi,%eax */
#define BRANCH_TO(n) 0x74, (n)	/* je */

static struct ovl_calls calls;

static struct ovl_elffile file_of(const uint8_t *text, size_t len)
{
	return (struct ovl_elffile){.ntexts = 1, .text[0] = {.at = text, .len = len}};
}

#define FILE_OF(...)                                         \
	({                                                   \
		static const uint8_t text[] = {__VA_ARGS__}; \
		file_of(text, sizeof(text));                 \
	})

Test(calls, a_known_number_can_be_replaced_everywhere)
{
	struct ovl_elffile f =
		FILE_OF(MOV(SYS_openat), SYSCALL, RET, MOV(SYS_getpid), SYSCALL, RET);

	cr_assert_eq(ovl_calls_in_static(&f, &calls), 0);
	cr_expect_eq(calls.n, 1);
	cr_expect_eq(calls.left, 0);
	cr_assert_eq(ovl_calls_in_libc(&f, false, &calls), 0);
	cr_expect_eq(calls.n, 1);
	cr_expect_eq(calls.left, 0);
	cr_assert_eq(ovl_calls_that_read(&f, &calls), 0);
	cr_expect_eq(calls.n, 1);
	cr_expect_eq(calls.left, 0);
	cr_expect(calls.sure);
}

Test(calls, what_the_guard_traps_is_not_among_those_that_read)
{
	struct ovl_elffile f = FILE_OF(MOV(SYS_unlink), SYSCALL, RET);

	cr_assert_eq(ovl_calls_that_read(&f, &calls), 0);
	cr_expect_eq(calls.n, 0);
}

Test(calls, a_branch_to_the_call_leaves_no_place)
{
	struct ovl_elffile f = FILE_OF(BY_ARGUMENT, BRANCH_TO(1), 0x90, SYSCALL, RET);

	cr_assert_eq(ovl_calls_in_static(&f, &calls), 0);
	cr_expect_eq(calls.n, 1);
	cr_expect_eq(calls.left, 1);
	cr_assert_eq(ovl_calls_that_read(&f, &calls), 0);
	cr_expect_eq(calls.n, 1);
	cr_expect_eq(calls.left, 1);
	cr_expect(!calls.sure);
}

Test(calls, a_program_has_as_many_pieces_as_there_are)
{
	static const uint8_t one[] = {MOV(SYS_stat), SYSCALL, RET};
	static const uint8_t cmp[] = {BY_ARGUMENT, SYSCALL, CMP, RET};
	static uint8_t text[(OVL_FAR_MOVS + 3) * sizeof(one) + (OVL_FAR_CMPS + 2) * sizeof(cmp)];
	struct ovl_elffile f = file_of(text, sizeof(text));
	uint8_t *to = text;

	for (int i = 0; i < OVL_FAR_MOVS + 3; i++, to += sizeof(one))
		memcpy(to, one, sizeof(one));
	for (int i = 0; i < OVL_FAR_CMPS + 2; i++, to += sizeof(cmp))
		memcpy(to, cmp, sizeof(cmp));
	cr_assert_eq(ovl_calls_that_read(&f, &calls), 0);
	cr_expect_eq(calls.n, OVL_FAR_MOVS + 3 + OVL_FAR_CMPS + 2);
	cr_expect_eq(calls.left, 3 + 2);
}

Test(calls, a_large_program_is_searched_if_it_is_of_go)
{
	struct ovl_elffile f = file_of(NULL, 5 << 20);

	cr_expect(ovl_calls_unsearched(&f));
	f.go = true;
	cr_expect(!ovl_calls_unsearched(&f));
	f = file_of(NULL, 4 << 20);
	cr_expect(!ovl_calls_unsearched(&f));
	f = file_of(NULL, 1ULL << 32);
	cr_expect_eq(ovl_calls_that_read(&f, &calls), -E2BIG);
}
