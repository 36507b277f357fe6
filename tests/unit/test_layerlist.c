/* SPDX-License-Identifier: MIT */
#include "layerlist.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct ovl_layerlist list_of(const char *arg)
{
	struct ovl_layerlist list = {0};

	cr_assert(ovl_layerlist_add(&list, arg));
	return list;
}

Test(layerlist, colons_separate_and_the_first_is_on_top)
{
	struct ovl_layerlist list = list_of("/a:/b:/c");

	cr_assert_eq(list.n, 3);
	cr_assert_str_eq(list.path[0], "/a");
	cr_assert_str_eq(list.path[2], "/c");
}

Test(layerlist, an_escaped_colon_or_backslash_is_part_of_the_name)
{
	struct ovl_layerlist list = list_of("/a\\:b:/c\\\\:/d\\e");

	cr_assert_eq(list.n, 3);
	cr_assert_str_eq(list.path[0], "/a:b");
	cr_assert_str_eq(list.path[1], "/c\\");
	cr_assert_str_eq(list.path[2], "/d\\e");
}

Test(layerlist, more_than_the_session_can_hold_is_refused)
{
	struct ovl_layerlist list = {0};

	for (int i = 0; i < OVL_LOWER_MAX; i++)
		cr_assert(ovl_layerlist_add(&list, "/a"));
	cr_assert_not(ovl_layerlist_add(&list, "/a"));
}

Test(layerlist, none_given_means_the_root)
{
	struct ovl_layerlist list = {0};

	cr_assert_eq(ovl_layerlist_settle(&list), -1);
	cr_assert_eq(list.n, 1);
	cr_assert_str_eq(list.path[0], "/");
}

Test(layerlist, settle_names_the_first_that_is_no_directory)
{
	struct ovl_layerlist list = list_of("/:/dev/null:/nowhere");

	cr_assert_eq(ovl_layerlist_settle(&list), 1);
	cr_assert_str_eq(list.path[1], "/dev/null");
}

Test(path_within, compares_whole_components)
{
	cr_assert(ovl_path_within("/a/b", "/a"));
	cr_assert(ovl_path_within("/a", "/a"));
	cr_assert(ovl_path_within("/a", "/"));
	cr_assert_not(ovl_path_within("/ab", "/a"));
	cr_assert_not(ovl_path_within("/", "/a"));
}

static void settles_to(const char *path, const char *expect)
{
	char *got = ovl_path_settle(path);

	cr_assert_str_eq(got, expect);
	free(got);
}

Test(path_settle, what_does_not_exist_stays_text)
{
	cr_assert_eq(chdir("/usr"), 0);
	settles_to("/", "/");
	settles_to("/proc/../usr//", "/usr");
	settles_to("/nowhere/a/../b/./c/", "/nowhere/b/c");
	settles_to("no-such-name", "/usr/no-such-name");
	settles_to("no-such-name/../../x", "/x");
	settles_to("/nowhere/../../..", "/");
}

Test(path_settle, an_empty_path_is_none)
{
	cr_assert_null(ovl_path_settle(""));
}
