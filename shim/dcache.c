/* SPDX-License-Identifier: MIT */
#include "dcache.h"

#define PROBES 4

static struct ovl_dcache_slot *slot_at(uint64_t hash, unsigned probe)
{
	return &ovl_ss->dcache[(hash + probe) & ((1u << OVL_DCACHE_LOG2) - 1)];
}

bool ovl_dcache_find(uint64_t hash, uint64_t *ret_value)
{
	for (unsigned i = 0; i < PROBES; i++) {
		const struct ovl_dcache_slot *s = slot_at(hash, i);
		uint64_t key = __atomic_load_n(&s->key, __ATOMIC_RELAXED);
		uint64_t value = __atomic_load_n(&s->value, __ATOMIC_RELAXED);

		if ((key ^ value) != hash || !(value & OVL_DC_KNOWN))
			continue;
		*ret_value = value;
		return ovl_dcache_still(hash, value);
	}
	return false;
}

/* The slot for @hash: its own, the first old one, or any. */
static struct ovl_dcache_slot *choose(uint64_t hash, uint64_t moves)
{
	struct ovl_dcache_slot *old = slot_at(hash, hash >> 62);

	for (unsigned i = PROBES; i--;) {
		struct ovl_dcache_slot *s = slot_at(hash, i);
		uint64_t key = __atomic_load_n(&s->key, __ATOMIC_RELAXED);
		uint64_t value = __atomic_load_n(&s->value, __ATOMIC_RELAXED);

		if ((key ^ value) == hash)
			return s;
		if (!(value & OVL_DC_KNOWN) || value >> 32 != moves)
			old = s;
	}
	return old;
}

void ovl_dcache_add(uint64_t hash, uint64_t value)
{
	struct ovl_dcache_slot *s = choose(hash, value >> 32);

	value |= OVL_DC_KNOWN;
	__atomic_store_n(&s->value, value, __ATOMIC_RELAXED);
	__atomic_store_n(&s->key, hash ^ value, __ATOMIC_RELAXED);
}

void ovl_dcache_moved(void)
{
	__atomic_fetch_add(&ovl_ss->dcache_moves, 1, __ATOMIC_ACQ_REL);
}

void ovl_dcache_rights(const struct ovl_name *n)
{
	if (n->lowers || ovl_ss->overrides)
		ovl_dcache_moved();
	else
		ovl_dcache_gone(n->hash);
}

void ovl_dcache_gone(uint64_t hash)
{
	uint32_t *gone = &ovl_ss->dcache_gone[hash & (OVL_DCACHE_BUCKETS - 1)];

	__atomic_fetch_add(gone, 1, __ATOMIC_ACQ_REL);
}
