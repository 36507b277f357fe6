/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "entry.h"
#include "ovl_base.h"
#include "sites.h"

#define BASE	 0x1000u
#define MOV(nr)	 0xb8, (nr)&0xff, (nr) >> 8, 0, 0 /* mov $nr,%eax */
#define SYSCALL	 0x0f, 0x05
#define CMP_R000 0x48, 0x3d, 0x00, 0xf0, 0xff, 0xff /* cmp $-4096,%rax */
#define CMP_E000 0x3d, 0x00, 0xf0, 0xff, 0xff	    /* cmp $0xfffff000,%eax */
#define RET	 0xc3
#define JE(rel)	 0x74, (rel)&0xff
#define JMP(rel) 0xeb, (rel)&0xff

static struct ovl_search room;
static struct ovl_site found[8];
static struct ovl_sites result;
static uint64_t wanted[8];
static const uint64_t *spared;
static enum ovl_sites_kinds kinds = OVL_SITES_ALL; /* unless a test says otherwise */

static void want(int nr)
{
	wanted[nr / 64] |= 1ULL << (nr % 64);
}

static int search(const uint8_t *text, uint32_t len)
{
	want(__NR_openat);
	want(__NR_stat);
	result = (struct ovl_sites){
		.text = text,
		.len = len,
		.base = BASE,
		.wanted = wanted,
		.spared = spared,
		.kinds = kinds,
		.room = &room,
		.site = found,
		.max = OVL_ARRAY_SIZE(found),
	};
	return ovl_sites_find(&result);
}

#define SEARCH(...)                                          \
	({                                                   \
		static const uint8_t text[] = {__VA_ARGS__}; \
		search(text, sizeof(text));                  \
	})

static void expect_one(uint32_t offset, int nr, int kind, int length)
{
	cr_assert(eq(u32, result.nsites, 1));
	cr_expect(eq(u32, found[0].offset, BASE + offset));
	cr_expect(eq(int, found[0].nr, nr));
	cr_expect(eq(int, found[0].kind, kind));
	cr_expect(eq(int, found[0].length, length));
	cr_expect(eq(u32, result.nunknown, 0));
}

static void expect_none(uint32_t nunknown)
{
	cr_expect(eq(u32, result.nsites, 0));
	cr_expect(eq(u32, result.nunknown, nunknown));
}

Test(sites, mov_before_the_call_is_overwritten)
{
	cr_assert(eq(int, SEARCH(0x90, MOV(__NR_openat), SYSCALL, RET), 0));
	expect_one(1, __NR_openat, OVL_SITE_MOV, 5);
}

Test(sites, site_may_fill_the_whole_text)
{
	cr_assert(eq(int, SEARCH(MOV(__NR_stat), SYSCALL), 0));
	expect_one(0, __NR_stat, OVL_SITE_MOV, 5);
}

Test(sites, text_that_ends_inside_the_call_holds_none)
{
	SEARCH(MOV(__NR_stat), 0x0f);
	expect_none(0);
}

Test(sites, unwanted_number_is_left_alone)
{
	SEARCH(MOV(__NR_getpid), SYSCALL, CMP_R000, RET);
	expect_none(0);
}

Test(sites, number_beyond_the_table_is_looked_at_when_it_is_called)
{
	want(0);
	SEARCH(MOV(512), SYSCALL, RET);
	expect_one(0, -1, OVL_SITE_WRAP, 7);
}

Test(sites, zero_by_xor_is_read)
{
	SEARCH(0x31, 0xc0, SYSCALL, CMP_R000, RET);
	expect_none(0);
}

Test(sites, comparison_behind_is_taken_when_the_mov_is_farther_away)
{
	SEARCH(MOV(__NR_openat), 0x48, 0x89, 0xfe, SYSCALL, CMP_R000, RET);
	expect_one(8, -1, OVL_SITE_CMP, 8);
}

Test(sites, comparison_of_32_bits_counts_too)
{
	SEARCH(MOV(__NR_openat), 0x48, 0x89, 0xfe, SYSCALL, CMP_E000, RET);
	expect_one(8, -1, OVL_SITE_CMP, 7);
}

