/* SPDX-License-Identifier: MIT */
#include "fault.h"
#include "fixture.h"

TestSuite(link, .init = world_make_files, .fini = world_end);

static long link_(const char *old, const char *new)
{
	return view(SYS_link, at(old), at(new));
}

static void expect_same(const char *a, const char *b)
{
	struct stat sa, sb;

	cr_expect(eq(long, view(SYS_stat, at(a), (long)&sa), 0), "%s", a);
	cr_expect(eq(long, view(SYS_stat, at(b), (long)&sb), 0), "%s", b);
	cr_expect(eq(u64, sa.st_ino, sb.st_ino), "%s %s", a, b);
	cr_expect(eq(u64, sa.st_nlink, sb.st_nlink), "%s %s", a, b);
}

Test(link, a_lower_file_is_copied_and_linked_beside)
{
	int before = fds_open();

	cr_expect(eq(long, link_("d/f", "new"), 0));
	cr_expect(eq(u64, lstat_of(W_UP, "d/f").st_ino, lstat_of(W_UP, "new").st_ino));
	cr_expect(eq(str, shown("new"), (char *)"low"));
	cr_expect(not(is_there(W_LOW(1), "new")));
	cr_expect(eq(u64, lstat_of(W_LOW(1), "d/f").st_nlink, 1));
	expect_same("d/f", "new");
	cr_expect(eq(int, fds_open(), before));
	EXPECT_NO_TEMPORARY();
}

Test(link, a_path_that_leads_nowhere_is_a_fault)
{
	int fd = (int)view(SYS_openat, AT_FDCWD, at("f"), O_PATH, 0);

	cr_expect(eq(long, view(SYS_linkat, fd, 0, AT_FDCWD, at("new"), AT_EMPTY_PATH), -EFAULT));
	close(fd);
}

Test(link, a_file_of_upper_is_not_copied)
{
	put(W_UP, "u", "up");
	cr_expect(eq(long, link_("u", "new"), 0));
	cr_expect(eq(u64, lstat_of(W_UP, "u").st_nlink, 2));
	cr_expect(eq(uint, fault_count(__NR_copy_file_range), 0));
	cr_expect(eq(str, shown("new"), (char *)"up"));
}

Test(link, a_link_takes_the_place_of_a_whiteout)
{
	cr_assert_eq(view(SYS_unlink, at("f")), 0);
	cr_expect(eq(long, link_("d/f", "f"), 0));
	cr_expect(eq(str, shown("f"), (char *)"low"));
	cr_expect(eq(u64, lstat_of(W_UP, "f").st_ino, lstat_of(W_UP, "d/f").st_ino));
	EXPECT_NO_TEMPORARY();
}

Test(link, a_whiteout_is_no_file_to_link)
{
	cr_assert_eq(view(SYS_unlink, at("f")), 0);
	cr_expect(eq(long, link_("f", "new"), -ENOENT));
	cr_expect(not(is_there(W_UP, "new")));
	cr_expect(is_whiteout(W_UP, "f"));
}

Test(link, the_names_of_a_lower_file_stay_one_file)
{
	cr_assert_eq(link(in(W_LOW(1), "f"), in(W_LOW(1), "g")), 0);
	cr_expect(eq(long, link_("f", "new"), 0));
	expect_same("f", "new");
	expect_same("f", "g");
	cr_expect(eq(u64, lstat_of(W_LOW(1), "f").st_nlink, 2));
	EXPECT_NO_TEMPORARY();
}

Test(link, what_cannot_be_is_refused_before_a_copy)
{
	cr_expect(eq(long, link_("f", "d/f"), -EEXIST));
	cr_expect(eq(long, link_("f", "d"), -EEXIST));
	cr_expect(eq(long, link_("f", "d/."), -EEXIST));
	cr_expect(eq(long, link_("d", "new"), -EPERM));
	cr_expect(eq(long, link_("f", "new/"), -ENOENT));
	cr_expect(eq(long, link_("f/", "new"), -ENOTDIR));
	cr_expect(eq(long, link_("f", "missing/new"), -ENOENT));
	cr_expect(eq(long, link_("missing", "new"), -ENOENT));
	cr_expect(eq(long, link_("missing", "f"), -ENOENT));
	cr_expect(eq(int, names_in(W_UP, ""), 0));
}

Test(link, out_of_the_view_and_into_it_is_exdev)
{
	char outside[96];

	snprintf(outside, sizeof(outside), "%s/outside", w.dir);
	put("outside", "", "out");
	cr_expect(eq(long, view(SYS_link, (long)outside, at("new")), -EXDEV));
	cr_expect(eq(long, view(SYS_link, at("f"), (long)in("other", "")), -EXDEV));
	cr_expect(eq(int, names_in(W_UP, ""), 0));
}

