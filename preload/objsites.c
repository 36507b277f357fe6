/* SPDX-License-Identifier: MIT */
#include "objsites.h"
#include "sites.h"
#include "wanted.h"

#define FOUND_MAX 512 /* glibc 2.36: 100 in libc.so.6, musl: 220 */

/* Room for a search; untouched, and so free, in all processes but the first. */
static struct ovl_search room;
static struct ovl_site found[FOUND_MAX];

int ovl_object_sites(struct ovl_session *ss, const struct ovl_object *o, struct ovl_site_list *ret)
{
	uint64_t wanted[8];
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
	if (o->is_program)
		ovl_wanted_in_program(wanted);
	else
		ovl_wanted_in_libc(ss->flags, o->is_ldso, wanted, spared);
	err = ovl_sites_find(&s);
	if (err)
		return err;
	*ret = (struct ovl_site_list){found, s.nsites, s.nunknown};
	ovl_sitetab_add(ss, o->id, ret);
	return 0;
}
