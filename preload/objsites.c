/* SPDX-License-Identifier: MIT */
#include "objsites.h"
#include "sites.h"
#include "sys.h"
#include "wanted.h"

#define FOUND_MAX 512 /* glibc 2.36: 100 in libc.so.6, musl: 220 */

static struct ovl_site found[FOUND_MAX];

/* Search @s with room that is there for that long only: all processes but the first need none. */
static int search(struct ovl_sites *s)
{
	long room = ovl_sys_room(sizeof(*s->room));
	int err;

	if (ovl_is_err(room))
		return (int)room;
	s->room = (struct ovl_search *)room;
	err = ovl_sites_find(s);
	(void)ovl_sys(__NR_munmap, room, sizeof(*s->room)); /* our own mapping */
	return err;
}

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
	err = search(&s);
	if (err)
		return err;
	*ret = (struct ovl_site_list){found, s.nsites, s.nunknown};
	ovl_sitetab_add(ss, o->id, ret);
	return 0;
}
