/* SPDX-License-Identifier: MIT */
/* Marks as .wh. files: the format, and what every operation makes of them. */
#include "dotwh.h"

#include "copy_up.h"
#include "fault.h"
#include "fixture.h"
#include "marks.h"
#include "ops.h"

static void start(void)
{
	world_make(2);
	w.ss->dot_wh = 1;
}

TestSuite(dotwh, .init = start, .fini = world_end);

static int up_fd(const char *rel)
{
	return open(in(W_UP, rel), O_RDONLY | O_DIRECTORY);
}

static bool is_mark(const char *tree, const char *rel)
{
	struct stat st;

	return !lstat(in(tree, rel), &st) && S_ISREG(st.st_mode) && !st.st_size &&
	       (st.st_mode & 07777) == 01400;
}

/* By the test's own hand. */
static void put_mark(const char *tree, const char *rel)
{
	int fd = open(in(tree, rel), O_WRONLY | O_CREAT | O_EXCL, 01400);

	cr_assert(ge(int, fd, 0), "%s/%s", tree, rel);
	close(fd);
}

static long unlink_in_view(const char *rel)
{
	return view(SYS_unlink, at(rel));
}

static long make_in_view(const char *rel)
{
	long fd = view(SYS_openat, AT_FDCWD, at(rel), O_WRONLY | O_CREAT | O_EXCL, 0644);

	if (fd >= 0)
		close((int)fd);
	return fd < 0 ? fd : 0;
}

/* How many names the view lists in @rel, and whether @name is one of them. */
static int listed(const char *rel, const char *name, bool *ret_there)
{
	static char buf[64 * 1024] __attribute__((aligned(8)));
	long fd = view(SYS_openat, AT_FDCWD, at(rel), O_RDONLY | O_DIRECTORY);
	int names = 0;
	long n;

	cr_assert(ge(long, fd, 0), "%s", rel);
	*ret_there = false;
	while ((n = view(SYS_getdents64, fd, buf, sizeof(buf))) > 0) {
		for (long i = 0; i < n;) {
			const struct ovl_dirent *d = (const void *)(buf + i);

			names += !ovl_dirent_is_dots(d);
			*ret_there |= !strcmp(d->name, name);
			i += d->reclen;
		}
	}
	cr_expect(eq(long, n, 0));
	close((int)fd);
	return names;
}

Test(dotwh, a_mark_is_empty_regular_and_sticky)
{
	struct statx st = {.stx_mode = S_IFREG | 01400};

	cr_expect(ovl_dotwh_is_mark(".wh.f", &st));
	cr_expect(not(ovl_dotwh_is_mark("wh.f", &st)));
	cr_expect(not(ovl_dotwh_is_mark(".wh.", &st)));
	cr_expect(not(ovl_dotwh_is_mark(".wh..", &st)));
	cr_expect(not(ovl_dotwh_is_mark(".wh...", &st)));
	cr_expect(ovl_dotwh_is_mark(".wh....", &st));
	st.stx_mode = S_IFREG | 01000;
	cr_expect(ovl_dotwh_is_mark(".wh.f", &st));
	for (unsigned m = 0; m < 3; m++) {
		static const unsigned other[] = {0400, 01600, 01440};

		st.stx_mode = (uint16_t)(S_IFREG | other[m]);
		cr_expect(not(ovl_dotwh_is_mark(".wh.f", &st)));
	}
	st.stx_mode = S_IFDIR | 01400;
	cr_expect(not(ovl_dotwh_is_mark(".wh.f", &st)));
	st.stx_mode = S_IFREG | 01400;
	st.stx_size = 1;
	cr_expect(not(ovl_dotwh_is_mark(".wh.f", &st)));
}

Test(dotwh, the_other_form_is_a_symlink_named_by_a_hash)
{
	struct statx st = {.stx_mode = S_IFLNK | 0777, .stx_size = 3};

	cr_expect(ovl_dotwh_is_mark(".wh..wh.0123abc", &st));
	cr_expect(not(ovl_dotwh_is_mark(".wh..wh.", &st)));
	cr_expect(not(ovl_dotwh_is_mark(".wh..wh.0123abcx", &st)));
	cr_expect(not(ovl_dotwh_is_mark(".wh.f", &st)));
}

