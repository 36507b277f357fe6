/* SPDX-License-Identifier: MIT */
/*
 * lane.h - one step on names without the session's lock, while no directory moves
 *
 * Who is in a lane has looked around and makes one system call that others can see; it knows that
 * every directory is where it was found, and a whiteout nowhere on its way. Who moves directories
 * has the lock (lock.h), makes dir_gen odd and waits until all lanes that were taken before are
 * free; who comes later sees the odd number, and takes the lock as well.
 * It waits for a moment only: of who is killed or stopped in a lane, that is taken away.
 * Context: any.
 */
#ifndef OVL_LANE_H
#define OVL_LANE_H

#include "ovl_base.h"

struct ovl_lane {
	uint32_t *at; /* in the session; NULL: none */
	uint32_t mine;
};

/*
 * Take a lane: true, if dir_gen is @gen, an even number, and all directories stay where they are
 * until _leave().
 */
bool ovl_lane_enter(struct ovl_lane *lane, uint32_t gen);

/* Leave it; one that was not taken: nothing. False: it was taken away, directories may have moved.
 */
bool ovl_lane_leave(const struct ovl_lane *lane);

/* dir_gen is odd by now: wait for those in lanes. */
void ovl_lane_wait(void);

#endif
