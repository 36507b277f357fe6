/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "linkers.h"
#include "session.h"

#define LINKER "/lib64/ld.so"

static const struct ovl_trail trail = {.n = 3, .hash = {11, 22, 33}};

static void start(void)
{
	session_make();
}

TestSuite(linkers, .init = start);

static void add(const char *path)
{
	ovl_linkers_add(path, &trail, 0);
}

Test(linkers, what_was_added_is_found)
{
	cr_expect(not(ovl_linkers_has(LINKER)));
	add(LINKER);
	cr_expect(ovl_linkers_has(LINKER));
	cr_expect(not(ovl_linkers_has("/lib64/ld.so.1")));
}

Test(linkers, one_is_not_found_once_any_name_on_its_way_is_hidden)
{
	for (uint32_t i = 0; i < trail.n; i++) {
		session_make();
		add(LINKER);
		ovl_announce(trail.hash[i], false); /* a directory of upper's */
		cr_expect(ovl_linkers_has(LINKER));
		ovl_announce(trail.hash[i], true);
		cr_expect(not(ovl_linkers_has(LINKER)));
		add("/other"); /* nor is it remembered then */
		cr_expect(not(ovl_linkers_has("/other")));
		cr_expect(eq(u32, ovl_ss->nlinkers, 1));
	}
}

Test(linkers, one_is_found_again_only_as_of_the_names_outside_that_there_are_now)
{
	add(LINKER);
	ovl_ss->outside_gen++;
	cr_expect(not(ovl_linkers_has(LINKER)));
	add(LINKER); /* who began before comes too late */
	cr_expect(not(ovl_linkers_has(LINKER)));
	ovl_linkers_add(LINKER, &trail, 1);
	cr_expect(ovl_linkers_has(LINKER));
}

Test(linkers, a_way_of_too_many_names_is_not_remembered)
{
	struct ovl_trail t = {0};
	struct ovl_ctx *ctx = calloc(1, sizeof(*ctx));

	ctx->trail = &t;
	for (uint64_t i = 1; i <= OVL_LINKER_NAMES; i++)
		ovl_trail_add(ctx, i);
	ovl_linkers_add(LINKER, &t, 0);
	cr_expect(ovl_linkers_has(LINKER));
	ovl_trail_add(ctx, 99);
	ovl_linkers_add("/other", &t, 0);
	cr_expect(not(ovl_linkers_has("/other")));
	ovl_announce(OVL_LINKER_NAMES, true);
	cr_expect(not(ovl_linkers_has(LINKER)));
	free(ctx);
}

Test(linkers, when_all_places_are_taken_nothing_happens)
{
	char path[] = "/ld.a";

	for (int i = 0; i < OVL_LINKERS_MAX; i++, path[4]++)
		add(path);
	add(LINKER);
	cr_expect(not(ovl_linkers_has(LINKER)));
	cr_expect(ovl_linkers_has("/ld.a"));
}

Test(linkers, the_same_one_takes_one_place)
{
	add(LINKER);
	add(LINKER);
	cr_expect(eq(u32, ovl_ss->nlinkers, 1));
}