static void expect_round(const char *name, bool plain)
{
	char of[NAME_MAX + 1];
	char mark[NAME_MAX + 16];
	int fd = up_fd("");

	cr_expect(not(ovl_dotwh_has_at(fd, name)));
	cr_assert(eq(int, ovl_dotwh_make(fd, name), 0));
	cr_expect(ovl_dotwh_has_at(fd, name));
	cr_expect(eq(int, ovl_dotwh_make(fd, name), -EEXIST));
	cr_expect(eq(int, names_in(W_UP, ""), 1));
	snprintf(mark, sizeof(mark), ".wh.%s", name);
	cr_expect(eq(int, is_mark(W_UP, mark), plain), "%s", name);
	if (plain) {
		cr_expect(eq(int, ovl_dotwh_hidden(fd, mark, of), 0));
		cr_expect(eq(str, of, (char *)name));
		cr_expect(eq(int, unlinkat(fd, mark, 0), 0));
	}
	close(fd);
}

Test(dotwh, any_name_has_a_mark)
{
	static char name[NAME_MAX + 1];

	memset(name, 'n', NAME_MAX - 4);
	expect_round("f", true);
	expect_round(name, true);
	memset(name, 'n', NAME_MAX);
	expect_round(name, false);
}

Test(dotwh, a_name_that_looks_like_a_mark_has_one_of_the_other_form)
{
	expect_round(".wh.f", false);
}

Test(dotwh, an_umask_takes_nothing_that_matters)
{
	umask(0777);
	cr_assert(eq(int, ovl_dotwh_make(up_fd(""), "f"), 0));
	umask(022);
	cr_expect(ovl_dotwh_has_at(up_fd(""), "f"));
}

Test(dotwh, an_opaque_directory_holds_a_mark)
{
	struct ovl_path p;

	put_dir(W_UP, "d");
	ovl_path_set(&p, in(W_UP, "d"), strlen(in(W_UP, "d")));
	cr_expect(not(ovl_mark_is_opaque(OVL_UPPER, &p)));
	cr_expect(eq(int, ovl_mark_opaque(up_fd("d")), 0));
	cr_expect(eq(int, ovl_mark_opaque(up_fd("d")), 0));
	cr_expect(is_mark(W_UP, "d/.wh..wh..opq"));
	cr_expect(ovl_mark_is_opaque(OVL_UPPER, &p));
	cr_expect(not(ovl_mark_is_opaque(1, &p)));
	cr_expect(eq(str, p.buf, (char *)in(W_UP, "d")));
}

Test(dotwh, a_mark_hides_the_lower_name_and_is_not_listed)
{
	bool there;

	put(W_LOW(1), "f", "low");
	put(W_LOW(1), "g", "low");
	cr_assert(eq(long, unlink_in_view("f"), 0));
	cr_expect(is_mark(W_UP, ".wh.f"));
	cr_expect(not(is_there(W_UP, "f")));
	cr_expect(eq(str, shown("f"), (char *)"(-2)"));
	cr_expect(eq(str, shown(".wh.f"), (char *)"(-2)"));
	cr_expect(eq(int, listed("", "g", &there), 1));
	cr_expect(there);
	cr_expect(eq(long, unlink_in_view("f"), -ENOENT));
	cr_expect(eq(str, text_of(W_LOW(1), "f"), (char *)"low"));
}

Test(dotwh, a_mark_hides_not_what_its_own_layer_has)
{
	bool there;

	put(W_LOW(1), "f", "low");
	cr_assert(eq(long, unlink_in_view("f"), 0));
	cr_assert(eq(long, make_in_view("f"), 0));
	cr_expect(is_mark(W_UP, ".wh.f"));
	cr_expect(eq(str, shown("f"), (char *)""));
	cr_expect(eq(int, listed("", "f", &there), 1));
	cr_expect(there);
	cr_expect(eq(long, make_in_view("f"), -EEXIST));
	cr_expect(eq(long, unlink_in_view("f"), 0));
	cr_expect(eq(str, shown("f"), (char *)"(-2)"));
}

Test(dotwh, the_mark_comes_before_the_object_goes)
{
	put(W_LOW(1), "f", "low");
	put(W_UP, "f", "up");
	fault_set(__NR_unlinkat, 1, -EIO);
	cr_expect(eq(long, unlink_in_view("f"), -EIO));
	cr_expect(is_mark(W_UP, ".wh.f"));
	cr_expect(eq(str, shown("f"), (char *)"up"));
	cr_expect(eq(long, unlink_in_view("f"), 0));
	cr_expect(eq(str, shown("f"), (char *)"(-2)"));
}

