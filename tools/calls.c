/* SPDX-License-Identifier: MIT */
#include "calls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../loader/lean.h"
#include "../preload/entry.h"
#include "../preload/far.h"
#include "../preload/sites.h"
#include "../preload/wanted.h"
#include "say.h"

#define SITES_MAX 4096

struct room {
	struct ovl_search search;
	struct ovl_site site[SITES_MAX];
};

/* The places in text @i; @s says what for. 0 or -E2BIG. */
static int search(const struct ovl_elffile *f, int i, struct ovl_sites *s)
{
	static struct room *room;

	if (!room)
		room = ovl_must(malloc(sizeof(*room)));
	if (f->text[i].len > INT32_MAX)
		return -E2BIG;
	s->text = f->text[i].at;
	s->len = (uint32_t)f->text[i].len;
	s->base = 0;
	s->room = &room->search;
	s->site = room->site;
	s->max = SITES_MAX;
	return ovl_sites_find(s);
}

int ovl_calls_in_libc(const struct ovl_elffile *f, bool ldso, struct ovl_calls *ret)
{
	uint64_t wanted[8];
	uint64_t spared[8];
	struct ovl_sites s = {.wanted = wanted, .spared = spared, .kinds = OVL_SITES_ALL};
	int err;

	*ret = (struct ovl_calls){0};
	ovl_wanted_in_libc(OVL_S_GUARD, ldso, wanted, spared);
	err = f->ntexts ? search(f, 0, &s) : 0; /* libraries have one */
	ret->n = s.nsites + s.nunknown;
	ret->left = s.nunknown;
	return err;
}

int ovl_calls_in_static(const struct ovl_elffile *f, struct ovl_calls *ret)
{
	uint64_t wanted[8];
	uint64_t spared[8];
	struct ovl_sites s = {.wanted = wanted, .spared = spared, .kinds = OVL_SITES_WRAP};
	int err = 0;

	*ret = (struct ovl_calls){0};
	ovl_wanted_in_static(wanted, spared);
	for (int i = 0; i < f->ntexts && !err; i++) {
		err = search(f, i, &s);
		ret->n += s.nsites + s.nunknown;
		ret->left += s.nunknown;
	}
	if (ret->n - ret->left > OVL_LEAN_STUBS)
		ret->left = ret->n - OVL_LEAN_STUBS;
	ret->sure = !f->text_hidden;
	return err;
}

/* Those of @s that no piece of far.h is fit for, or left for. */
static unsigned without_piece(const struct ovl_sites *s)
{
	unsigned used[5] = {0}; /* by class: MOV, and each comparison */
	unsigned left = 0;

	for (uint32_t i = 0; i < s->nsites; i++) {
		const struct ovl_site *site = &s->site[i];
		const uint8_t *behind = s->text + site->offset + 2;
		unsigned class = 0;
		uint8_t len;

		if (site->kind == OVL_SITE_CMP)
			class = ovl_sites_cmp(behind, site->length - 2u, &len);
		if (site->kind == OVL_SITE_PREV ||
		    used[class] == (class ? OVL_FAR_CMPS : OVL_FAR_MOVS))
			left++;
		else
			used[class]++;
	}
	return left;
}

int ovl_calls_that_read(const struct ovl_elffile *f, struct ovl_calls *ret)
{
	uint64_t wanted[8];
	struct ovl_sites s = {.wanted = wanted, .kinds = OVL_SITES_REPLAY};
	int err;

	*ret = (struct ovl_calls){0};
	ovl_wanted_in_program(wanted);
	err = f->ntexts ? search(f, 0, &s) : 0;
	if (err)
		return err;
	ret->n = s.nsites + s.nunknown;
	ret->left = s.nunknown + without_piece(&s);
	ret->sure = s.nsites > 0;
	return 0;
}

bool ovl_calls_unsearched(const struct ovl_elffile *f)
{
	return f->ntexts && f->text[0].len > OVL_WANTED_TEXT_MAX && !f->go;
}
