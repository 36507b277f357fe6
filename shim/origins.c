/* SPDX-License-Identifier: MIT */
#include "origins.h"

#include "stat_x86_64.h"
#include "view.h"

/* A slot's words are written one after the other; key is combined with ino as in dcache.c. */
static struct ovl_origin_slot *slot_of(uint64_t name)
{
	return &ovl_ss->origins[name & ((1u << OVL_ORIGINS_LOG2) - 1)];
}

/* 0: it has no time of birth, or is on another file system than upper's root. */
static uint64_t name_of(const struct statx *st)
{
	uint64_t born = (uint64_t)st->stx_btime.tv_sec * 1000000000 + st->stx_btime.tv_nsec;

	if (!(st->stx_mask & STATX_BTIME) ||
	    ovl_dev(st->stx_dev_major, st->stx_dev_minor) != ovl_ss->layer[OVL_UPPER].dev)
		return 0;
	return ovl_hash_mix(ovl_hash_mix(st->stx_ino) ^ born);
}

void ovl_origins_add(const struct statx *st, uint64_t ino)
{
	uint64_t name = name_of(st);
	struct ovl_origin_slot *s = slot_of(name);

	if (!name)
		return;
	__atomic_store_n(&s->ino, ino, __ATOMIC_RELAXED);
	__atomic_store_n(&s->key, name ^ ino, __ATOMIC_RELAXED);
}

bool ovl_origins_find(const struct statx *st, uint64_t *ret_ino)
{
	uint64_t name = name_of(st);
	const struct ovl_origin_slot *s = slot_of(name);
	uint64_t ino = __atomic_load_n(&s->ino, __ATOMIC_RELAXED);

	if (!name || !ino || (__atomic_load_n(&s->key, __ATOMIC_RELAXED) ^ ino) != name)
		return false;
	*ret_ino = ino;
	return true;
}
