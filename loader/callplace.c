/* SPDX-License-Identifier: MIT */
#include "callplace.h"

#include "ovl_base.h"
#include "ovl_hash.h"

/* One place of the program. */
struct place {
	uint64_t back; /* atomic; 0: free */
	int64_t nr;    /* atomic; what a patched place loads */
};

_Static_assert(sizeof(struct place) == OVL_PLACE_SIZE, "callplace.h");
_Static_assert(offsetof(struct place, back) == OVL_PLACE_BACK, "callplace.h");
_Static_assert(offsetof(struct place, nr) == OVL_PLACE_NR, "callplace.h");

#define PLACES_OF_PAGE (4096 / sizeof(struct place))
#define TRIES	       16 /* in a page */

/* Beside the text in callplace_x86_64.S: place i is piece i's. */
OVL_LARGE struct place ovl_pass_places[OVL_PASSES];
struct place ovl_fork_places[OVL_FORKS];

extern const unsigned char ovl_passes[];
extern const unsigned char ovl_forks[];
extern const unsigned char ovl_range_start[];
extern const unsigned char ovl_range_end[];

/* Is @here the place of @back, or free so far? It is written to at once: one fault, not two. */
static bool claim(struct place *here, uint64_t back)
{
	uint64_t seen = 0;

	return __atomic_compare_exchange_n(&here->back, &seen, back, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_ACQUIRE) ||
	       seen == back;
}

/*
 * The place of @back among @n, a power of two; -1: all are taken. A few in each page are tried
 * before the next page is: most programs have so few that they take one.
 */
static long find(struct place *p, uint64_t n, uint64_t back)
{
	const uint64_t page = n < PLACES_OF_PAGE ? n : PLACES_OF_PAGE;
	uint64_t at = ovl_hash_mix(back);

	for (uint64_t first = 0; first < n; first += page) {
		for (uint64_t i = 0; i < TRIES; i++) {
			uint64_t k = first + ((at + i) & (page - 1));

			if (claim(&p[k], back))
				return (long)k;
		}
	}
	for (uint64_t k = 0; k < n; k++) {
		if (claim(&p[k], back))
			return (long)k;
	}
	return -1;
}

static uint64_t get(uint64_t back, const long *nr, bool fork)
{
	struct place *p = fork ? ovl_fork_places : ovl_pass_places;
	const unsigned char *text = fork ? ovl_forks : ovl_passes;
	long i = find(p, fork ? OVL_FORKS : OVL_PASSES, back);

	if (i < 0)
		return 0;
	if (nr)
		__atomic_store_n(&p[i].nr, *nr, __ATOMIC_RELAXED);
	text += i * (fork ? OVL_FORK_SIZE : OVL_PASS_SIZE);
	return (uint64_t)text + (nr ? 0 : fork ? OVL_FORK_NATIVE : OVL_PASS_NATIVE);
}

uint64_t ovl_place(uint64_t back, long nr, bool fork)
{
	return get(back, &nr, fork);
}

uint64_t ovl_place_native(uint64_t back, bool fork)
{
	return get(back, NULL, fork);
}

uint64_t ovl_place_range(size_t *ret_len)
{
	*ret_len = (uint64_t)ovl_range_end - (uint64_t)ovl_range_start;
	return (uint64_t)ovl_range_start;
}
