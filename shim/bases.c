/* SPDX-License-Identifier: MIT */
#include "bases.h"

#include "ovl_hash.h"

#define BASES 32
#define ROOM  240

struct base {
	uint32_t version; /* odd while it is written */
	uint32_t len;
	uint64_t hash; /* 0: none */
	char path[ROOM];
};

static OVL_LARGE struct base bases[BASES];

static struct base *slot_of(uint64_t hash)
{
	return &bases[ovl_hash_mix(hash) % BASES];
}

void ovl_base_learn(uint64_t hash, const struct ovl_path *p)
{
	struct base *b = slot_of(hash);
	uint32_t version = __atomic_load_n(&b->version, __ATOMIC_RELAXED);

	if (p->len > ROOM || __atomic_load_n(&b->hash, __ATOMIC_RELAXED) == hash || (version & 1) ||
	    !__atomic_compare_exchange_n(&b->version, &version, version + 1, false,
					 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return;
	b->len = p->len;
	__atomic_store_n(&b->hash, hash, __ATOMIC_RELAXED);
	memcpy(b->path, p->buf, p->len);
	__atomic_store_n(&b->version, version + 2, __ATOMIC_RELEASE);
}

int ovl_base_path(uint64_t hash, unsigned skip, char *out, size_t size)
{
	const struct base *b = slot_of(hash);
	uint32_t version = __atomic_load_n(&b->version, __ATOMIC_ACQUIRE);
	uint32_t len = b->len;

	if ((version & 1) || __atomic_load_n(&b->hash, __ATOMIC_RELAXED) != hash || len > ROOM ||
	    len < skip || len - skip > size)
		return -ENOENT;
	memcpy(out, b->path + skip, len - skip);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&b->version, __ATOMIC_RELAXED) == version ? (int)(len - skip)
									 : -ENOENT;
}
