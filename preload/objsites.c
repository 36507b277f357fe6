/* SPDX-License-Identifier: MIT */
#include "objsites.h"
#include "ehframe.h"
#include "sites.h"
#include "sys.h"
#include "wanted.h"

#define FOUND_MAX 512 /* glibc 2.36: 100 in libc.so.6, musl: 220 */

static OVL_LARGE struct ovl_site found[FOUND_MAX];

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

/*
 * Is @site not data? In a program what looks like a call with its number or a comparison is taken
 * for one, and the Go tool chain puts no data into a text. As tools/calls.c has it.
 */
static bool is_code(const struct ovl_object *o, const struct ovl_site *site)
{
	bool moves = site->kind == OVL_SITE_WRAP || site->kind == OVL_SITE_NEXT;
	const uint8_t *at = (const uint8_t *)o->base + site->offset;

	if (o->is_program && (o->is_go || !moves))
		return true;
	return o->eh && ovl_ehframe_is_code(o->eh, o->eh_len, at, site->length);
}

static void keep_code(const struct ovl_object *o, struct ovl_sites *s)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->nsites; i++) {
		if (is_code(o, &s->site[i]))
			s->site[n++] = s->site[i];
	}
	s->nunknown += s->nsites - n;
	s->nsites = n;
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
		.kinds = o->is_own || o->is_program ? OVL_SITES_OWN : OVL_SITES_ALL,
		.site = found,
		.max = FOUND_MAX,
	};
	int err;

	if (ovl_sitetab_find(ss, o->id, ret))
		return 0;
	if (o->is_program || o->is_own)
		ovl_wanted_in_program(wanted);
	else
		ovl_wanted_in_libc(ss->flags, o->is_ldso, wanted, spared);
	err = search(&s);
	if (err)
		return err;
	if (o->is_own || o->is_program)
		keep_code(o, &s);
	*ret = (struct ovl_site_list){found, s.nsites, s.nunknown};
	if (!o->is_own || s.nsites)
		ovl_sitetab_add(ss, o->id, ret);
	return 0;
}
