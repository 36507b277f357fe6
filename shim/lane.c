/* SPDX-License-Identifier: MIT */
#include "lane.h"

#include "view.h"

#define LOOKS  200 /* at one lane, half a millisecond apart */
#define YIELDS 4   /* of them without a pause */

/*
 * Ordered with dir_gen: who enters writes its lane and reads that, who moves directories writes
 * that and reads the lanes. One of them sees the other.
 */
static bool claim(struct ovl_lane *lane, uint32_t *at)
{
	uint32_t free = 0;

	if (!__atomic_compare_exchange_n(at, &free, lane->mine, false, __ATOMIC_SEQ_CST,
					 __ATOMIC_RELAXED))
		return false;
	lane->at = at;
	return true;
}

bool ovl_lane_enter(struct ovl_lane *lane, uint32_t gen)
{
	uint32_t n = __atomic_fetch_add(&ovl_ss->lane_seq, 1, __ATOMIC_RELAXED);

	lane->at = NULL;
	lane->mine = n << 1 | 1; /* never 0; and not soon another's again */
	if ((gen & 1) || !claim(lane, &ovl_ss->lane[n % OVL_LANES]))
		return false;
	if (__atomic_load_n(&ovl_ss->dir_gen, __ATOMIC_SEQ_CST) == gen)
		return true;
	ovl_lane_leave(lane);
	lane->at = NULL;
	return false;
}

bool ovl_lane_leave(const struct ovl_lane *lane)
{
	uint32_t mine = lane->mine;

	return lane->at && __atomic_compare_exchange_n(lane->at, &mine, 0, false, __ATOMIC_RELEASE,
						       __ATOMIC_RELAXED);
}

static void pause_for(int look)
{
	const int64_t moment[2] = {0, 500000}; /* struct timespec */

	if (look < YIELDS)
		(void)ovl_sys(__NR_sched_yield); /* cannot fail */
	else
		(void)ovl_sys(__NR_nanosleep, moment, 0); /* less will do */
}

void ovl_lane_wait(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (unsigned i = 0; i < OVL_LANES; i++) {
		uint32_t *at = &ovl_ss->lane[i];
		uint32_t was = __atomic_load_n(at, __ATOMIC_SEQ_CST);

		for (int look = 0; was && look < LOOKS; look++) {
			pause_for(look);
			if (__atomic_load_n(at, __ATOMIC_SEQ_CST) != was)
				was = 0; /* who is there now has seen the number */
		}
		if (was)
			(void)__atomic_compare_exchange_n(at, &was, 0, false, __ATOMIC_ACQ_REL,
							  __ATOMIC_RELAXED);
	}
}
