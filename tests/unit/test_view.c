/* SPDX-License-Identifier: MIT */
#include "view.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "session.h"

static struct ovl_session *ss;
static struct ovl_path p;

static void start(void)
{
	ss = session_make();
	ss->root = session_text(ss, "/view");
	ss->layer[0].path = session_text(ss, "/up");
	ss->layer[1].path = session_text(ss, "/low/top");
	ss->layer[2].path = session_text(ss, "/low");
	ss->nlower = 2;
	ss->pass[0] = session_text(ss, "/view/pass");
	ss->npass = 1;
	ss->hide[0] = session_text(ss, "/up");
	ss->hide[1] = session_text(ss, "/view/pass/work");
	ss->nhide = 2;
}

TestSuite(view, .init = start);

static int zone(const char *path)
{
	return ovl_zone_of(path, strlen(path));
}

Test(view, each_path_lies_in_one_zone)
{
	cr_expect(eq(int, zone("/view"), OVL_Z_VIEW));
	cr_expect(eq(int, zone("/view/a"), OVL_Z_VIEW));
	cr_expect(eq(int, zone("/viewer"), OVL_Z_OUTSIDE));
	cr_expect(eq(int, zone("/"), OVL_Z_OUTSIDE));
	cr_expect(eq(int, zone("/low/x"), OVL_Z_LOCKED));
	cr_expect(eq(int, zone("/low"), OVL_Z_LOCKED));
	cr_expect(eq(int, zone("/lower"), OVL_Z_OUTSIDE));
}

Test(view, hidden_comes_before_passed_and_passed_before_the_view)
{
	cr_expect(eq(int, zone("/up/a"), OVL_Z_HIDDEN));
	cr_expect(eq(int, zone("/view/pass/work"), OVL_Z_HIDDEN));
	cr_expect(eq(int, zone("/view/pass/work/x"), OVL_Z_HIDDEN));
	cr_expect(eq(int, zone("/view/pass"), OVL_Z_OUTSIDE));
	cr_expect(eq(int, zone("/view/pass/workshop"), OVL_Z_OUTSIDE));
	cr_expect(eq(int, zone("/view/passed"), OVL_Z_VIEW));
}

Test(view, a_view_at_the_root_is_everything_else)
{
	ss->root = session_text(ss, "/");
	cr_expect(eq(int, zone("/"), OVL_Z_VIEW));
	cr_expect(eq(int, zone("/low/x"), OVL_Z_VIEW));
	cr_expect(eq(int, zone("/up"), OVL_Z_HIDDEN));
}

/* @path read from the kernel becomes @want; the layer. */
static int from_real(const char *path, const char *want)
{
	int layer;

	cr_assert(eq(int, ovl_path_set(&p, path, strlen(path)), 0));
	layer = ovl_view_from_real(&p, NULL);
	cr_expect(eq(str, p.buf, (char *)want));
	cr_expect(eq(uint, p.len, (unsigned)strlen(want)));
	return layer;
}

Test(view, a_real_path_is_shown_below_the_view_root)
{
	cr_expect(eq(int, from_real("/up/a/b", "/view/a/b"), OVL_UPPER));
	cr_expect(eq(int, from_real("/up", "/view"), OVL_UPPER));
	cr_expect(eq(int, from_real("/low/b", "/view/b"), 2));
	cr_expect(eq(int, from_real("/upper", "/upper"), OVL_NONE));
	cr_expect(eq(int, from_real("/view/a", "/view/a"), OVL_NONE));
}

Test(view, the_innermost_layer_claims_a_real_path)
{
	cr_expect(eq(int, from_real("/low/top/b", "/view/b"), 1));
	cr_expect(eq(int, from_real("/low/topmost", "/view/topmost"), 2));
}

Test(view, real_paths_of_a_view_at_the_root)
{
	ss->root = session_text(ss, "/");
	cr_expect(eq(int, from_real("/up/a", "/a"), OVL_UPPER));
	cr_expect(eq(int, from_real("/up", "/"), OVL_UPPER));
	ss->layer[1].path = ss->root;
	ss->nlower = 1;
	cr_expect(eq(int, from_real("/etc/x", "/etc/x"), 1));
	cr_expect(eq(int, from_real("/", "/"), 1));
}

Test(view, a_read_only_session_has_no_upper_to_claim_a_path)
{
	ss->flags = OVL_S_READ_ONLY;
	ss->layer[0].path = (struct ovl_str){0};
	cr_expect(eq(int, from_real("/low/b", "/view/b"), 2));
	cr_expect(eq(int, from_real("/etc", "/etc"), OVL_NONE));
}

Test(view, a_real_path_that_no_longer_fits_is_left_alone)
{
	static char text[OVL_PATH_CAP];

	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, "/up/", 4);
	cr_assert(eq(int, ovl_path_set(&p, text, sizeof(text) - 1), 0));
	cr_expect(eq(int, ovl_view_from_real(&p, NULL), -ENAMETOOLONG));
	cr_expect(eq(str, p.buf, text));
}

static void expect_real(const char *at, int layer, const char *want)
{
	static struct ovl_name n;

	cr_assert(eq(int, ovl_path_set(&n.at, at, strlen(at)), 0));
	cr_assert(eq(int, ovl_name_real(&n, layer, &p), 0));
	cr_expect(eq(str, p.buf, (char *)want));
}

