/* SPDX-License-Identifier: MIT */
#include <linux/fs.h>
#include <sys/ioctl.h>

#include "fault.h"
#include "fixture.h"
#include "override.h"

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

TestSuite(attr, .init = world_make_files, .fini = world_end);

static unsigned mode_of(const char *tree, const char *rel)
{
	return lstat_of(tree, rel).st_mode & 07777;
}

static long chmod_(const char *rel, unsigned mode)
{
	return view(SYS_chmod, at(rel), mode);
}

static long chown_(const char *rel, int uid, int gid)
{
	return view(SYS_chown, at(rel), uid, gid);
}

static long open_(const char *rel, int flags)
{
	long fd = view(SYS_openat, AT_FDCWD, at(rel), flags);

	cr_assert_geq(fd, 0);
	return fd;
}

Test(attr, chmod_reaches_only_the_copy)
{
	int before = fds_open();

	cr_expect(eq(long, chmod_("d/f", 0700), 0));
	cr_expect(eq(uint, mode_of(W_UP, "d/f"), 0700));
	cr_expect(eq(uint, mode_of(W_LOW(1), "d/f"), 0644));
	cr_expect(eq(str, text_of(W_UP, "d/f"), (char *)"low"));
	cr_expect(eq(int, fds_open(), before));
	EXPECT_NO_TEMPORARY();
}

Test(attr, chmod_of_what_cannot_be_copies_nothing)
{
	cr_expect(eq(long, chmod_("missing", 0700), -ENOENT));
	cr_expect(eq(long, chmod_("f/", 0700), -ENOTDIR));
	cr_expect(eq(long, chmod_("f/x", 0700), -ENOTDIR));
	cr_expect(eq(long, view(SYS_chmod, 0, 0700), -EFAULT));
	cr_expect(eq(int, names_in(W_UP, ""), 0));
	put_whiteout(W_UP, "f");
	cr_expect(eq(long, chmod_("f", 0700), -ENOENT));
	cr_expect(is_whiteout(W_UP, "f"));
}

Test(attr, chmod_follows_a_symlink_and_has_none_of_its_own)
{
	put_link(W_LOW(1), "l", "f");
	cr_expect(eq(long, chmod_("l", 0700), 0));
	cr_expect(eq(uint, mode_of(W_UP, "f"), 0700));
	cr_expect(not(is_there(W_UP, "l")));
	cr_expect(eq(long, view(SYS_fchmodat2, AT_FDCWD, at("l"), 0700, AT_SYMLINK_NOFOLLOW),
		     -EOPNOTSUPP));
}

Test(attr, fchmod_by_a_reading_descriptor_reaches_only_the_copy)
{
	long fd = open_("d/f", O_RDONLY);
	struct stat st;

	cr_expect(eq(long, view(SYS_fchmod, fd, 0700), 0));
	cr_expect(eq(uint, mode_of(W_UP, "d/f"), 0700));
	cr_expect(eq(uint, mode_of(W_LOW(1), "d/f"), 0644));
	cr_expect(eq(long, view(SYS_stat, at("d/f"), (long)&st), 0));
	cr_expect(eq(uint, st.st_mode & 07777, 0700));
	cr_expect(eq(str, text_fd(fd), (char *)"low"));
}

/* The kernel would let the owner do it, and then nobody could read what is stored on the copy. */
Test(attr, fchmod_to_a_mode_that_keeps_its_owner_out_is_recorded)
{
	struct stat was = lstat_of(W_LOW(1), "f");
	struct stat st;
	long fd;

	if (!geteuid())
		cr_assert_eq(chown(in(W_LOW(1), "f"), 65534, getegid()), 0);
	leave_root();
	fd = open_("f", O_RDWR);
	cr_expect(eq(long, view(SYS_fchmod, fd, 0), 0));
	cr_expect(eq(long, view(SYS_fstat, fd, (long)&st), 0));
	cr_expect(eq(uint, st.st_mode & 07777, 0));
	cr_expect(eq(u64, st.st_ino, was.st_ino));
	cr_expect(eq(long, view(SYS_openat, AT_FDCWD, at("f"), O_RDONLY), -EACCES));
	close((int)fd);
}

Test(attr, an_o_path_descriptor_takes_no_f_call)
{
	long fd = open_("f", O_PATH);

	cr_expect(eq(long, view(SYS_fchmod, fd, 0700), -EBADF));
	cr_expect(eq(long, view(SYS_fchown, fd, 1, 1), -EBADF));
	cr_expect(eq(long, view(SYS_utimensat, fd, 0, 0, 0), -EBADF));
	cr_expect(eq(int, names_in(W_UP, ""), 0));
	cr_expect(eq(long, view(SYS_fchmodat2, fd, (long)"", 0700, AT_EMPTY_PATH), 0));
	cr_expect(eq(uint, mode_of(W_UP, "f"), 0700));
	cr_expect(eq(uint, mode_of(W_LOW(1), "f"), 0644));
	close((int)fd);
}

