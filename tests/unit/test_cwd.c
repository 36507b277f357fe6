/* SPDX-License-Identifier: MIT */
#include "fault.h"
#include "fixture.h"
#include "marks.h"

static void start(void)
{
	world_make_files();
	put_dir(W_UP, "u");
	put(W_UP, "u/g", "up");
}

TestSuite(cwd, .init = start, .fini = world_end);

static long chdir_(const char *rel)
{
	return view(SYS_chdir, at(rel));
}

/* What getcwd says; "(-2)" when it fails with ENOENT. */
static char *cwd(void)
{
	static char buf[PATH_MAX];
	long n = view(SYS_getcwd, (long)buf, sizeof(buf));

	if (n < 0)
		snprintf(buf, sizeof(buf), "(%ld)", n);
	else
		cr_expect(eq(long, n, (long)strlen(buf) + 1));
	return buf;
}

static void expect_cwd(const char *rel)
{
	cr_expect(eq(str, cwd(), (char *)in("view", rel)));
}

/* The content of a name below the cwd, as the view shows it. */
static char *here(const char *name)
{
	return text_fd(view(SYS_openat, AT_FDCWD, (long)name, O_RDONLY));
}

Test(cwd, a_lower_directory_is_known_by_its_name_in_the_view)
{
	int before = fds_open();

	cr_expect(eq(long, chdir_("d"), 0));
	expect_cwd("d");
	cr_expect(eq(str, here("f"), (char *)"low"));
	cr_expect(eq(str, here("../f"), (char *)"low"));
	cr_expect(eq(int, fds_open(), before));
	cr_expect(eq(int, names_in(W_UP, ""), 1));
}

Test(cwd, a_directory_of_upper_alone_can_be_entered)
{
	cr_expect(eq(long, chdir_("u"), 0));
	expect_cwd("u");
	cr_expect(eq(str, here("g"), (char *)"up"));
	cr_expect(eq(str, here("../d/f"), (char *)"low"));
}

Test(cwd, the_root_of_the_view_can_be_entered)
{
	cr_expect(eq(long, chdir_(""), 0));
	expect_cwd("");
	cr_expect(eq(long, view(SYS_chdir, (long)"d"), 0));
	expect_cwd("d");
	cr_expect(eq(long, view(SYS_chdir, (long)".."), 0));
	cr_expect(eq(long, view(SYS_chdir, (long)"u/"), 0));
	expect_cwd("u");
}

Test(cwd, what_changes_later_is_seen_from_inside)
{
	cr_assert_eq(chdir_("d"), 0);
	cr_assert_eq(view(SYS_mkdir, at("d/new"), 0755), 0);
	cr_assert_eq(view(SYS_unlink, at("d/f")), 0);
	cr_expect(eq(str, here("f"), (char *)"(-2)"));
	cr_expect(eq(long, view(SYS_chdir, (long)"new"), 0));
	expect_cwd("d/new");
}

Test(cwd, the_kernel_is_in_the_lower_of_a_merged_directory)
{
	char buf[PATH_MAX];

	put_dir(W_UP, "d");
	put(W_UP, "d/new", "up");
	cr_expect(eq(long, chdir_("d"), 0));
	expect_cwd("d");
	cr_assert(ne(ptr, getcwd(buf, sizeof(buf)), NULL));
	cr_expect(eq(str, buf, (char *)in(W_LOW(1), "d")));
	cr_expect(eq(str, here("new"), (char *)"up"));
	cr_expect(eq(str, here("f"), (char *)"low"));
}

Test(cwd, what_is_no_directory_leaves_the_cwd_as_it_was)
{
	put_link(W_LOW(1), "l", "f");
	cr_assert_eq(chdir_("d"), 0);
	cr_expect(eq(long, chdir_("f"), -ENOTDIR));
	cr_expect(eq(long, chdir_("f/"), -ENOTDIR));
	cr_expect(eq(long, chdir_("l"), -ENOTDIR));
	cr_expect(eq(long, chdir_("missing"), -ENOENT));
	cr_expect(eq(long, view(SYS_chdir, (long)""), -ENOENT));
	cr_expect(eq(long, view(SYS_chdir, 0), -EFAULT));
	expect_cwd("d");
}

Test(cwd, a_directory_with_a_whiteout_is_not_there)
{
	put_dir(W_LOW(1), "e");
	cr_assert_eq(view(SYS_rmdir, at("e")), 0);
	cr_expect(eq(long, chdir_("e"), -ENOENT));
}

Test(cwd, a_symlink_to_a_directory_is_followed)
{
	put_link(W_LOW(1), "l", "d");
	put_link(W_LOW(1), "lu", "u");
	cr_expect(eq(long, chdir_("l"), 0));
	expect_cwd("d");
	cr_expect(eq(long, chdir_("lu/"), 0));
	expect_cwd("u");
}

Test(cwd, fchdir_goes_where_the_descriptor_is)
{
	static const char *const dirs[] = {"d", "u"};

	for (size_t i = 0; i < OVL_ARRAY_SIZE(dirs); i++) {
		long fd = view(SYS_openat, AT_FDCWD, at(dirs[i]), O_RDONLY | O_DIRECTORY);

		cr_assert_geq(fd, 0);
		cr_expect(eq(long, view(SYS_fchdir, fd), 0));
		expect_cwd(dirs[i]);
		close((int)fd);
	}
}

