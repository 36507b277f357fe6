/* SPDX-License-Identifier: MIT */
/*
 * room.h - a few hundred bytes for a call on the fast path
 *
 * The program's stack has none to spare: a signal's starts with a kilobyte at most. There are
 * some rooms for the whole process, lent for the time of one call, signals as they are. A handler
 * that interrupts a call takes another one; of a call that a handler leaves by longjmp() the room
 * stays taken. When all are, calls go the slow way.
 * Context: any.
 */
#ifndef OVL_ROOM_H
#define OVL_ROOM_H

#include "ovl_base.h"

#define OVL_ROOM_PATH 496

struct ovl_room {
	uint32_t busy; /* atomic */
	int layer;
	unsigned prefix; /* so many bytes of path are the real one, in that layer, of the view's */
	uint64_t dir;	 /* directory of this hash, with a slash; 0: they are not */
	char path[OVL_ROOM_PATH];
	struct statx st;
};

/* A room, or NULL. */
struct ovl_room *ovl_room_take(void);

/* The same with its path as the last one has left it, for who does not write there, or says dir. */
struct ovl_room *ovl_room_take_left(void);

/* Give it back; NULL: nothing. */
void ovl_room_put(struct ovl_room *room);

#endif
