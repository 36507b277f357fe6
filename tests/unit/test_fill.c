/* SPDX-License-Identifier: MIT */
#include "fill.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "scratch_session.h"

TestSuite(fill, .init = scratch_make, .fini = scratch_end);

static uint64_t hash(const char *path)
{
	return ovl_hash_path(path, strlen(path));
}

static void expect(const char *path, bool present, bool hidden)
{
	cr_expect_eq(ovl_filter_maybe(&ss->present, hash(path)), present, "present %s", path);
	cr_expect_eq(ovl_filter_maybe(&ss->hidden, hash(path)), hidden, "hidden %s", path);
}

Test(fill, every_name_is_present_and_what_is_no_directory_hides)
{
	mkdir("d", 0755);
	touch("d/file");
	cr_assert_eq(symlink("x", "link"), 0);
	cr_assert_eq(mknod("gone", S_IFCHR, 0), 0);
	cr_assert_eq(ovl_fill_upper(ss, dir, "/view", -1), 0);
	expect("/view/d", true, false);
	expect("/view/d/file", true, true);
	expect("/view/link", true, true);
	expect("/view/gone", true, true);
	expect("/view/other", false, false);
	expect("/d", false, false);
}

Test(fill, the_view_root_may_be_the_root)
{
	mkdir("d", 0755);
	touch("d/file");
	cr_assert_eq(ovl_fill_upper(ss, dir, "/", -1), 0);
	expect("/d", true, false);
	expect("/d/file", true, true);
}

Test(fill, opaque_and_redirected_directories_hide)
{
	mkdir("opaque", 0755);
	mkdir("moved", 0755);
	cr_assert_eq(setxattr("opaque", "user.overlay.opaque", "y", 1, 0), 0);
	cr_assert_eq(setxattr("moved", "user.overlay.redirect", "/old", 4, 0), 0);
	cr_assert_eq(ovl_fill_upper(ss, dir, "/view", -1), 0);
	expect("/view/opaque", true, true);
	expect("/view/moved", true, true);
	cr_expect_eq(ss->redirects, 1);
	cr_expect_eq(ss->overrides, 0);
}

Test(fill, origins_and_overrides_are_noted)
{
	struct stat st;

	touch("copy");
	cr_assert_eq(setxattr("copy", "user.ovl.origin", "x", 1, 0), 0);
	cr_assert_eq(setxattr("copy", "user.containers.override_stat", "0:0:644", 7, 0), 0);
	cr_assert_eq(stat("copy", &st), 0);
	cr_assert_eq(ovl_fill_upper(ss, dir, "/view", -1), 0);
	cr_expect(ovl_filter_maybe(&ss->origin, ovl_hash_mix(st.st_ino)));
	cr_expect_not(ovl_filter_maybe(&ss->origin, ovl_hash_mix(st.st_ino + 1)));
	cr_expect_eq(ss->overrides, 1);
}

Test(fill, an_override_of_the_root_is_noted)
{
	cr_assert_eq(setxattr(".", "user.containers.override_stat", "0:0:755", 7, 0), 0);
	cr_assert_eq(ovl_fill_upper(ss, dir, "/view", -1), 0);
	cr_expect_eq(ss->overrides, 1);
}

Test(fill, a_redirect_beside_itself_is_beside_its_lower_place)
{
	mkdir("A", 0755);
	mkdir("A/B", 0755);
	cr_assert_eq(setxattr("A", "user.overlay.redirect", "a", 1, 0), 0);
	cr_assert_eq(setxattr("A/B", "user.overlay.redirect", "b", 1, 0), 0);
	cr_assert_eq(ovl_fill_upper(ss, dir, "/view", -1), 0);
	/* the deepest first */
	cr_expect_str_eq(ss->moves[0], "/a/b");
}

/* Names that directories have given each other; and one is in another now. */
Test(fill, directories_come_to_their_places_from_aside_the_deepest_last)
{
	static const char want[] = "/x\0//0\0/y\0//1\0//1\0/x\0//0\0/x/y";

	mkdir("x", 0755);
	mkdir("x/y", 0755);
	cr_assert_eq(setxattr("x", "user.overlay.redirect", "/y", 2, 0), 0);
	cr_assert_eq(setxattr("x/y", "user.overlay.redirect", "/x", 2, 0), 0);
	cr_assert_eq(ovl_fill_upper(ss, dir, "/view", -1), 0);
	cr_expect_eq(ss->moves_now, sizeof(want));
	/* which of the two goes first does not matter */
	if (!strcmp(ss->moves[0], "/x"))
		cr_expect_arr_eq(ss->moves[0], want, sizeof(want));
	else
		cr_expect_arr_eq(ss->moves[0], "/y\0//0\0/x\0//1\0//0\0/x\0//1\0/x/y",
				 sizeof(want));
}

Test(fill, wh_files_mark_the_name_they_hide)
{
	mkdir("d", 0755);
	ss->dot_wh = 1;
	touch("d/.wh..wh..opq");
	touch(".wh.gone");
	cr_assert_eq(chmod("d/.wh..wh..opq", 01400), 0);
	cr_assert_eq(chmod(".wh.gone", 01400), 0);
	cr_assert_eq(ovl_fill_upper(ss, dir, "/view", -1), 0);
	expect("/view/gone", true, true);
	expect("/view/d", true, true);
}

Test(fill, wh_names_are_plain_where_marks_are_devices)
{
	touch(".wh.gone");
	cr_assert_eq(ovl_fill_upper(ss, dir, "/view", -1), 0);
	expect("/view/gone", false, false);
}

Test(fill, libraries_are_noted)
{
	touch("plain");
	cr_assert_eq(ovl_fill_upper(ss, dir, "/view", -1), 0);
	cr_expect_eq(ss->upper_libs, 0);
	touch("libx.so.1");
	cr_assert_eq(ovl_fill_upper(ss, dir, "/view", -1), 0);
	cr_expect_eq(ss->upper_libs, OVL_LIBS_SOMEWHERE | OVL_LIBS_EVERYBODY);
}

Test(fill, a_closed_directory_is_looked_into_and_closed_again)
{
	struct stat st;

	mkdir("d", 0755);
	touch("d/file");
	cr_assert_eq(chmod("d", 0), 0);
	cr_assert_eq(ovl_fill_upper(ss, dir, "/view", -1), 0);
	expect("/view/d/file", true, true);
	cr_assert_eq(stat("d", &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0);
}