/* Another process of the run: the name f is of another file from now on. */
static void other_replaces_f(void *arg)
{
	(void)arg;
	put(W_UP, "other", "other");
	cr_assert_eq(view(SYS_rename, at("other"), at("f")), 0);
}

Test(attr, fchmod_of_a_file_whose_name_goes_meanwhile_is_of_that_file)
{
	long fd = open_("f", O_RDONLY);
	struct stat st;

	fault_hook(__NR_fchmodat, 1, other_unlinks, (void *)"f");
	cr_expect(eq(long, view(SYS_fchmod, fd, 0700), 0));
	cr_expect(eq(long, view(SYS_fstat, fd, &st), 0));
	cr_expect(eq(uint, st.st_mode & 07777, 0700));
	close((int)fd);
}

Test(attr, fchmod_of_a_file_whose_name_becomes_anothers_is_not_of_that)
{
	long fd = open_("f", O_RDONLY);

	fault_hook(__NR_fchmodat, 1, other_replaces_f, NULL);
	cr_expect(eq(long, view(SYS_fchmod, fd, 0700), 0));
	cr_expect(eq(uint, mode_of(W_UP, "f"), 0644));
	cr_expect(eq(str, text_fd(fd), (char *)"low"));
}

Test(attr, what_is_recorded_of_an_open_copy_changes_by_its_descriptor)
{
	long fd = open_("f", O_RDWR);
	struct stat st;

	cr_assert_eq(ovl_override_set((int)fd, geteuid(), 4242, 0640), 0);
	fault_hook(__NR_fchmodat, 1, other_replaces_f, NULL);
	cr_expect(eq(long, view(SYS_fchmod, fd, 0750), 0));
	cr_expect(eq(uint, mode_of(W_UP, "f"), 0644));
	cr_expect(eq(long, view(SYS_fstat, fd, &st), 0));
	cr_expect(eq(uint, st.st_mode & 07777, 0750));
	cr_expect(eq(uint, st.st_gid, 4242));
	close((int)fd);
}

Test(attr, fchmod_of_an_unlinked_lower_file_makes_no_name)
{
	long fd = open_("f", O_RDONLY);

	cr_assert_eq(view(SYS_unlink, at("f")), 0);
	cr_expect(eq(long, view(SYS_fchmod, fd, 0700), 0));
	cr_expect(is_whiteout(W_UP, "f"));
	cr_expect(eq(uint, mode_of(W_LOW(1), "f"), 0644));
	cr_expect(eq(str, text_fd(fd), (char *)"low"));
	EXPECT_NO_TEMPORARY();
}

Test(attr, chown_gives_the_copy_away)
{
	if (geteuid())
		cr_skip_test("takes root");
	cr_expect(eq(long, chown_("d/f", 1234, -1), 0));
	cr_expect(eq(uint, lstat_of(W_UP, "d/f").st_uid, 1234));
	cr_expect(eq(uint, lstat_of(W_UP, "d/f").st_gid, 0));
	cr_expect(eq(uint, lstat_of(W_LOW(1), "d/f").st_uid, 0));
	cr_expect(eq(long, chown_("d/f", -1, 4321), 0));
	cr_expect(eq(uint, lstat_of(W_UP, "d/f").st_uid, 1234));
	cr_expect(eq(uint, lstat_of(W_UP, "d/f").st_gid, 4321));
}

Test(attr, lchown_is_of_the_symlink)
{
	if (geteuid())
		cr_skip_test("takes root");
	put_link(W_LOW(1), "l", "f");
	cr_expect(eq(long, view(SYS_lchown, at("l"), 1234, 1234), 0));
	cr_expect(eq(uint, lstat_of(W_UP, "l").st_uid, 1234));
	cr_expect(eq(uint, lstat_of(W_UP, "l").st_mode & S_IFMT, S_IFLNK));
	cr_expect(not(is_there(W_UP, "f")));
	cr_expect(eq(uint, lstat_of(W_LOW(1), "l").st_uid, 0));
}

Test(attr, chown_to_nobody_takes_only_suid)
{
	cr_assert_eq(chmod(in(W_LOW(1), "f"), 04755), 0);
	cr_expect(eq(long, chown_("f", -1, -1), 0));
	cr_expect(eq(uint, mode_of(W_UP, "f"), 0755));
	cr_expect(eq(uint, mode_of(W_LOW(1), "f"), 04755));
	cr_expect(eq(long, chown_("d", -1, -1), 0));
	cr_expect(not(is_there(W_UP, "d")));
	cr_expect(eq(long, chown_("missing", -1, -1), -ENOENT));
}

Test(attr, times_that_are_both_omitted_copy_nothing)
{
	struct timespec ts[2] = {{0, UTIME_OMIT}, {0, UTIME_OMIT}};

	cr_expect(eq(long, view(SYS_utimensat, AT_FDCWD, at("f"), (long)ts, 0), 0));
	cr_expect(eq(int, names_in(W_UP, ""), 0));
}

