/* SPDX-License-Identifier: MIT */
#include "sitetab.h"
#include "ovl.h"
#include "sites.h"

#define FOUND_MAX 512 /* glibc 2.36: 100 in libc.so.6, musl: 220 */

/* Room for a search; untouched, and so free, in all processes but the first. */
static struct ovl_search room;
static struct ovl_site found[FOUND_MAX];

static const struct ovl_lib *lookup(const struct ovl_session *ss, uint64_t id)
{
	uint32_t n = __atomic_load_n(&ss->nlibs, __ATOMIC_ACQUIRE);

	for (uint32_t i = 0; i < n && i < OVL_LIBS_MAX; i++) {
		const struct ovl_lib *lib = &ss->lib[i];

		if (!__atomic_load_n(&lib->ready, __ATOMIC_ACQUIRE) || lib->id != id)
			continue;
		if (lib->first > OVL_SITES_MAX || lib->nsites > OVL_SITES_MAX - lib->first)
			continue;
		return lib;
	}
	return NULL;
}

bool ovl_sitetab_knows(const struct ovl_session *ss, uint64_t id)
{
	return lookup(ss, id) != NULL;
}

/* Best effort: a full session costs a search per process, nothing else. */
static void publish(struct ovl_session *ss, uint64_t id, const struct ovl_site_list *list)
{
	uint32_t slot, first;

	if (__atomic_load_n(&ss->nlibs, __ATOMIC_RELAXED) >= OVL_LIBS_MAX ||
	    __atomic_load_n(&ss->nsites, __ATOMIC_RELAXED) + list->n > OVL_SITES_MAX)
		return;
	first = __atomic_fetch_add(&ss->nsites, list->n, __ATOMIC_RELAXED);
	if (first + list->n > OVL_SITES_MAX)
		return;
	slot = __atomic_fetch_add(&ss->nlibs, 1, __ATOMIC_ACQ_REL);
	if (slot >= OVL_LIBS_MAX)
		return;
	memcpy(&ss->site[first], list->site, list->n * sizeof(*list->site));
	ss->lib[slot].id = id;
	ss->lib[slot].first = first;
	ss->lib[slot].nsites = list->n;
	ss->lib[slot].nunknown = list->nunknown;
	__atomic_store_n(&ss->lib[slot].ready, 1, __ATOMIC_RELEASE);
}

/* A call that the engine only watches may be missed: what it learned is older then. */
static void spared_numbers(uint64_t *spared)
{
	for (long nr = 0; nr < 512; nr++) {
		if (ovl_nr_watched(nr))
			spared[nr / 64] |= 1ULL << (nr % 64);
	}
}

/* The numbers to look for: the engine's, and mmap in ld.so, which loads libraries by it. */
static void wanted_numbers(const struct ovl_object *o, uint64_t *wanted)
{
	memcpy(wanted, ovl_nr_bitmap, sizeof(ovl_nr_bitmap));
	if (o->is_ldso)
		wanted[__NR_mmap / 64] |= 1ULL << (__NR_mmap % 64);
}

int ovl_sitetab_get(struct ovl_session *ss, const struct ovl_object *o, struct ovl_site_list *ret)
{
	const struct ovl_lib *lib = lookup(ss, o->id);
	uint64_t wanted[8];
	uint64_t spared[8] = {0};
	struct ovl_sites s = {
		.text = o->text,
		.len = o->text_len,
		.base = o->text_off,
		.wanted = wanted,
		.spared = spared,
		.room = &room,
		.site = found,
		.max = FOUND_MAX,
	};
	int err;

	if (lib) {
		*ret = (struct ovl_site_list){&ss->site[lib->first], lib->nsites, lib->nunknown};
		return 0;
	}
	wanted_numbers(o, wanted);
	spared_numbers(spared);
	err = ovl_sites_find(&s);
	if (err)
		return err;
	*ret = (struct ovl_site_list){found, s.nsites, s.nunknown};
	publish(ss, o->id, ret);
	return 0;
}
