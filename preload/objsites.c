/* SPDX-License-Identifier: MIT */
#include "objsites.h"
#include "far.h"
#include "ovl.h"
#include "sigsys.h"
#include "sites.h"

#define FOUND_MAX 512 /* glibc 2.36: 100 in libc.so.6, musl: 220 */

/* Room for a search; untouched, and so free, in all processes but the first. */
static struct ovl_search room;
static struct ovl_site found[FOUND_MAX];

/* A call that the engine only watches may be missed: what it learned is older then. */
static void spared_numbers(const struct ovl_session *ss, uint64_t *spared)
{
	for (long nr = 0; nr < 512; nr++) {
		if (ovl_nr_watched(nr) || ovl_sigsys_wants(ss, nr))
			spared[nr / 64] |= 1ULL << (nr % 64);
	}
}

/* The numbers to look for: the engine's, the door's, and mmap in ld.so, which loads libraries. */
static void wanted_numbers(const struct ovl_session *ss, const struct ovl_object *o,
			   uint64_t *wanted)
{
	if (o->is_program) {
		ovl_far_numbers(wanted);
		return;
	}
	memcpy(wanted, ovl_nr_bitmap, sizeof(ovl_nr_bitmap));
	for (long nr = 0; nr < 512; nr++) {
		if (ovl_sigsys_wants(ss, nr))
			wanted[nr / 64] |= 1ULL << (nr % 64);
	}
	if (o->is_ldso)
		wanted[__NR_mmap / 64] |= 1ULL << (__NR_mmap % 64);
}

int ovl_object_sites(struct ovl_session *ss, const struct ovl_object *o, struct ovl_site_list *ret)
{
	uint64_t wanted[8] = {0};
	uint64_t spared[8] = {0};
	struct ovl_sites s = {
		.text = o->text,
		.len = o->text_len,
		.base = o->text_off,
		.wanted = wanted,
		.spared = spared,
		.kinds = o->is_program ? OVL_SITES_REPLAY : OVL_SITES_ALL,
		.room = &room,
		.site = found,
		.max = FOUND_MAX,
	};
	int err;

	if (ovl_sitetab_find(ss, o->id, ret))
		return 0;
	wanted_numbers(ss, o, wanted);
	spared_numbers(ss, spared);
	err = ovl_sites_find(&s);
	if (err)
		return err;
	*ret = (struct ovl_site_list){found, s.nsites, s.nunknown};
	ovl_sitetab_add(ss, o->id, ret);
	return 0;
}
