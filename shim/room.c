/* SPDX-License-Identifier: MIT */
#include "room.h"

#define ROOMS 32

static OVL_LARGE struct ovl_room rooms[ROOMS];

struct ovl_room *ovl_room_take_left(void)
{
	for (int i = 0; i < ROOMS; i++) {
		uint32_t free = 0;

		if (!__atomic_load_n(&rooms[i].busy, __ATOMIC_RELAXED) &&
		    __atomic_compare_exchange_n(&rooms[i].busy, &free, 1, false, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return &rooms[i];
	}
	return NULL;
}

struct ovl_room *ovl_room_take(void)
{
	struct ovl_room *room = ovl_room_take_left();

	if (room)
		room->dir = 0;
	return room;
}

void ovl_room_put(struct ovl_room *room)
{
	if (room)
		__atomic_store_n(&room->busy, 0, __ATOMIC_RELEASE);
}