Test(dotwh, no_mark_where_no_lower_name_shows)
{
	put(W_UP, "f", "up");
	cr_expect(eq(long, unlink_in_view("f"), 0));
	cr_expect(eq(int, names_in(W_UP, ""), 0));
}

Test(dotwh, a_directory_at_a_marked_name_merges_with_nothing)
{
	bool there;

	put_dir(W_LOW(1), "d");
	cr_assert(eq(long, view(SYS_rmdir, at("d")), 0));
	cr_expect(is_mark(W_UP, ".wh.d"));
	put(W_LOW(1), "d/late", "low");
	cr_assert(eq(long, view(SYS_mkdir, at("d"), 0755), 0));
	cr_expect(eq(str, shown("d/late"), (char *)"(-2)"));
	cr_expect(eq(int, listed("d", "late", &there), 0));
	cr_expect(eq(int, names_in(W_UP, "d"), 0));
}

Test(dotwh, a_merged_directory_goes_with_the_marks_in_it)
{
	put_dir(W_LOW(1), "d");
	put(W_LOW(1), "d/f", "low");
	cr_assert(eq(long, view(SYS_rmdir, at("d")), -ENOTEMPTY));
	cr_assert(eq(long, unlink_in_view("d/f"), 0));
	cr_expect(is_mark(W_UP, "d/.wh.f"));
	cr_assert(eq(long, view(SYS_rmdir, at("d")), 0));
	cr_expect(not(is_there(W_UP, "d")));
	cr_expect(is_mark(W_UP, ".wh.d"));
	EXPECT_NO_TEMPORARY();
}

Test(dotwh, what_is_renamed_leaves_a_mark)
{
	put(W_LOW(1), "f", "low");
	put(W_LOW(1), "g", "other");
	cr_assert(eq(long, view(SYS_rename, at("f"), at("g")), 0));
	cr_expect(is_mark(W_UP, ".wh.f"));
	cr_expect(eq(str, shown("f"), (char *)"(-2)"));
	cr_expect(eq(str, shown("g"), (char *)"low"));
	cr_assert(eq(long, view(SYS_renameat2, AT_FDCWD, at("g"), AT_FDCWD, at("f"), 1), 0));
	cr_expect(eq(str, shown("f"), (char *)"low"));
	cr_expect(is_mark(W_UP, ".wh.g"));
}

Test(dotwh, a_moved_directory_comes_back_to_its_marked_name)
{
	put_dir(W_LOW(1), "d");
	put(W_LOW(1), "d/f", "low");
	cr_assert(eq(long, view(SYS_rename, at("d"), at("e")), 0));
	cr_expect(is_mark(W_UP, ".wh.d"));
	cr_expect(eq(str, shown("e/f"), (char *)"low"));
	cr_expect(eq(str, shown("d/f"), (char *)"(-2)"));
	cr_assert(eq(long, view(SYS_rename, at("e"), at("d")), 0));
	cr_expect(eq(str, shown("d/f"), (char *)"low"));
	cr_expect(eq(str, shown("e/f"), (char *)"(-2)"));
}

Test(dotwh, a_directory_replaces_an_emptied_merged_one)
{
	put_dir(W_LOW(1), "d");
	put(W_LOW(1), "d/f", "low");
	put_dir(W_UP, "e");
	put(W_UP, "e/g", "up");
	cr_assert(eq(long, unlink_in_view("d/f"), 0));
	cr_assert(eq(long, view(SYS_rename, at("e"), at("d")), 0));
	cr_expect(eq(str, shown("d/g"), (char *)"up"));
	cr_expect(eq(str, shown("d/f"), (char *)"(-2)"));
	EXPECT_NO_TEMPORARY();
}

Test(dotwh, a_programs_own_name_shows_and_has_its_way)
{
	bool there;

	put(W_LOW(1), "f", "low");
	cr_assert(eq(long, unlink_in_view("f"), 0));
	cr_assert(eq(long, make_in_view(".wh.f"), 0));
	cr_expect(eq(int, listed("", ".wh.f", &there), 1));
	cr_expect(there);
	cr_expect(eq(str, shown("f"), (char *)"(-2)"));
	cr_assert(eq(long, unlink_in_view(".wh.f"), 0));
	cr_expect(eq(str, shown("f"), (char *)"(-2)"));
	cr_expect(eq(int, listed("", "f", &there), 0));
	/* One mark is enough. */
	cr_assert(eq(long, make_in_view("f"), 0));
	cr_assert(eq(long, unlink_in_view("f"), 0));
	cr_expect(eq(int, names_in(W_UP, ""), 1));
}

