/* SPDX-License-Identifier: MIT */
#include "calls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../loader/lean.h"
#include "../preload/ehframe.h"
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

/* Is @site certain not to be data? As preload/objsites.c has it. */
static bool is_code(const struct ovl_elffile *f, const struct ovl_site *site, bool library)
{
	bool moves = site->kind == OVL_SITE_WRAP || site->kind == OVL_SITE_NEXT;

	if (!library && (f->go || !moves))
		return true;
	return f->eh &&
	       ovl_ehframe_is_code(f->eh, f->eh_len, f->text[0].at + site->offset, site->length);
}

/* Which piece of far.h would @site have? OVL_FAR_CLASSES: none. */
static unsigned class_of(const uint8_t *text, const struct ovl_site *site)
{
	uint8_t len;

	switch (site->kind) {
	case OVL_SITE_MOV:
		return 0;
	case OVL_SITE_CMP:
		return ovl_sites_cmp(text + site->offset + 2, site->length - 2u, &len);
	case OVL_SITE_PREV:
		return OVL_FAR_CLASSES;
	default:
		return OVL_FAR_CLASS_ANY;
	}
}

static int search_own(const struct ovl_elffile *f, bool library, struct ovl_calls *ret)
{
	unsigned used[OVL_FAR_CLASSES] = {0};
	uint64_t wanted[8];
	struct ovl_sites s = {.wanted = wanted, .kinds = OVL_SITES_OWN};
	int err;

	*ret = (struct ovl_calls){0};
	ovl_wanted_in_program(wanted);
	err = f->ntexts ? search(f, 0, &s) : 0;
	if (err)
		return err;
	ret->n = s.nsites + s.nunknown;
	ret->left = s.nunknown;
	for (uint32_t i = 0; i < s.nsites; i++) {
		unsigned class = library ? 0 : class_of(s.text, &s.site[i]);
		bool code = is_code(f, &s.site[i], library);

		ret->sure |= code;
		if (!code || class == OVL_FAR_CLASSES ||
		    (!library && used[class]++ >= ovl_far_room(class)))
			ret->left++;
	}
	return 0;
}

int ovl_calls_that_read(const struct ovl_elffile *f, struct ovl_calls *ret)
{
	return search_own(f, false, ret);
}

int ovl_calls_in_library(const struct ovl_elffile *f, struct ovl_calls *ret)
{
	return search_own(f, true, ret);
}

bool ovl_calls_unsearched(const struct ovl_elffile *f)
{
	return f->ntexts && f->text[0].len > OVL_WANTED_TEXT_MAX && !f->go;
}