Test(view, a_name_has_a_real_path_in_each_layer)
{
	expect_real("/view/a/b", OVL_UPPER, "/up/a/b");
	expect_real("/view/a/b", 2, "/low/a/b");
	expect_real("/view", 1, "/low/top");
}

Test(view, real_paths_where_view_and_layer_are_the_root)
{
	ss->root = session_text(ss, "/");
	ss->layer[1].path = ss->root;
	expect_real("/a/b", OVL_UPPER, "/up/a/b");
	expect_real("/", OVL_UPPER, "/up");
	expect_real("/a/b", 1, "/a/b");
	expect_real("/", 1, "/");
}

Test(view, a_moved_name_has_another_path_in_the_lowers)
{
	static struct ovl_name n;

	cr_assert(eq(int, ovl_path_set(&n.at, "/view/new/x", 11), 0));
	cr_assert(eq(int, ovl_path_set(&n.low, "/old/x", 6), 0));
	n.moved = true;
	cr_expect(eq(str, (char *)ovl_name_rel(&n), (char *)"/new/x"));
	cr_expect(eq(str, (char *)ovl_name_low(&n), (char *)"/old/x"));
	ovl_name_real(&n, 2, &p);
	cr_expect(eq(str, p.buf, (char *)"/low/old/x"));
	ovl_name_real(&n, OVL_UPPER, &p);
	cr_expect(eq(str, p.buf, (char *)"/up/new/x"));
}

Test(view, masks_have_a_bit_for_each_lower)
{
	cr_expect(eq(u64, ovl_lowers_all(), 6));
	cr_expect(eq(int, ovl_lower_first(6), 1));
	ss->nlower = OVL_LOWER_MAX;
	cr_expect(eq(u64, ovl_lowers_all(), ((1ULL << OVL_LOWER_MAX) - 1) << 1));
}

Test(view, known_directories_are_found_again_and_may_change)
{
	uint64_t v = 0;

	cr_expect(not(ovl_dirs_find(77, &v)));
	ovl_dirs_add(77, OVL_DIRS_LOWER | 2);
	cr_expect(ovl_dirs_find(77, &v));
	cr_expect(eq(u64, v, OVL_DIRS_LOWER | 2));
	ovl_dirs_add(77, OVL_DIRS_LOWER);
	cr_expect(ovl_dirs_find(77, &v));
	cr_expect(eq(u64, v, OVL_DIRS_LOWER));
	cr_expect(not(ovl_dirs_find(78, &v)));
}

Test(view, a_slot_being_written_tells_nothing_yet)
{
	uint64_t v;

	ovl_dirs_add(77, 0);
	cr_expect(not(ovl_dirs_find(77, &v)));
}

Test(view, a_full_table_forgets_and_never_lies)
{
	uint64_t v;
	unsigned known = 0;

	for (uint64_t h = 1; h <= 1u << (OVL_DIRS_LOG2 + 1); h++)
		ovl_dirs_add(h, OVL_DIRS_LOWER | h << 1);
	for (uint64_t h = 1; h <= 1u << (OVL_DIRS_LOG2 + 1); h++) {
		if (!ovl_dirs_find(h, &v))
			continue;
		known++;
		cr_assert(eq(u64, v, OVL_DIRS_LOWER | h << 1));
	}
	cr_expect(gt(uint, known, (1u << OVL_DIRS_LOG2) / 2));
	cr_expect(le(uint, known, 1u << OVL_DIRS_LOG2));
}

Test(view, announced_names_are_present_and_hide_only_if_they_do)
{
	uint64_t dir = ovl_hash_path("/view/d", 7);
	uint64_t file = ovl_hash_path("/view/f", 7);

	cr_expect(not(ovl_filter_maybe(&ss->present, dir)));
	ovl_announce(dir, false);
	ovl_announce(file, true);
	cr_expect(ovl_filter_maybe(&ss->present, dir));
	cr_expect(not(ovl_filter_maybe(&ss->hidden, dir)));
	cr_expect(ovl_filter_maybe(&ss->present, file));
	cr_expect(ovl_filter_maybe(&ss->hidden, file));
}

Test(view, a_filter_of_ten_thousand_names_is_still_nearly_empty)
{
	unsigned wrong = 0;

	for (uint64_t h = 0; h < 10000; h++)
		ovl_filter_add(&ss->present, ovl_hash_mix(h + 1));
	for (uint64_t h = 0; h < 10000; h++) {
		cr_assert(ovl_filter_maybe(&ss->present, ovl_hash_mix(h + 1)));
		wrong += ovl_filter_maybe(&ss->present, ovl_hash_mix(h + 1000001));
	}
	cr_expect(lt(uint, wrong, 10));
}

Test(view, hashes_go_by_components)
{
	cr_expect(eq(u64, ovl_hash_path("/a//b/", 6), ovl_hash_path("/a/b", 4)));
	cr_expect(eq(u64, ovl_hash_path("/", 1), OVL_HASH_ROOT));
	cr_expect(ne(u64, ovl_hash_path("/a/b", 4), ovl_hash_path("/b/a", 4)));
	cr_expect(ne(u64, ovl_hash_path("/ab", 3), ovl_hash_path("/a/b", 4)));
}
