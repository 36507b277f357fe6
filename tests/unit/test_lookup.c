/* SPDX-License-Identifier: MIT */
#include "lookup.h"

#include "fault.h"
#include "fixture.h"
#include "marks.h"

static struct ovl_ctx *ctx;

static void start(void)
{
	world_make(3);
	ctx = ctx_make();
}

TestSuite(lookup, .init = start, .fini = world_end);

static struct ovl_name *look(const char *rel)
{
	return name_of(ctx, 0, rel);
}

static int layer(const char *rel)
{
	return look(rel)->layer;
}

/* The lowers whose directory shows. */
static uint64_t lowers(const char *rel)
{
	return look(rel)->lowers;
}

Test(lookup, the_topmost_layer_wins)
{
	put(W_LOW(3), "f", "3");
	cr_expect(eq(int, layer("f"), 3));
	put(W_LOW(2), "f", "2");
	cr_expect(eq(int, layer("f"), 2));
	put(W_UP, "f", "0");
	cr_expect(eq(int, layer("f"), OVL_UPPER));
	cr_expect(look("f")->in_upper);
	cr_expect(eq(int, layer("missing"), OVL_NONE));
}

Test(lookup, upper_is_only_asked_for_names_that_may_be_there)
{
	put(W_LOW(1), "f", "");
	layer("f");
	fault_reset();
	cr_expect(eq(int, layer("f"), 1));
	cr_expect(eq(uint, fault_count(__NR_statx), 1));
}

Test(lookup, a_whiteout_hides_every_lower_below_it)
{
	put(W_LOW(2), "f", "");
	put(W_LOW(3), "f", "");
	put_whiteout(W_LOW(1), "f");
	cr_expect(eq(int, layer("f"), OVL_NONE));
	put(W_LOW(1), "g", "");
	put_whiteout(W_UP, "g");
	cr_expect(eq(int, layer("g"), OVL_NONE));
	cr_expect(look("g")->whiteout);
	cr_expect(look("g")->in_upper);
}

Test(lookup, directories_of_all_layers_merge)
{
	put_dir(W_LOW(1), "d");
	put_dir(W_LOW(3), "d");
	cr_expect(eq(u64, lowers("d"), 1 << 1 | 1 << 3));
	cr_expect(eq(int, layer("d"), 1));
	put_dir(W_UP, "d");
	cr_expect(eq(u64, lowers("d"), 1 << 1 | 1 << 3));
	cr_expect(eq(int, layer("d"), OVL_UPPER));
}

Test(lookup, a_non_directory_ends_the_merge)
{
	put_dir(W_LOW(1), "d");
	put(W_LOW(2), "d", "");
	put_dir(W_LOW(3), "d");
	cr_expect(eq(u64, lowers("d"), 1 << 1));
	put(W_LOW(1), "f", "");
	put_dir(W_LOW(2), "f");
	cr_expect(eq(int, layer("f"), 1));
	cr_expect(eq(u64, lowers("f"), 0));
}

Test(lookup, a_whiteout_below_a_directory_ends_the_merge)
{
	put_dir(W_LOW(1), "d");
	put_whiteout(W_LOW(2), "d");
	put_dir(W_LOW(3), "d");
	put(W_LOW(3), "d/f", "");
	cr_expect(eq(u64, lowers("d"), 1 << 1));
	cr_expect(eq(int, layer("d/f"), OVL_NONE));
}

Test(lookup, an_opaque_lower_directory_ends_the_merge)
{
	put_opaque(W_LOW(1), "d");
	put_dir(W_LOW(2), "d");
	put(W_LOW(2), "d/f", "");
	cr_expect(eq(u64, lowers("d"), 1 << 1));
	cr_expect(eq(int, layer("d/f"), OVL_NONE));
}

Test(lookup, an_opaque_upper_directory_hides_all_lowers)
{
	put_opaque(W_UP, "d");
	put_dir(W_LOW(1), "d");
	put(W_LOW(1), "d/f", "");
	cr_expect(eq(u64, lowers("d"), 0));
	cr_expect(look("d")->opaque);
	cr_expect(eq(int, layer("d/f"), OVL_NONE));
}

Test(lookup, a_file_of_upper_over_a_lower_directory_is_a_file)
{
	put_dir(W_LOW(1), "d");
	layer("d");
	put(W_UP, "d", "");
	cr_expect(eq(int, layer("d"), OVL_UPPER));
	cr_expect(eq(u64, lowers("d"), 0));
}

Test(lookup, a_known_lower_directory_takes_no_call)
{
	put_dir(W_LOW(1), "a");
	put_dir(W_LOW(1), "a/b");
	layer("a/b");
	fault_reset();
	cr_expect(eq(int, layer("a/b"), 1));
	cr_expect(not(look("a/b")->known));
	cr_expect(eq(uint, fault_total(), 0));
}

Test(lookup, a_known_lower_directory_is_covered_when_upper_gets_one)
{
	put_dir(W_LOW(1), "a");
	put(W_LOW(1), "a/f", "low");
	layer("a/f");
	put_opaque(W_UP, "a");
	cr_expect(eq(int, layer("a"), OVL_UPPER));
	cr_expect(eq(int, layer("a/f"), OVL_NONE));
}

