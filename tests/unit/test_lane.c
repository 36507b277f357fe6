/* SPDX-License-Identifier: MIT */
#include "lane.h"

#include <time.h>

#include "fault.h"
#include "fixture.h"

static struct ovl_lane lane;

static void start(void)
{
	world_make(1);
	put_dir(W_LOW(1), "d");
	put(W_UP, "f", "");
	w.ss->dir_gen = 4;
}

TestSuite(lane, .init = start, .fini = world_end);

static unsigned taken(void)
{
	unsigned n = 0;

	for (int i = 0; i < OVL_LANES; i++)
		n += w.ss->lane[i] != 0;
	return n;
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

Test(lane, it_is_had_while_directories_stand_still)
{
	cr_expect(ovl_lane_enter(&lane, 4));
	cr_expect(eq(uint, taken(), 1));
	ovl_lane_leave(&lane);
	cr_expect(eq(uint, taken(), 0));
	cr_expect(not(ovl_lane_enter(&lane, 2)), "they have moved since");
	w.ss->dir_gen = 5;
	cr_expect(not(ovl_lane_enter(&lane, 5)), "they are moving");
	cr_expect(not(ovl_lane_enter(&lane, 4)));
	ovl_lane_leave(&lane);
	cr_expect(eq(uint, taken(), 0));
}

Test(lane, many_have_one_each)
{
	struct ovl_lane all[OVL_LANES];

	for (int i = 0; i < OVL_LANES; i++)
		cr_assert(ovl_lane_enter(&all[i], 4));
	cr_expect(not(ovl_lane_enter(&lane, 4)));
	for (int i = 0; i < OVL_LANES; i++)
		ovl_lane_leave(&all[i]);
	cr_expect(eq(uint, taken(), 0));
	cr_expect(ovl_lane_enter(&lane, 4));
}

/* Also when calls go by that take none. */
Test(lane, the_numbers_may_run_over)
{
	w.ss->lane_seq = UINT32_MAX;
	for (int i = 0; i < 3; i++) {
		cr_expect(ovl_lane_enter(&lane, 4));
		cr_expect(ne(u32, lane.mine, 0));
		ovl_lane_leave(&lane);
	}
	cr_expect(eq(uint, taken(), 0));
}

Test(lane, who_moves_a_directory_waits_for_none_when_all_are_free)
{
	cr_expect(eq(long, view(SYS_rename, at("d"), at("e")), 0));
	cr_expect(eq(uint, fault_count(__NR_sched_yield) + fault_count(__NR_nanosleep), 0));
}

static void leave(void *unused)
{
	(void)unused;
	cr_expect(not(is_there(W_UP, "e")));
	ovl_lane_leave(&lane);
}

Test(lane, who_moves_a_directory_waits_until_it_is_free)
{
	cr_expect(ovl_lane_enter(&lane, 4));
	fault_hook(__NR_nanosleep, 3, leave, NULL);
	cr_expect(eq(long, view(SYS_rename, at("d"), at("e")), 0));
	cr_expect(eq(uint, fault_count(__NR_nanosleep), 3));
	cr_expect(is_there(W_UP, "e"));
}

/* Who took it after that has seen what is going on. */
static void change(void *unused)
{
	(void)unused;
	ovl_lane_leave(&lane);
	*lane.at = lane.mine + 2;
}

Test(lane, nobody_waits_for_who_came_later)
{
	cr_expect(ovl_lane_enter(&lane, 4));
	fault_hook(__NR_sched_yield, 1, change, NULL);
	cr_expect(eq(long, view(SYS_rename, at("d"), at("e")), 0));
	cr_expect(eq(uint, fault_count(__NR_sched_yield), 1));
	cr_expect(eq(uint, taken(), 1));
}

Test(lane, of_who_was_killed_in_it_it_is_taken_away)
{
	struct ovl_lane next;
	double from = seconds();

	cr_expect(ovl_lane_enter(&lane, 4));
	cr_expect(eq(long, view(SYS_rename, at("d"), at("e")), 0));
	cr_expect(lt(dbl, seconds() - from, 5.0));
	cr_expect(eq(uint, taken(), 0));
	/* it was only stopped, and leaves what is somebody else's by now */
	w.ss->lane_seq += OVL_LANES - 1;
	cr_expect(ovl_lane_enter(&next, w.ss->dir_gen));
	cr_expect(eq(ptr, next.at, lane.at));
	ovl_lane_leave(&lane);
	cr_expect(eq(uint, taken(), 1));
}
