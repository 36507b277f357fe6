/* SPDX-License-Identifier: MIT */
#include "hollow.h"

#include "copy_up.h"
#include "fault.h"
#include "fixture.h"

static void start(void)
{
	world_make(1);
	put(W_LOW(1), "f", "secret");
	cr_assert_eq(setxattr(in(W_LOW(1), "f"), "user.a", "value", 5, 0), 0);
	chmod(in(W_LOW(1), "f"), 0600);
}

TestSuite(hollow, .init = start, .fini = world_end);

/* Another user, to whom all but the file belongs. */
static void become_other(void)
{
	if (geteuid())
		cr_skip_test("takes another user");
	leave_root();
}

static long rename_to(const char *from, const char *to)
{
	return view(SYS_renameat, AT_FDCWD, at(from), AT_FDCWD, at(to));
}

Test(hollow, a_file_that_cannot_be_read_can_be_moved)
{
	struct stat was = lstat_of(W_LOW(1), "f");
	struct stat st;

	become_other();
	cr_expect(eq(long, rename_to("f", "g"), 0));
	cr_expect(eq(long, view(SYS_newfstatat, AT_FDCWD, at("g"), &st, 0), 0));
	cr_expect(eq(u64, st.st_ino, was.st_ino));
	cr_expect(eq(uint, st.st_uid, 0));
	cr_expect(eq(uint, st.st_mode & 07777, 0600));
	cr_expect(eq(long, st.st_size, 6));
	cr_expect(eq(long, st.st_mtim.tv_sec, was.st_mtim.tv_sec));
	cr_expect(eq(long, view(SYS_openat, AT_FDCWD, at("g"), O_RDONLY), -EACCES));
	cr_expect(eq(long, view(SYS_openat, AT_FDCWD, at("g"), O_WRONLY | O_TRUNC), -EACCES));
	cr_expect(eq(long, view(SYS_truncate, at("g"), 0), -EACCES));
	cr_expect(eq(long, view(SYS_fchmodat, AT_FDCWD, at("g"), 0644), -EPERM));
	cr_expect(eq(long, view(SYS_getxattr, at("g"), "user.a", NULL, 0), -EACCES));
	cr_expect_gt(getxattr(in(W_UP, "g"), "user.ovl.data", NULL, 0), 0);
	cr_expect_eq(getxattr(in(W_UP, "g"), "user.overlay.metacopy", NULL, 0), 0);
	EXPECT_NO_TEMPORARY();
}

Test(hollow, who_may_read_it_finds_its_content)
{
	char value[8] = "";

	become_other();
	cr_expect(eq(long, rename_to("f", "g"), 0));
	cr_assert_eq(seteuid(0), 0);
	cr_expect(eq(long, view(SYS_getxattr, at("g"), "user.a", value, sizeof(value)), 5));
	cr_expect(eq(str, value, (char *)"value"));
	cr_expect(eq(str, shown("g"), (char *)"secret"));
	cr_expect(eq(str, text_of(W_UP, "g"), (char *)"secret"));
	cr_expect_lt(getxattr(in(W_UP, "g"), "user.ovl.data", NULL, 0), 0);
	cr_expect_lt(getxattr(in(W_UP, "g"), "user.overlay.metacopy", NULL, 0), 0);
}

Test(hollow, a_file_of_ones_own_or_that_is_written_is_not_copied_so)
{
	become_other();
	cr_expect(eq(long, view(SYS_openat, AT_FDCWD, at("f"), O_WRONLY), -EACCES));
	cr_assert_eq(seteuid(0), 0);
	chown(in(W_LOW(1), "f"), 65534, 65534);
	chmod(in(W_LOW(1), "f"), 0200);
	cr_assert_eq(seteuid(65534), 0);
	cr_expect(eq(long, rename_to("f", "g"), -EACCES));
	cr_expect(eq(int, names_in(W_UP, ""), 0));
}

Test(hollow, of_a_directory_that_cannot_be_read_the_xattrs_are_asked_for_later)
{
	char value[8] = "";

	put_dir(W_LOW(1), "d");
	cr_assert_eq(setxattr(in(W_LOW(1), "d"), "user.a", "value", 5, 0), 0);
	chmod(in(W_LOW(1), "d"), 0711);
	become_other();
	cr_expect(eq(long, view(SYS_mknodat, AT_FDCWD, at("new"), S_IFREG | 0644, 0), 0));
	cr_expect(eq(int, name_of(ctx_make(), 0, "d")->layer, 1));
	cr_expect(eq(int, ovl_copy_up(ctx_make(), name_of(ctx_make(), 0, "d"), 0), 0));
	cr_expect(eq(long, view(SYS_listxattr, at("d"), NULL, 0), 7));
	cr_expect(eq(long, view(SYS_getxattr, at("d"), "user.a", value, 8), -EACCES));
	cr_assert_eq(seteuid(0), 0);
	cr_expect(eq(long, view(SYS_getxattr, at("d"), "user.a", value, 8), 5));
	cr_expect(eq(str, value, (char *)"value"));
	cr_expect_lt(getxattr(in(W_UP, "d"), "user.ovl.data", NULL, 0), 0);
}