Test(cwd, a_buffer_must_hold_the_path_and_its_end)
{
	char buf[256] = "#";
	long need = (long)strlen(in("view", "d")) + 1;

	cr_assert_eq(chdir_("d"), 0);
	cr_expect(eq(long, view(SYS_getcwd, (long)buf, 0), -ERANGE));
	cr_expect(eq(long, view(SYS_getcwd, (long)buf, need - 1), -ERANGE));
	cr_expect(eq(chr, buf[0], '#'));
	buf[need] = '#';
	cr_expect(eq(long, view(SYS_getcwd, (long)buf, need), need));
	cr_expect(eq(chr, buf[need], '#'));
	cr_expect(eq(str, buf, (char *)in("view", "d")));
}

Test(cwd, a_removed_cwd_has_no_name)
{
	put_dir(W_LOW(1), "e");
	cr_assert_eq(chdir_("e"), 0);
	cr_assert_eq(view(SYS_rmdir, at("e")), 0);
	cr_expect(eq(str, cwd(), (char *)"(-2)"));
	cr_expect(eq(str, here("x"), (char *)"(-2)"));
	cr_assert_eq(view(SYS_mkdir, at("e"), 0755), 0);
	cr_expect(eq(str, cwd(), (char *)"(-2)")); /* another one */
	cr_assert_eq(view(SYS_unlink, at("u/g")), 0);
	cr_assert_eq(chdir_("u"), 0);
	cr_assert_eq(view(SYS_rmdir, at("u")), 0);
	cr_expect(eq(str, cwd(), (char *)"(-2)"));
}

Test(cwd, a_renamed_cwd_has_its_new_name)
{
	cr_assert_eq(chdir_("u"), 0);
	cr_assert_eq(view(SYS_rename, at("u"), at("v")), 0);
	expect_cwd("v");
	cr_expect(eq(str, here("g"), (char *)"up"));
}

Test(cwd, out_of_the_view_the_kernel_answers)
{
	cr_assert_eq(chdir_("d"), 0);
	cr_expect(eq(long, view(SYS_chdir, (long)"/"), 0));
	cr_expect(eq(str, cwd(), (char *)"/"));
	cr_expect(eq(long, view(SYS_chdir, (long)"/proc"), 0));
	cr_expect(eq(str, cwd(), (char *)"/proc"));
}

Test(cwd, what_the_kernel_refuses_leaves_the_cwd_as_it_was)
{
	cr_assert_eq(chdir_("d"), 0);
	fault_set(__NR_chdir, 1, -EACCES);
	cr_expect(eq(long, chdir_("u"), -EACCES));
	expect_cwd("d");
	cr_expect(eq(str, here("f"), (char *)"low"));
}

Test(cwd, a_merged_directory_has_uppers_rights)
{
	if (geteuid())
		cr_skip_test("takes another user");
	cr_assert_eq(view(SYS_chmod, at("d"), 0700), 0);
	cr_assert_eq(seteuid(65534), 0);
	cr_expect(eq(long, chdir_("d"), -EACCES));
	cr_assert_eq(seteuid(0), 0);
	cr_expect(eq(long, chdir_("d"), 0));
}

Test(cwd, recorded_rights_count)
{
	int fd = open(in(W_UP, "u"), O_RDONLY);
	int file = open(in(W_UP, "u/g"), O_RDONLY);

	cr_assert_eq(setxattr(in(W_UP, "u"), OVL_XATTR_OVERRIDE, "1000:0:640", 10, 0), 0);
	cr_assert_eq(setxattr(in(W_UP, "u/g"), OVL_XATTR_OVERRIDE, "1000:0:640", 10, 0), 0);
	w.ss->overrides = 1;
	fault_set(__NR_geteuid, FAULT_EACH, 1000);
	cr_expect(eq(long, chdir_("u"), -EACCES));
	cr_expect(eq(long, view(SYS_fchdir, fd), -EACCES));
	cr_expect(eq(long, view(SYS_fchdir, file), -ENOTDIR));
	cr_assert_eq(setxattr(in(W_UP, "u"), OVL_XATTR_OVERRIDE, "1000:0:740", 10, 0), 0);
	cr_expect(eq(long, view(SYS_fchdir, fd), 0));
	cr_expect(eq(long, chdir_("u"), 0));
	close(file);
	close(fd);
}

Test(cwd, chroot_is_refused_as_to_any_user)
{
	cr_expect(eq(long, view(SYS_chroot, at("d")), -EPERM));
	cr_expect(eq(long, view(SYS_chroot, at("f")), -ENOTDIR));
	cr_expect(eq(long, view(SYS_chroot, at("missing")), -ENOENT));
	cr_expect(eq(long, view(SYS_chroot, (long)"/"), -EPERM));
}

/* The kernel's own ".." of it is upper's directory, where nothing that it makes is announced. */
Test(cwd, from_a_removed_directory_of_upper_the_way_up_is_the_views)
{
	static const char *const dir[] = {"born", "over"};
	char made[16];

	put_dir(W_LOW(1), "over");
	put(W_LOW(1), "file", "low");
	cr_assert_eq(view(SYS_rmdir, at("over")), 0); /* the next one goes by way of work */
	for (int i = 0; i < 2; i++) {
		snprintf(made, sizeof(made), "../made%d", i);
		cr_assert_eq(view(SYS_mkdir, at(dir[i]), 0755), 0);
		cr_assert_eq(view(SYS_chdir, at(dir[i])), 0);
		cr_assert_eq(view(SYS_rmdir, at(dir[i])), 0);
		cr_expect(eq(long, view(SYS_mkdir, "made", 0755), -ENOENT));
		cr_expect(eq(long, view(SYS_mkdir, made, 0755), 0), "%s", dir[i]);
		cr_expect(eq(long, view(SYS_access, at(made + 3), F_OK), 0), "%s", dir[i]);
		cr_expect(eq(long, view(SYS_access, "../file", F_OK), 0), "%s", dir[i]);
		cr_expect(eq(long, view(SYS_chmod, ".", 0700), 0), "%s", dir[i]);
	}
}