Test(lookup, a_redirect_finds_the_lower_part_elsewhere)
{
	put_dir(W_LOW(1), "old");
	put(W_LOW(1), "old/f", "moved");
	put_whiteout(W_UP, "old");
	put_dir(W_UP, "new");
	announce("new", true);
	cr_assert_eq(setxattr(in(W_UP, "new"), "user.overlay.redirect", "/old", 4, 0), 0);
	w.ss->redirects = 1;
	cr_expect(eq(int, layer("old"), OVL_NONE));
	cr_expect(eq(int, layer("new"), OVL_UPPER));
	cr_expect(look("new")->redirect);
	cr_expect(eq(u64, lowers("new"), 1 << 1));
	cr_expect(eq(int, layer("new/f"), 1));
	cr_expect(not(look("new/f")->redirect));
	cr_expect(eq(str, shown("new/f"), (char *)"moved"));
}

Test(lookup, a_redirect_by_name_stays_beside_its_lower_place)
{
	put_dir(W_LOW(1), "d");
	put_dir(W_LOW(1), "d/old");
	put(W_LOW(1), "d/old/f", "moved");
	put_dir(W_UP, "d");
	put_dir(W_UP, "d/new");
	announce("d/new", true);
	cr_assert_eq(setxattr(in(W_UP, "d/new"), "user.overlay.redirect", "old", 3, 0), 0);
	w.ss->redirects = 1;
	cr_expect(eq(str, shown("d/new/f"), (char *)"moved"));
}

Test(lookup, a_broken_redirect_is_an_error_and_not_an_escape)
{
	put_dir(W_UP, "new");
	announce("new", true);
	cr_assert_eq(setxattr(in(W_UP, "new"), "user.overlay.redirect", "/a/../../x", 10, 0), 0);
	w.ss->redirects = 1;
	cr_expect(eq(int, ovl_namei(ctx, &ctx->name[0], AT_FDCWD, in("view", "new"), 0), -EIO));
}

Test(lookup, covers_tells_what_would_show)
{
	put(W_LOW(2), "f", "");
	put(W_UP, "f", "");
	put(W_UP, "g", "");
	put(W_UP, "h", "");
	put(W_LOW(2), "h", "");
	put_whiteout(W_LOW(1), "h");
	cr_expect(eq(int, ovl_lookup_covers(ctx, look("f")), 1));
	cr_expect(eq(int, ovl_lookup_covers(ctx, look("g")), 0));
	cr_expect(eq(int, ovl_lookup_covers(ctx, look("h")), 0));
}

/* Nobody has to be asked. */
Test(lookup, what_a_lower_shows_would_show)
{
	struct ovl_name *n;

	put(W_LOW(2), "f", "");
	put_dir(W_LOW(2), "d");
	put_dir(W_UP, "d");
	put_dir(W_LOW(2), "e");
	put_opaque(W_UP, "e");
	n = look("f");
	fault_reset();
	cr_expect(eq(int, ovl_lookup_covers(ctx, n), 1));
	cr_expect(eq(uint, fault_total(), 0));
	n = look("d");
	fault_reset();
	cr_expect(eq(int, ovl_lookup_covers(ctx, n), 1));
	cr_expect(eq(uint, fault_total(), 0));
	cr_expect(eq(int, ovl_lookup_covers(ctx, look("e")), 1)); /* under what hides it */
}

Test(lookup, a_stack_is_found_without_upper)
{
	uint64_t mask = 99;

	put_dir(W_LOW(1), "a");
	put_dir(W_LOW(2), "a");
	put_dir(W_LOW(2), "a/b");
	put_dir(W_LOW(3), "a");
	put_opaque(W_LOW(3), "a/b");
	put_whiteout(W_UP, "a");
	cr_expect(eq(int, ovl_lookup_stack(ctx, "/a/b", &mask), 0));
	cr_expect(eq(u64, mask, 1 << 2 | 1 << 3));
	cr_expect(eq(int, ovl_lookup_stack(ctx, "/a/missing", &mask), 0));
	cr_expect(eq(u64, mask, 0));
	cr_expect(eq(int, ovl_lookup_stack(ctx, "", &mask), 0));
	cr_expect(eq(u64, mask, ovl_lowers_all()));
}

Test(lookup, a_lower_that_cannot_be_read_is_an_error_not_an_absence)
{
	put(W_LOW(1), "f", "");
	layer("f");
	fault_set(__NR_statx, FAULT_EACH, -EIO);
	cr_expect(eq(int, ovl_namei(ctx, &ctx->name[0], AT_FDCWD, in("view", "f"), 0), -EIO));
}

Test(lookup, an_upper_that_cannot_be_read_is_an_error_not_an_absence)
{
	put(W_LOW(1), "f", "low");
	put(W_UP, "f", "up");
	layer("f");
	fault_set(__NR_statx, 1, -EACCES);
	cr_expect(eq(int, ovl_namei(ctx, &ctx->name[0], AT_FDCWD, in("view", "f"), 0), -EACCES));
}

/* Else a program would see what it changed as it was before. */
Test(lookup, an_upper_that_is_gone_is_an_error_not_an_absence)
{
	put(W_LOW(1), "f", "low");
	put(W_UP, "f", "up");
	layer("f");
	cr_assert_eq(rename(in(W_UP, ""), in("elsewhere", "")), 0);
	cr_expect(eq(int, ovl_namei(ctx, &ctx->name[0], AT_FDCWD, in("view", "f"), 0), -ENOENT));
	cr_assert_eq(mkdir(in(W_UP, ""), 0755), 0); /* another one in its place */
	cr_expect(eq(int, ovl_namei(ctx, &ctx->name[0], AT_FDCWD, in("view", "f"), 0), -ENOENT));
}

Test(lookup, a_name_announced_but_not_made_yet_is_the_lowers)
{
	put(W_LOW(1), "f", "low");
	announce("f", true);
	cr_expect(eq(int, layer("f"), 1));
	cr_expect(not(look("f")->in_upper));
}