Test(attr, a_time_that_is_omitted_is_the_lowers)
{
	struct timespec ts[2] = {{0, UTIME_OMIT}, {7, 8}};
	struct stat low = lstat_of(W_LOW(1), "d/f");
	struct stat up;

	cr_expect(eq(long, view(SYS_utimensat, AT_FDCWD, at("d/f"), (long)ts, 0), 0));
	up = lstat_of(W_UP, "d/f");
	cr_expect(eq(i64, up.st_mtim.tv_sec, 7));
	cr_expect(eq(i64, up.st_mtim.tv_nsec, 8));
	cr_expect(eq(i64, up.st_atim.tv_sec, low.st_atim.tv_sec));
	cr_expect(eq(i64, up.st_atim.tv_nsec, low.st_atim.tv_nsec));
	cr_expect(eq(i64, lstat_of(W_LOW(1), "d/f").st_mtim.tv_sec, low.st_mtim.tv_sec));
}

Test(attr, old_calls_for_times_count_in_their_own_units)
{
	long tv[4] = {1, 2, 3, 4};
	long wrong[4] = {1, 2, 3, 1000000};
	long sec[2] = {5, 6};

	cr_expect(eq(long, view(SYS_utimes, at("f"), (long)wrong), -EINVAL));
	cr_expect(not(is_there(W_UP, "f")));
	cr_expect(eq(long, view(SYS_utimes, at("f"), (long)tv), 0));
	cr_expect(eq(i64, lstat_of(W_UP, "f").st_atim.tv_sec, 1));
	cr_expect(eq(i64, lstat_of(W_UP, "f").st_atim.tv_nsec, 2000));
	cr_expect(eq(i64, lstat_of(W_UP, "f").st_mtim.tv_nsec, 4000));
	cr_expect(eq(long, view(SYS_utime, at("f"), (long)sec), 0));
	cr_expect(eq(i64, lstat_of(W_UP, "f").st_mtim.tv_sec, 6));
	cr_expect(eq(i64, lstat_of(W_UP, "f").st_mtim.tv_nsec, 0));
}

Test(attr, a_full_upper_leaves_the_lower_visible)
{
	struct stat st;
	int before = fds_open();

	fault_set(__NR_copy_file_range, FAULT_EACH, -ENOSPC);
	cr_expect(eq(long, chmod_("f", 0700), -ENOSPC));
	cr_expect(not(is_there(W_UP, "f")));
	cr_expect(eq(long, view(SYS_stat, at("f"), (long)&st), 0));
	cr_expect(eq(uint, st.st_mode & 07777, 0644));
	cr_expect(eq(int, fds_open(), before));
	EXPECT_NO_TEMPORARY();
}

Test(attr, an_interrupted_change_is_made_again)
{
	fault_set(__NR_fchmodat, 1, -EINTR);
	put(W_UP, "f", "up");
	cr_expect(eq(long, chmod_("f", 0700), 0));
	cr_expect(eq(uint, mode_of(W_UP, "f"), 0700));
	cr_expect(eq(uint, fault_count(__NR_fchmodat), 2));
}

Test(attr, a_read_only_session_says_erofs)
{
	w.ss->flags = OVL_S_READ_ONLY;
	w.ss->layer[0].path = (struct ovl_str){0};
	cr_expect(eq(long, chmod_("f", 0700), -EROFS));
	cr_expect(eq(long, chown_("f", 1, 1), -EROFS));
	cr_expect(eq(long, view(SYS_utimes, at("f"), 0), -EROFS));
	cr_expect(eq(long, chmod_("missing", 0700), -ENOENT));
	cr_expect(eq(uint, mode_of(W_LOW(1), "f"), 0644));
}

Test(attr, an_ioctl_that_changes_flags_never_reaches_the_lower)
{
	long fd = open_("f", O_RDONLY);
	int flags = 0;
	int low;

	if (ioctl((int)fd, FS_IOC_GETFLAGS, &flags))
		cr_skip_test("no flags here");
	cr_expect(eq(long, view(SYS_ioctl, fd, FS_IOC_GETFLAGS, (long)&flags), 0));
	cr_expect(eq(int, names_in(W_UP, ""), 0));
	flags |= FS_NODUMP_FL;
	cr_expect(eq(long, view(SYS_ioctl, fd, FS_IOC_SETFLAGS, (long)&flags), 0));
	cr_expect(is_there(W_UP, "f"));
	low = open(in(W_LOW(1), "f"), O_RDONLY);
	cr_expect(eq(int, ioctl(low, FS_IOC_GETFLAGS, &flags), 0));
	flags &= FS_NODUMP_FL;
	cr_expect(eq(int, flags, 0));
	close(low);
	close((int)fd);
}
