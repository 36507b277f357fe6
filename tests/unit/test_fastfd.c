/* SPDX-License-Identifier: MIT */
#include "fastfd.h"

#include "fault.h"
#include "fixture.h"
#include "known.h"
#include "marks.h"
#include "view.h"

static void start(void)
{
	world_make_same_root();
	put_dir(W_LOW(1), "d");
	put(W_LOW(1), "d/f", "low");
}

TestSuite(fastfd, .init = start, .fini = world_end);

static const struct timespec times[2] = {{1000, 0}, {2000, 0}};
static char buf[256];

/* A new file, open to be written. */
static int new_file(void)
{
	int fd = (int)view(SYS_open, at("new"), O_RDWR | O_CREAT | O_EXCL, 0600);

	cr_assert(ge(int, fd, 0));
	fault_reset();
	return fd;
}

static void change(int fd)
{
	cr_expect(eq(long, view(SYS_fchmod, fd, 0640), 0));
	cr_expect(eq(long, view(SYS_fchown, fd, -1, -1), 0));
	cr_expect(eq(long, view(SYS_utimensat, fd, NULL, times, 0), 0));
	cr_expect(eq(long, view(SYS_fsetxattr, fd, "user.a", "1", 1, 0), 0));
	cr_expect(eq(long, view(SYS_fgetxattr, fd, "user.a", buf, sizeof(buf)), 1));
	cr_expect(eq(long, view(SYS_flistxattr, fd, buf, sizeof(buf)), 7));
	cr_expect(eq(long, view(SYS_fremovexattr, fd, "user.a"), 0));
}

Test(fastfd, what_changes_a_new_file_is_one_call_each)
{
	int fd = new_file();

	change(fd);
	cr_expect(eq(uint, fault_total(), 7));
	cr_expect(eq(uint, lstat_of(W_UP, "new").st_mode & 07777, 0640));
	cr_expect(eq(long, lstat_of(W_UP, "new").st_mtime, 2000));
	close(fd);
}

Test(fastfd, a_lower_file_that_has_the_number_next_is_copied)
{
	struct stat was = lstat_of(W_LOW(1), "d/f");
	int fd = new_file();
	int other;

	cr_assert_eq(view(SYS_close, fd), 0);
	other = (int)view(SYS_open, at("d/f"), O_RDONLY);
	cr_assert(eq(int, other, fd));
	change(other);
	cr_expect(eq(long, lstat_of(W_LOW(1), "d/f").st_ctime, was.st_ctime));
	cr_expect(eq(uint, lstat_of(W_LOW(1), "d/f").st_mode, was.st_mode));
	cr_expect(eq(uint, lstat_of(W_UP, "d/f").st_mode & 07777, 0640));
	close(other);
}

Test(fastfd, one_that_was_put_there_is_copied_too)
{
	struct stat was = lstat_of(W_LOW(1), "d/f");
	int low = (int)view(SYS_open, at("d/f"), O_RDONLY);
	int fd = new_file();

	cr_assert_eq(view(SYS_dup2, low, fd), fd);
	change(fd);
	cr_expect(eq(uint, lstat_of(W_LOW(1), "d/f").st_mode, was.st_mode));
	cr_expect(eq(uint, lstat_of(W_UP, "d/f").st_mode & 07777, 0640));
	close(fd);
	close(low);
}

/* Locks on a lower directory's descriptor meet all others': that is all. */
Test(fastfd, a_lower_directory_stays_as_it_is)
{
	struct stat was = lstat_of(W_LOW(1), "d");
	int fd = (int)view(SYS_open, at("d"), O_RDONLY | O_DIRECTORY);

	cr_expect(eq(long, view(SYS_flock, fd, 1), 0));
	cr_expect(ovl_known_meets(fd));
	cr_expect(eq(long, view(SYS_fchmod, fd, 0700), 0));
	cr_expect(eq(uint, lstat_of(W_LOW(1), "d").st_mode, was.st_mode));
	cr_expect(eq(uint, lstat_of(W_UP, "d").st_mode & 07777, 0700));
	close(fd);
}