Test(dotwh, a_mark_goes_round_a_programs_own_name)
{
	bool there;

	put(W_LOW(1), "f", "low");
	put(W_LOW(1), ".wh.f", "own");
	cr_assert(eq(str, shown(".wh.f"), (char *)"own"));
	cr_assert(eq(long, view(SYS_truncate, at(".wh.f"), 1), 0));
	cr_assert(eq(long, unlink_in_view("f"), 0));
	cr_expect(eq(str, shown(".wh.f"), (char *)"o"));
	cr_expect(eq(int, listed("", "f", &there), 1));
	cr_expect(not(there));
	cr_assert(eq(long, unlink_in_view(".wh.f"), 0));
	cr_expect(eq(int, listed("", "f", &there), 0));
	cr_expect(eq(str, shown(".wh.f"), (char *)"(-2)"));
}

Test(dotwh, a_copy_does_not_show_where_a_mark_was_made_meanwhile)
{
	struct ovl_ctx *ctx = ctx_make();
	struct ovl_name *n;

	put(W_LOW(1), "f", "low");
	n = name_of(ctx, 0, "f");
	put_mark(W_UP, ".wh.f");
	cr_expect(eq(int, ovl_copy_up(ctx, n, OVL_COPY_ALL), OVL_AGAIN));
	cr_expect(not(is_there(W_UP, "f")));
	EXPECT_NO_TEMPORARY();
}

Test(dotwh, devices_are_whiteouts_too)
{
	put(W_LOW(1), "f", "low");
	put_whiteout(W_UP, "f");
	cr_expect(eq(str, shown("f"), (char *)"(-2)"));
	cr_assert(eq(long, make_in_view("f"), 0));
	cr_expect(eq(str, shown("f"), (char *)""));
	cr_expect(eq(long, unlink_in_view("f"), 0));
	cr_expect(is_mark(W_UP, ".wh.f"));
}

Test(dotwh, a_lower_layers_files_are_marks_when_it_says_so)
{
	bool there;

	put(W_LOW(2), "f", "two");
	put_mark(W_LOW(1), ".wh.f");
	put_dir(W_LOW(2), "d");
	put(W_LOW(2), "d/g", "two");
	put_dir(W_LOW(1), "d");
	put_mark(W_LOW(1), "d/.wh..wh..opq");
	cr_expect(eq(str, shown("f"), (char *)"two"));
	cr_expect(eq(int, listed("", ".wh.f", &there), 3));
	world_end();
	start();
	w.ss->dot_wh = 2;
	put(W_LOW(2), "f", "two");
	put_mark(W_LOW(1), ".wh.f");
	put_dir(W_LOW(2), "d");
	put(W_LOW(2), "d/g", "two");
	put_dir(W_LOW(1), "d");
	put_mark(W_LOW(1), "d/.wh..wh..opq");
	cr_expect(eq(str, shown("f"), (char *)"(-2)"));
	cr_expect(eq(str, shown("d/g"), (char *)"(-2)"));
	cr_expect(eq(int, listed("", "d", &there), 1));
	cr_expect(there);
	cr_expect(eq(int, listed("d", "g", &there), 0));
}

Test(dotwh, without_xattrs_the_index_knows_number_owner_and_redirect)
{
	struct statx st;

	w.ss->flags |= OVL_S_NO_XATTR;
	put_dir(W_LOW(1), "d");
	put(W_LOW(1), "d/f", "low");
	cr_assert(eq(long, view(SYS_truncate, at("d/f"), 1), 0));
	cr_expect(eq(long, view(SYS_statx, AT_FDCWD, at("d/f"), 0, STATX_INO, &st), 0));
	cr_expect(eq(u64, st.stx_ino, lstat_of(W_LOW(1), "d/f").st_ino));
	cr_expect(eq(sz, (size_t)listxattr(in(W_UP, "d/f"), NULL, 0), 0));
	cr_assert(eq(long, view(SYS_rename, at("d"), at("e")), 0));
	cr_expect(eq(str, shown("e/f"), (char *)"l"));
	put(W_LOW(1), "d/late", "low");
	cr_expect(eq(str, shown("e/late"), (char *)"low"));
	cr_expect(eq(sz, (size_t)listxattr(in(W_UP, "e"), NULL, 0), 0));
}
