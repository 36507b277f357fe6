/* SPDX-License-Identifier: MIT */
#include "scratch.h"

#define STATIC_SLOTS 4
#define CHUNK_SLOTS  8

struct chunk {
	struct chunk *next; /* atomic; chunks are only ever added in front */
	struct ovl_slot slot[CHUNK_SLOTS];
};

static OVL_LARGE struct ovl_slot first[STATIC_SLOTS];
static struct chunk *chunks;
static uint32_t execs; /* slots with busy == 2 */

static struct ovl_slot *claim(struct ovl_slot *slot, int n)
{
	for (int i = 0; i < n; i++) {
		uint32_t free = 0;

		if (__atomic_compare_exchange_n(&slot[i].busy, &free, 1, false, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return &slot[i];
	}
	return NULL;
}

/* Our thread runs as another process than the one that exec'd: that one is gone. */
static void reclaim(struct ovl_slot *slot, int n)
{
	uint64_t me = ovl_thread_pointer();
	uint32_t pid = (uint32_t)ovl_sys(__NR_getpid);

	for (int i = 0; i < n; i++) {
		uint32_t exec = 2;

		if (__atomic_load_n(&slot[i].busy, __ATOMIC_ACQUIRE) != 2 || slot[i].thread != me ||
		    slot[i].exec_pid == pid)
			continue;
		if (!__atomic_compare_exchange_n(&slot[i].busy, &exec, 1, false, __ATOMIC_ACQ_REL,
						 __ATOMIC_RELAXED))
			continue;
		if (slot[i].exec_map)
			(void)ovl_sys(__NR_munmap, slot[i].exec_map, slot[i].exec_size);
		__atomic_fetch_sub(&execs, 1, __ATOMIC_RELAXED);
		ovl_slot_put(&slot[i]);
	}
}

static void reclaim_all(void)
{
	reclaim(first, STATIC_SLOTS);
	for (struct chunk *c = __atomic_load_n(&chunks, __ATOMIC_ACQUIRE); c; c = c->next)
		reclaim(c->slot, CHUNK_SLOTS);
}

static struct ovl_slot *add_chunk(void)
{
	long r = ovl_sys_room(sizeof(struct chunk));
	struct chunk *c = (struct chunk *)r;

	if (ovl_is_err(r))
		return NULL;
	c->slot[0].busy = 1;
	c->next = __atomic_load_n(&chunks, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&chunks, &c->next, c, false, __ATOMIC_RELEASE,
					    __ATOMIC_RELAXED))
		;
	return &c->slot[0];
}

struct ovl_slot *ovl_slot_take(void)
{
	struct ovl_slot *slot;

	if (OVL_UNLIKELY(__atomic_load_n(&execs, __ATOMIC_RELAXED)))
		reclaim_all();
	slot = claim(first, STATIC_SLOTS);
	for (struct chunk *c = __atomic_load_n(&chunks, __ATOMIC_ACQUIRE); c && !slot; c = c->next)
		slot = claim(c->slot, CHUNK_SLOTS);
	return slot ? slot : add_chunk();
}

void ovl_slot_put(struct ovl_slot *slot)
{
	__atomic_store_n(&slot->busy, 0, __ATOMIC_RELEASE);
}

static struct ovl_slot *slot_of(struct ovl_ctx *ctx)
{
	return (struct ovl_slot *)((char *)ctx - offsetof(struct ovl_slot, ctx));
}

void ovl_slot_exec(struct ovl_ctx *ctx, void *map, size_t size)
{
	struct ovl_slot *slot = slot_of(ctx);

	slot->thread = ovl_thread_pointer();
	slot->exec_pid = (uint32_t)ovl_sys(__NR_getpid);
	slot->exec_map = map;
	slot->exec_size = size;
	__atomic_fetch_add(&execs, 1, __ATOMIC_RELAXED);
	__atomic_store_n(&slot->busy, 2, __ATOMIC_RELEASE);
}

void ovl_slot_exec_failed(struct ovl_ctx *ctx)
{
	__atomic_store_n(&slot_of(ctx)->busy, 1, __ATOMIC_RELEASE);
	__atomic_fetch_sub(&execs, 1, __ATOMIC_RELAXED);
}