Test(sites, comparison_cut_by_the_end_does_not_count)
{
	SEARCH(MOV(__NR_openat), 0x48, 0x89, 0xfe, SYSCALL, 0x48, 0x3d, 0x00, 0xf0, 0xff);
	expect_one(5, __NR_openat, OVL_SITE_WRAP, 5);
}

Test(sites, comparison_with_another_value_does_not_count)
{
	SEARCH(0x89, 0xf8, SYSCALL, 0x48, 0x3d, 0x00, 0x00, 0xff, 0xff, RET);
	expect_one(2, -1, OVL_SITE_NEXT, 8);
}

Test(sites, number_in_an_argument_is_dispatched_at_run_time)
{
	SEARCH(0x89, 0xf8, SYSCALL, CMP_R000, RET);
	expect_one(2, -1, OVL_SITE_CMP, 8);
}

Test(sites, number_out_of_memory_is_setxid)
{
	SEARCH(0x8b, 0x03, SYSCALL, RET); /* mov (%rbx),%eax */
	expect_none(0);
	SEARCH(0x48, 0x8b, 0x03, SYSCALL, RET); /* mov (%rbx),%rax: there would be room */
	expect_none(0);
}

Test(sites, number_out_of_the_function_before_is_no_guess)
{
	kinds = OVL_SITES_WRAP;
	/* mov $39,%edi; jmp far away; mov %rdi,%rax; jmp to the call; nop; the call */
	SEARCH(0xbf, 39, 0, 0, 0, 0xe9, 0, 0, 1, 0, 0x48, 0x89, 0xf8, JMP(1), 0x90, SYSCALL, RET);
	expect_none(1);
}

Test(sites, number_out_of_memory_is_looked_at_in_what_is_no_libc)
{
	kinds = OVL_SITES_OWN;
	SEARCH(0x48, 0x8b, 0x03, SYSCALL, RET);
	expect_one(0, -1, OVL_SITE_WRAP, 5);
	SEARCH(0x8b, 0x03, SYSCALL, RET);
	expect_none(1);
}

Test(sites, number_out_of_an_argument_without_a_place_is_told)
{
	SEARCH(0x89, 0xf8, SYSCALL, RET);
	expect_none(1);
}

Test(sites, known_instruction_before_is_preferred)
{
	SEARCH(0x48, 0x89, 0xf8, 0x4c, 0x8b, 0x4c, 0x24, 0x08, SYSCALL, CMP_R000, RET);
	expect_one(3, -1, OVL_SITE_PREV, 5);
}

Test(sites, other_number_that_jumps_to_the_call_spoils_the_mov)
{
	/* je to the syscall, over the mov */
	SEARCH(JE(5), MOV(__NR_getpid), SYSCALL, CMP_R000, RET);
	expect_one(7, -1, OVL_SITE_CMP, 8);
}

Test(sites, jump_onto_the_comparison_spoils_it)
{
	SEARCH(0x89, 0xf8, JE(2), SYSCALL, CMP_R000, RET);
	expect_none(1);
}

Test(sites, mov_survives_a_jump_behind_the_call)
{
	SEARCH(JE(7), MOV(__NR_openat), SYSCALL, RET);
	expect_one(2, __NR_openat, OVL_SITE_MOV, 5);
}

Test(sites, loop_with_its_number_in_a_register_is_left_alone)
{
	/* mov $202,%r9d; L: mov %r9d,%eax; syscall; cmp; jbe L; ret */
	SEARCH(0x41, 0xb9, 202, 0, 0, 0, 0x44, 0x89, 0xc8, SYSCALL, CMP_R000, 0x76, 0xf3, RET);
	expect_none(0);
}

Test(sites, loop_that_changes_the_register_is_dispatched)
{
	/* the same, with mov %edi,%r9d before the jump back */
	SEARCH(0x41, 0xb9, 202, 0, 0, 0, 0x44, 0x89, 0xc8, SYSCALL, CMP_R000, 0x41, 0x89, 0xf9,
	       0x76, 0xf0, RET);
	expect_one(9, -1, OVL_SITE_CMP, 8);
}