Test(fastfd, names_like_ours_are_a_programs_own)
{
	static const char like_ours[] = "user.overlay.opaque";
	int fd = new_file();

	cr_expect(eq(long, view(SYS_fsetxattr, fd, like_ours, "y", 1, 0), 0));
	cr_expect(eq(long, getxattr(in(W_UP, "new"), like_ours, buf, sizeof(buf)), -1));
	cr_expect(eq(long, view(SYS_fgetxattr, fd, like_ours, buf, sizeof(buf)), 1));
	cr_expect(eq(long, view(SYS_flistxattr, fd, buf, sizeof(buf)), sizeof(like_ours)));
	cr_expect(eq(str, buf, (char *)like_ours));
	cr_expect(eq(long, view(SYS_flistxattr, fd, NULL, 0), sizeof(like_ours)));
	cr_expect(eq(long, view(SYS_fremovexattr, fd, like_ours), 0));
	cr_expect(eq(long, view(SYS_flistxattr, fd, buf, sizeof(buf)), 0));
	cr_expect(eq(long, view(SYS_fsetxattr, fd, OVL_XATTR_OVERRIDE, "0:0:644", 7, 0), -EPERM));
	cr_expect(eq(long, view(SYS_fgetxattr, fd, OVL_XATTR_OVERRIDE, buf, 9), -ENODATA));
	close(fd);
}

Test(fastfd, where_modes_are_recorded_nothing_is_the_kernels)
{
	struct stat st;
	int fd;

	leave_root();
	fd = new_file();
	cr_expect(eq(long, view(SYS_fchmod, fd, 0200), 0)); /* who owns it may not read it */
	cr_expect(ne(uint, w.ss->overrides, 0));
	cr_expect(eq(long, view(SYS_fchmod, fd, 0640), 0));
	cr_expect(eq(long, view(SYS_fstat, fd, &st), 0));
	cr_expect(eq(uint, st.st_mode & 07777, 0640));
	cr_expect(eq(long, view(SYS_flistxattr, fd, buf, sizeof(buf)), 0));
	cr_expect(ge(uint, fault_count(__NR_rt_sigprocmask), 6));
	close(fd);
}

Test(fastfd, xattrs_of_a_lower_file_are_read_with_a_look_at_its_number)
{
	int fd;

	cr_assert_eq(setxattr(in(W_LOW(1), "d/f"), "user.a", "12", 2, 0), 0);
	fd = (int)view(SYS_open, at("d/f"), O_RDONLY);
	fault_reset();
	cr_expect(eq(long, view(SYS_fgetxattr, fd, "user.a", buf, sizeof(buf)), 2));
	cr_expect(eq(long, view(SYS_fgetxattr, fd, "user.b", buf, sizeof(buf)), -ENODATA));
	cr_expect(eq(long, view(SYS_flistxattr, fd, buf, sizeof(buf)), 7));
	cr_expect(eq(uint, fault_total(), 6));
	cr_expect(eq(long, view(SYS_flistxattr, fd, NULL, 0), 7));
	cr_expect(eq(long, view(SYS_flistxattr, fd, buf, 3), -ERANGE));
	close(fd);
}

/* Another process has copied it up since, and changed it. */
Test(fastfd, xattrs_of_a_copied_file_are_the_copys)
{
	int fd;
	int other;

	cr_assert_eq(view(SYS_setxattr, at("d/f"), "user.new", "1", 1, 0), 0);
	fd = open(in(W_LOW(1), "d/f"), O_RDONLY); /* as if it had been open before */
	other = open(in(W_LOW(1), "d/f"), O_RDONLY);
	cr_expect(eq(long, view(SYS_fgetxattr, fd, "user.new", buf, sizeof(buf)), 1));
	cr_expect(eq(long, view(SYS_flistxattr, other, buf, sizeof(buf)), 9));
	cr_expect(eq(str, buf, (char *)"user.new"));
	close(fd);
	close(other);
}

Test(fastfd, what_is_no_descriptor_is_told)
{
	int path = (int)view(SYS_open, at("d/f"), O_PATH);

	cr_expect(eq(long, view(SYS_fchmod, 999, 0600), -EBADF));
	cr_expect(eq(long, view(SYS_flistxattr, 999, buf, sizeof(buf)), -EBADF));
	cr_expect(eq(long, view(SYS_flistxattr, path, buf, sizeof(buf)), -EBADF));
	cr_expect(eq(long, view(SYS_fgetxattr, path, "user.a", buf, sizeof(buf)), -EBADF));
	cr_expect(eq(long, view(SYS_fgetxattr, path, NULL, buf, sizeof(buf)), -EFAULT));
	close(path);
}
