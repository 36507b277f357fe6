/* SPDX-License-Identifier: MIT */
/* callplace.c and lean.c: their tables */
#include "callplace.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "entry.h"
#include "lean.h"
#include "loadertext.h"
#include "ovl.h"
#include "session.h"

#define BACK 0x401000UL /* a place of the program's */

struct place {
	uint64_t back;
	int64_t nr;
};

extern struct place ovl_pass_places[OVL_PASSES];
extern struct place ovl_fork_places[OVL_FORKS];
extern struct ovl_entry ovl_lean_entries[OVL_LEAN_STUBS];
extern uint64_t ovl_lean_busy[OVL_LEAN_STACKS / 64];
extern char ovl_lean_stacks[OVL_LEAN_STACKS][OVL_LEAN_STACK_SIZE];
int ovl_lean_enter(struct ovl_call *c, uint32_t flavor);

static struct place *pass_at(uint64_t text)
{
	return &ovl_pass_places[(text - (uint64_t)ovl_passes) / OVL_PASS_SIZE];
}

Test(place, a_place_knows_its_way_back_and_its_number)
{
	uint64_t at = ovl_place(BACK, 39, false);

	cr_expect(eq(u64, (at - (uint64_t)ovl_passes) % OVL_PASS_SIZE, 0));
	cr_expect(eq(u64, pass_at(at)->back, BACK));
	cr_expect(eq(i64, pass_at(at)->nr, 39));
}

Test(place, a_place_is_found_again)
{
	uint64_t at = ovl_place(BACK, 39, false);

	cr_expect(eq(u64, ovl_place(BACK, 39, false), at));
	cr_expect(eq(u64, ovl_place_native(BACK, false), at + OVL_PASS_NATIVE));
	cr_expect(ne(u64, ovl_place(BACK + 1, 39, false), at));
}

Test(place, what_makes_threads_has_places_of_its_own)
{
	uint64_t at = ovl_place(BACK, 56, true);

	cr_expect(eq(u64, (at - (uint64_t)ovl_forks) % OVL_FORK_SIZE, 0));
	cr_expect(lt(u64, at - (uint64_t)ovl_forks, sizeof(ovl_forks)));
	cr_expect(eq(u64, ovl_place_native(BACK, true), at + OVL_FORK_NATIVE));
	cr_expect(eq(u64, ovl_pass_places[0].back, 0));
}

Test(place, a_full_table_has_no_room_but_for_whom_it_knows)
{
	for (uint64_t i = 0; i < OVL_PASSES; i++)
		cr_assert(ne(u64, ovl_place(BACK + i, 1, false), 0));
	cr_expect(eq(u64, ovl_place(BACK - 1, 1, false), 0));
	cr_expect(eq(u64, ovl_place_native(BACK - 1, false), 0));
	cr_expect(ne(u64, ovl_place(BACK + 7, 1, false), 0));
	for (uint64_t i = 0; i < OVL_FORKS; i++)
		cr_assert(ne(u64, ovl_place_native(BACK + i, true), 0));
	cr_expect(eq(u64, ovl_place_native(BACK - 1, true), 0));
}

/* Pages that are not there without us: each costs a start of a program. */
Test(place, few_places_lie_in_one_page)
{
	for (uint64_t i = 0; i < 100; i++) {
		const struct place *p = pass_at(ovl_place(BACK + i * 4711, 1, false));

		cr_expect(lt(u64, (uint64_t)(p - ovl_pass_places), 4096 / sizeof(*p)));
	}
}

Test(lean, a_stub_has_an_entry_at_its_own_number)
{
	uint64_t first = ovl_lean_stub(BACK, 2, 0, OVL_F_PLAIN);
	uint64_t at = ovl_lean_stub(BACK + 9, -1, 0x1234, OVL_F_WATCH);
	const struct ovl_entry *e = &ovl_lean_entries[1];

	cr_expect(eq(u64, first, (uint64_t)ovl_lean_stubs));
	cr_expect(eq(u64, at, first + OVL_LEAN_STUB_SIZE));
	cr_expect(eq(u64, e->back, BACK + 9));
	cr_expect(eq(u64, e->native, 0x1234));
	cr_expect(eq(int, e->nr, -1));
	cr_expect(eq(u32, e->flavor, OVL_F_WATCH));
	cr_expect(eq(u64, e->pass, ovl_place_native(BACK + 9, false)));
}