Test(sites, another_function_does_not_inherit_a_register)
{
	/* mov $202,%r9d; ret; mov %r9d,%eax; syscall; cmp */
	SEARCH(0x41, 0xb9, 202, 0, 0, 0, RET, 0x44, 0x89, 0xc8, SYSCALL, CMP_R000, RET);
	expect_one(10, -1, OVL_SITE_CMP, 8);
}

Test(sites, block_behind_a_jump_that_is_jumped_to_keeps_the_register)
{
	/* mov $202,%r9d; je L; jmp out; L: mov %r9d,%eax; syscall; cmp; out: ret */
	SEARCH(0x41, 0xb9, 202, 0, 0, 0, JE(2), JMP(11), 0x44, 0x89, 0xc8, SYSCALL, CMP_R000, RET);
	expect_none(0);
}

Test(sites, bytes_of_a_call_inside_an_instruction_are_none)
{
	/* mov $0x050f...,%ecx */
	SEARCH(MOV(__NR_openat), 0xb9, 0x0f, 0x05, 0x0f, 0x05, RET);
	expect_none(0);
}

Test(sites, room_for_too_few_is_told)
{
	static const uint8_t text[] = {MOV(__NR_openat), SYSCALL, MOV(__NR_stat), SYSCALL};

	search(text, sizeof(text));
	cr_assert(eq(u32, result.nsites, 2));
	result.max = 1;
	cr_expect(eq(int, ovl_sites_find(&result), -E2BIG));
}

Test(sites, no_text_no_sites)
{
	cr_assert(eq(int, search((const uint8_t *)"", 0), 0));
	expect_none(0);
}

/* In front of the system calls here: nothing that goes on, so that only what is behind can move. */
#define ALONE JMP(0)
#define MOVES 0x48, 0x89, 0xc7 /* mov %rax,%rdi */

Test(sites, instruction_before_moves_where_nothing_can_be_replayed)
{
	SEARCH(RET, 0x48, 0x89, 0xfe, SYSCALL, RET);
	expect_one(1, -1, OVL_SITE_WRAP, 5);
}

Test(sites, number_of_a_moved_call_is_kept_when_it_is_known)
{
	SEARCH(RET, MOV(__NR_openat), 0x48, 0x89, 0xfe, SYSCALL, RET);
	expect_one(6, __NR_openat, OVL_SITE_WRAP, 5);
}

Test(sites, replay_is_preferred_to_moving)
{
	SEARCH(RET, 0x48, 0x89, 0xfe, SYSCALL, CMP_R000, RET);
	expect_one(4, -1, OVL_SITE_CMP, 8);
}

Test(sites, what_is_behind_moves_where_nothing_before_can)
{
	SEARCH(ALONE, SYSCALL, MOVES, RET);
	expect_one(2, -1, OVL_SITE_NEXT, 5);
}

Test(sites, two_instructions_behind_move_together)
{
	SEARCH(ALONE, SYSCALL, 0x89, 0xc2, 0x83, 0xf8, 0xda, RET); /* mov, cmp */
	expect_one(2, -1, OVL_SITE_NEXT, 7);
}

Test(sites, branch_to_the_call_itself_does_not_hinder_what_is_behind)
{
	SEARCH(ALONE, SYSCALL, MOVES, JMP(-7), RET);
	expect_one(2, -1, OVL_SITE_NEXT, 5);
}

Test(sites, branch_into_what_is_behind_hinders_it)
{
	SEARCH(ALONE, SYSCALL, MOVES, JMP(-5), RET);
	expect_none(1);
}

Test(sites, branch_between_two_that_would_move_hinders_them)
{
	SEARCH(ALONE, SYSCALL, 0x89, 0xc2, 0x83, 0xf8, 0xda, JE(-5), RET);
	expect_none(1);
}

Test(sites, branch_behind_does_not_move)
{
	SEARCH(ALONE, SYSCALL, 0x89, 0xc2, JE(1), RET, RET);
	expect_none(1);
}