Test(link, a_symlink_is_linked_itself_unless_told)
{
	put_link(W_LOW(1), "l", "d/f");
	cr_expect(eq(long, link_("l", "own"), 0));
	cr_expect(eq(uint, lstat_of(W_UP, "own").st_mode & S_IFMT, S_IFLNK));
	cr_expect(not(is_there(W_UP, "d")));
	cr_expect(eq(long,
		     view(SYS_linkat, AT_FDCWD, at("l"), AT_FDCWD, at("target"), AT_SYMLINK_FOLLOW),
		     0));
	cr_expect(eq(str, text_of(W_UP, "target"), (char *)"low"));
	expect_same("target", "d/f");
}

Test(link, an_empty_path_links_the_descriptors_file)
{
	long fd = view(SYS_openat, AT_FDCWD, at("f"), O_RDONLY);

	if (geteuid())
		cr_skip_test("takes root");
	cr_expect(eq(long, view(SYS_linkat, fd, (long)"", AT_FDCWD, at("new"), 0), -ENOENT));
	cr_expect(eq(long, view(SYS_linkat, fd, (long)"", AT_FDCWD, at("new"), AT_EMPTY_PATH), 0));
	cr_expect(eq(str, shown("new"), (char *)"low"));
	expect_same("f", "new");
	cr_expect(eq(u64, lstat_of(W_LOW(1), "f").st_nlink, 1));
	cr_expect(eq(long, view(SYS_linkat, fd, (long)"", AT_FDCWD, at("x"), 1), -EINVAL));
	close((int)fd);
}

Test(link, a_nameless_file_gets_a_name)
{
	long fd = view(SYS_openat, AT_FDCWD, at("d"), O_TMPFILE | O_RDWR, 0644);
	char link[32];

	if (fd == -EOPNOTSUPP)
		cr_skip_test("no O_TMPFILE here");
	cr_assert_geq(fd, 0);
	cr_expect_eq(write((int)fd, "new", 3), 3);
	snprintf(link, sizeof(link), "/proc/self/fd/%ld", fd);
	cr_expect(eq(long,
		     view(SYS_linkat, AT_FDCWD, (long)link, AT_FDCWD, at("f"), AT_SYMLINK_FOLLOW),
		     -EEXIST));
	cr_assert_eq(view(SYS_unlink, at("f")), 0);
	cr_expect(eq(long,
		     view(SYS_linkat, AT_FDCWD, (long)link, AT_FDCWD, at("f"), AT_SYMLINK_FOLLOW),
		     0));
	cr_expect(eq(str, text_of(W_UP, "f"), (char *)"new"));
	close((int)fd);
	EXPECT_NO_TEMPORARY();
}

Test(link, a_full_upper_leaves_neither_name)
{
	static const long steps[] = {__NR_copy_file_range, __NR_linkat};
	int before = fds_open();

	for (size_t i = 0; i < OVL_ARRAY_SIZE(steps); i++) {
		fault_reset();
		fault_set(steps[i], FAULT_EACH, -ENOSPC);
		cr_expect(eq(long, link_("f", "new"), -ENOSPC), "%ld", steps[i]);
		cr_expect(not(is_there(W_UP, "new")));
		cr_expect(eq(str, shown("f"), (char *)"low"));
		cr_expect(eq(int, fds_open(), before));
		EXPECT_NO_TEMPORARY();
	}
}

Test(link, a_full_upper_leaves_the_whiteout)
{
	cr_assert_eq(view(SYS_unlink, at("f")), 0);
	fault_set(__NR_linkat, FAULT_EACH, -ENOSPC);
	cr_expect(eq(long, link_("d/f", "f"), -ENOSPC));
	cr_expect(is_whiteout(W_UP, "f"));
	EXPECT_NO_TEMPORARY();
}

static void other_creates(void *arg)
{
	int fd = open(in(W_UP, arg), O_CREAT | O_EXCL | O_WRONLY, 0600);

	(void)!write(fd, "other", 5);
	close(fd);
}

Test(link, a_name_that_appears_is_eexist)
{
	fault_hook(__NR_linkat, 1, other_creates, (void *)"new");
	cr_expect(eq(long, link_("f", "new"), -EEXIST));
	cr_expect(eq(str, text_of(W_UP, "new"), (char *)"other"));
	EXPECT_NO_TEMPORARY();
}

Test(link, a_source_that_vanishes_is_enoent)
{
	put(W_UP, "u", "up");
	fault_hook(__NR_linkat, 1, other_unlinks, (void *)"u");
	cr_expect(eq(long, link_("u", "new"), -ENOENT));
	cr_expect(not(is_there(W_UP, "new")));
	EXPECT_NO_TEMPORARY();
}

Test(link, an_interrupted_link_is_made_again)
{
	fault_set(__NR_linkat, 1, -EINTR);
	cr_expect(eq(long, link_("f", "new"), 0));
	expect_same("f", "new");
}

Test(link, a_read_only_session_says_erofs)
{
	w.ss->flags = OVL_S_READ_ONLY;
	w.ss->layer[0].path = (struct ovl_str){0};
	cr_expect(eq(long, link_("f", "new"), -EROFS));
	cr_expect(eq(long, link_("f", "d/f"), -EEXIST));
	cr_expect(eq(long, link_("missing", "new"), -ENOENT));
}