Test(lean, a_number_in_a_register_has_to_have_a_place_for_others)
{
	cr_expect(eq(u64, ovl_lean_stub(BACK, -1, 0, OVL_F_PLAIN), 0));
	cr_expect(eq(u64, ovl_lean_stub(BACK, 2, 0, OVL_F_PLAIN), (uint64_t)ovl_lean_stubs));
}

Test(lean, a_full_table_has_no_room)
{
	for (uint64_t i = 0; i < OVL_LEAN_STUBS; i++)
		cr_assert(ne(u64, ovl_lean_stub(BACK + i, 2, 0, OVL_F_PLAIN), 0));
	cr_expect(eq(u64, ovl_lean_stub(BACK, 2, 0, OVL_F_PLAIN), 0));
}

/* Stack @i is taken by a call at the program's stack pointer @rsp, in thread @thread. */
static struct ovl_call *take(unsigned i, uint64_t rsp, uint64_t thread)
{
	char *stack = ovl_lean_stacks[i];
	struct ovl_call *c = (struct ovl_call *)(stack + OVL_LEAN_CALL);

	*(uint64_t *)(stack + OVL_LEAN_RSP) = rsp;
	*(uint64_t *)(stack + OVL_LEAN_THREAD) = thread;
	c->tail = NULL;
	ovl_lean_busy[i / 64] |= 1UL << (i % 64);
	return c;
}

static bool is_busy(unsigned i)
{
	return ovl_lean_busy[i / 64] >> (i % 64) & 1;
}

Test(lean, who_finds_no_stack_finds_those_that_were_lost)
{
	const uint64_t rsp = 0x7fff0000;
	const uint64_t me = ovl_thread_pointer();
	struct ovl_call *c = take(0, rsp, 0);

	take(1, rsp, me);	   /* the same place, again */
	take(2, rsp - 500, me);	   /* below: the program has gone on above */
	take(3, rsp + 8, me);	   /* above: it waits for a handler to return */
	take(4, rsp - 100000, me); /* another stack, perhaps */
	take(5, rsp, me + 64);	   /* another thread's */
	take(6, rsp, 0);	   /* no call is being made there */
	take(OVL_LEAN_STACKS - 1, rsp, me);
	cr_expect(eq(int, ovl_lean_enter(c, OVL_F_PLAIN), OVL_LEAN_AGAIN));
	cr_expect(is_busy(1), "nobody can tell whose it is");
	ovl_lean_use_rdfsbase();
	cr_expect(eq(int, ovl_lean_enter(c, OVL_F_PLAIN), OVL_LEAN_AGAIN));
	cr_expect(not(is_busy(1)));
	cr_expect(not(is_busy(2)));
	cr_expect(is_busy(3));
	cr_expect(is_busy(4));
	cr_expect(is_busy(5));
	cr_expect(is_busy(6));
	cr_expect(not(is_busy(OVL_LEAN_STACKS - 1)));
	cr_expect(is_busy(0), "it is given back by who took it");
}

/* What becomes of call @nr that the engine passes, with these arguments. */
static int verdict(long nr, long a, long b, long c)
{
	static struct ovl_entry e = {.pass = 1};
	struct ovl_call *call = take(7, 1, 0);

	*(const struct ovl_entry **)(ovl_lean_stacks[7] + OVL_LEAN_ENTRY) = &e;
	*call = (struct ovl_call){.nr = nr, .arg = {a, b, c}};
	return ovl_lean_enter(call, OVL_F_PLAIN);
}

Test(lean, what_needs_no_key_is_the_programs_own_at_once)
{
	/* without a session the engine passes everything */
	cr_expect(eq(int, verdict(__NR_open, (long)"x", O_RDONLY, 0), OVL_LEAN_FREE));
	cr_expect(eq(int, verdict(__NR_openat, AT_FDCWD, (long)"x", O_RDONLY), OVL_LEAN_FREE));
	cr_expect(eq(int, verdict(__NR_stat, (long)"x", 0, 0), OVL_LEAN_FREE));
	cr_expect(eq(int, verdict(__NR_open, (long)"x", O_WRONLY, 0), OVL_PASS));
	cr_expect(eq(int, verdict(__NR_openat, AT_FDCWD, (long)"x", O_CREAT), OVL_PASS));
	cr_expect(eq(int, verdict(__NR_openat, AT_FDCWD, (long)"x", O_TMPFILE), OVL_PASS));
	cr_expect(eq(int, verdict(__NR_mkdir, (long)"x", 0, 0), OVL_PASS));
}