Test(sites, what_may_be_missed_is_not_moved)
{
	static const uint64_t stat_is[8] = {1ULL << __NR_stat};

	spared = stat_is;
	SEARCH(RET, MOV(__NR_stat), 0x48, 0x89, 0xfe, SYSCALL, RET);
	expect_none(0);
}

Test(sites, number_out_of_memory_is_not_moved_either)
{
	SEARCH(RET, 0x8b, 0x03, 0x48, 0x89, 0xfe, SYSCALL, RET);
	expect_none(0);
}

Test(sites, call_with_a_number_from_the_stack_is_moved)
{
	SEARCH(RET, 0x48, 0x8b, 0x44, 0x24, 0x10, SYSCALL, RET); /* glibc 2.41: open() */
	expect_one(1, -1, OVL_SITE_WRAP, 7);
}

#define MOV_EDI 0x89, 0xf8		     /* mov %edi,%eax: 2 bytes */
#define MOV_RSI 0x48, 0x89, 0xf7	     /* mov %rsi,%rdi: 3 */
#define LEA_RIP 0x48, 0x8d, 0x35, 1, 0, 0, 0 /* lea 1(%rip),%rsi: 7 */

static void start_wrap(void)
{
	kinds = OVL_SITES_WRAP;
}

TestSuite(wrap, .init = start_wrap);

Test(wrap, one_instruction_long_enough_is_moved)
{
	SEARCH(0x90, MOV_EDI, MOV_RSI, SYSCALL, RET);
	expect_one(3, -1, OVL_SITE_WRAP, 5);
}

Test(wrap, two_short_instructions_are_moved)
{
	SEARCH(0x90, 0x90, MOV_EDI, MOV_EDI, SYSCALL, RET);
	expect_one(2, -1, OVL_SITE_WRAP, 6);
}

Test(wrap, three_are_too_many)
{
	SEARCH(0x89, 0xf8, 0x50, 0x58, SYSCALL, RET); /* push and pop: 2 bytes */
	expect_none(1);
}

Test(wrap, a_number_before_the_call_needs_no_move)
{
	SEARCH(MOV(__NR_openat), SYSCALL, RET);
	expect_one(0, __NR_openat, OVL_SITE_MOV, 5);
}

Test(wrap, a_number_farther_away_does)
{
	SEARCH(MOV(__NR_openat), MOV_RSI, SYSCALL, CMP_R000, RET);
	expect_one(5, -1, OVL_SITE_WRAP, 5);
}

Test(wrap, what_depends_on_its_address_is_not_moved)
{
	SEARCH(MOV_EDI, LEA_RIP, SYSCALL, RET);
	expect_none(1);
	SEARCH(LEA_RIP, MOV_EDI, SYSCALL, RET);
	expect_none(1);
	SEARCH(MOV_EDI, 0xe8, 0, 0, 0, 0, SYSCALL, RET); /* call */
	expect_none(1);
	SEARCH(MOV_EDI, 0xe8, 0, 0, 0, 0, MOV_EDI, SYSCALL, RET);
	expect_none(1);
	SEARCH(MOV_EDI, 0x0f, 0x84, 0, 0, 0, 0, SYSCALL, RET); /* je */
	expect_none(1);
}

Test(wrap, a_branch_into_the_middle_forbids_it)
{
	/* je to the second of the two */
	SEARCH(JE(2), MOV_EDI, MOV_EDI, SYSCALL, RET);
	expect_none(1);
	/* to the call itself */
	SEARCH(JE(3), MOV_RSI, SYSCALL, RET);
	expect_none(1);
}

Test(wrap, a_branch_to_the_first_byte_or_behind_is_no_harm)
{
	SEARCH(JE(0), MOV_RSI, SYSCALL, RET);
	expect_one(2, -1, OVL_SITE_WRAP, 5);
	SEARCH(JE(5), MOV_RSI, SYSCALL, RET);
	expect_one(2, -1, OVL_SITE_WRAP, 5);
}

Test(wrap, replayed_kinds_are_not_chosen)
{
	SEARCH(MOV_EDI, SYSCALL, CMP_R000, RET);
	expect_none(1);
}
