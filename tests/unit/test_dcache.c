/* SPDX-License-Identifier: MIT */
#include "dcache.h"

#include "fault.h"
#include "fixture.h"

#define HASH  0x1234567890abcdefULL
#define OTHER (HASH + 1) /* another bucket */

static void start(void)
{
	world_make(1);
}

TestSuite(dcache, .init = start, .fini = world_end);

static uint64_t now(uint64_t hash)
{
	return ovl_dcache_begin(hash, ovl_dcache_moves());
}

static bool is_found(uint64_t hash)
{
	uint64_t value;

	return ovl_dcache_find(hash, &value);
}

Test(dcache, what_was_added_is_found_with_its_flags)
{
	uint64_t value = 0;

	cr_expect(not(is_found(HASH)));
	ovl_dcache_add(HASH, now(HASH) | OVL_DC_PURE | OVL_DC_DEEP);
	cr_expect(ovl_dcache_find(HASH, &value));
	cr_expect(eq(u64, value & 0xff, OVL_DC_KNOWN | OVL_DC_PURE | OVL_DC_DEEP));
	cr_expect(ovl_dcache_still(HASH, value));
	cr_expect(not(is_found(OTHER)));
	ovl_dcache_add(HASH, now(HASH) | OVL_DC_OPAQUE);
	cr_expect(ovl_dcache_find(HASH, &value));
	cr_expect(eq(u64, value & 0xff, OVL_DC_KNOWN | OVL_DC_OPAQUE));
}

Test(dcache, a_directory_that_moves_takes_all_away)
{
	uint64_t before = now(HASH);
	uint64_t value;

	ovl_dcache_add(HASH, before);
	ovl_dcache_add(OTHER, now(OTHER));
	ovl_dcache_find(HASH, &value);
	ovl_dcache_moved();
	cr_expect(not(is_found(HASH)));
	cr_expect(not(is_found(OTHER)));
	cr_expect(not(ovl_dcache_still(HASH, value)));
	/* Who looked before comes too late. */
	ovl_dcache_add(HASH, before);
	cr_expect(not(is_found(HASH)));
	ovl_dcache_add(HASH, now(HASH));
	cr_expect(is_found(HASH));
}

Test(dcache, a_removed_directory_takes_its_bucket_away)
{
	uint64_t before = now(HASH);
	uint64_t value;

	ovl_dcache_add(HASH, before);
	ovl_dcache_add(OTHER, now(OTHER));
	ovl_dcache_find(HASH, &value);
	ovl_dcache_gone(HASH);
	cr_expect(not(is_found(HASH)));
	cr_expect(is_found(OTHER));
	cr_expect(not(ovl_dcache_still(HASH, value)));
	ovl_dcache_add(HASH, before);
	cr_expect(not(is_found(HASH)));
}

Test(dcache, a_count_that_has_wrapped_does_not_reach_its_neighbours)
{
	uint64_t value;

	w.ss->dcache_gone[HASH & (OVL_DCACHE_BUCKETS - 1)] = 0xffffff;
	ovl_dcache_add(HASH, now(HASH) | OVL_DC_PURE);
	cr_expect(ovl_dcache_find(HASH, &value));
	cr_expect(eq(u64, value >> 32, ovl_dcache_moves()));
	cr_expect(eq(u64, value & 0xff, OVL_DC_KNOWN | OVL_DC_PURE));
	ovl_dcache_gone(HASH);
	ovl_dcache_add(HASH, now(HASH) | OVL_DC_PURE);
	cr_expect(ovl_dcache_find(HASH, &value));
	cr_expect(eq(u64, value, (uint64_t)ovl_dcache_moves() << 32 | OVL_DC_KNOWN | OVL_DC_PURE));
}

Test(dcache, half_an_entry_is_none)
{
	unsigned slots = 0;

	ovl_dcache_add(HASH, now(HASH) | OVL_DC_PURE);
	for (unsigned i = 0; i < 1u << OVL_DCACHE_LOG2; i++) {
		struct ovl_dcache_slot *s = &w.ss->dcache[i];

		if (!s->value)
			continue;
		slots++;
		s->value ^= OVL_DC_OPAQUE; /* another's, which is about to write the key */
	}
	cr_expect(eq(uint, slots, 1));
	cr_expect(not(is_found(HASH)));
}

Test(dcache, the_newest_are_found_however_many_there_were)
{
	for (uint64_t h = 1; h < 3u << OVL_DCACHE_LOG2; h++) {
		ovl_dcache_add(ovl_hash_mix(h), now(ovl_hash_mix(h)));
		cr_assert(is_found(ovl_hash_mix(h)));
	}
}
