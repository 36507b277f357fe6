/* SPDX-License-Identifier: MIT */
#include "lost.h"

#include "fault.h"
#include "fixture.h"
#include "inode.h"
#include "override.h"
#include "record.h"

static void start(void)
{
	world_make(1);
	put(W_LOW(1), "f", "low");
}

TestSuite(lost, .init = start, .fini = world_end);

static struct stat shown_stat(int fd)
{
	struct stat st;

	cr_assert_eq(view(SYS_fstat, fd, &st), 0);
	return st;
}

Test(lost, a_lower_file_without_a_name_is_copied_before_it_changes)
{
	struct stat was = lstat_of(W_LOW(1), "f");
	int fd = (int)view(SYS_openat, AT_FDCWD, at("f"), O_RDONLY);
	struct stat st;

	cr_expect(eq(long, view(SYS_unlinkat, AT_FDCWD, at("f"), 0), 0));
	cr_expect(eq(long, view(SYS_fchmod, fd, 0604), 0));
	st = shown_stat(fd);
	cr_expect(eq(uint, st.st_mode & 07777, 0604));
	cr_expect(eq(u64, st.st_ino, was.st_ino));
	cr_expect(eq(ulong, st.st_nlink, 0));
	cr_expect(eq(uint, lstat_of(W_LOW(1), "f").st_mode & 07777, 0644));
	EXPECT_NO_TEMPORARY();
	cr_expect(eq(str, text_fd(fd), (char *)"low"));
}

/* Owner and mode that are only recorded stay so when the last name goes. */
Test(lost, what_is_recorded_of_a_file_without_a_name_changes_in_the_record)
{
	int fd = (int)view(SYS_openat, AT_FDCWD, at("f"), O_RDWR);

	cr_assert_eq(ovl_override_set(fd, geteuid(), 4242, 0640), 0);
	cr_expect(eq(long, view(SYS_unlinkat, AT_FDCWD, at("f"), 0), 0));
	fault_set(__NR_geteuid, FAULT_EACH, geteuid() ? (int)geteuid() : 0);
	cr_expect(eq(long, view(SYS_fchmod, fd, 0755), 0));
	cr_expect(eq(uint, shown_stat(fd).st_mode & 07777, 0755));
	cr_expect(eq(uint, shown_stat(fd).st_gid, 4242));
	cr_expect(eq(long, view(SYS_fchownat, fd, "", -1, -1, AT_EMPTY_PATH), 0));
	cr_expect(eq(uint, shown_stat(fd).st_mode & 07777, 0755));
	close(fd);
}

Test(lost, who_is_not_its_owner_by_the_record_may_not)
{
	int fd = (int)view(SYS_openat, AT_FDCWD, at("f"), O_RDWR);

	cr_assert_eq(ovl_override_set(fd, 4242, 4242, 0640), 0);
	cr_expect(eq(long, view(SYS_unlinkat, AT_FDCWD, at("f"), 0), 0));
	fault_set(__NR_geteuid, FAULT_EACH, 1000);
	cr_expect(eq(long, view(SYS_fchmod, fd, 0777), -EPERM));
	cr_expect(eq(long, view(SYS_fchown, fd, 1000, -1), -EPERM));
	cr_expect(eq(uint, shown_stat(fd).st_mode & 07777, 0640));
	close(fd);
}

Test(lost, a_file_that_may_not_be_read_is_still_no_directory)
{
	int fd = (int)view(SYS_openat, AT_FDCWD, at("f"), O_RDWR);
	char link[32];

	cr_assert_eq(ovl_override_set(fd, 4242, 4242, 0), 0);
	cr_expect(eq(long, view(SYS_unlinkat, AT_FDCWD, at("f"), 0), 0));
	fault_set(__NR_geteuid, FAULT_EACH, 1000);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	cr_expect(eq(long, view(SYS_openat, AT_FDCWD, link, O_RDONLY), -EACCES));
	cr_expect(eq(long, view(SYS_openat, AT_FDCWD, link, O_RDONLY | O_DIRECTORY), -ENOTDIR));
	close(fd);
}

Test(lost, what_cannot_be_copied_can_be_looked_at)
{
	int fd = (int)view(SYS_openat, AT_FDCWD, at("f"), O_PATH);
	struct stat st;
	char link[32];
	int again;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	cr_expect(eq(long, view(SYS_unlinkat, AT_FDCWD, at("f"), 0), 0));
	fault_set(SYS_fsetxattr, FAULT_EACH, -ENOSPC);
	cr_expect(eq(long, view(SYS_stat, (long)link, (long)&st), 0));
	cr_expect(eq(ulong, st.st_nlink, 0));
	cr_expect(eq(u64, st.st_ino, lstat_of(W_LOW(1), "f").st_ino));
	again = (int)view(SYS_openat, AT_FDCWD, link, O_RDONLY);
	cr_expect(eq(str, text_fd(again), (char *)"low"));
	cr_expect(eq(long, view(SYS_openat, AT_FDCWD, link, O_WRONLY | O_TRUNC), -ENOSPC));
	cr_expect(eq(long, view(SYS_openat, AT_FDCWD, link, O_RDONLY | O_TRUNC), -ENOSPC));
	cr_expect(eq(long, view(SYS_chmod, (long)link, 0600), -ENOSPC));
	cr_expect(eq(long, view(SYS_truncate, (long)link, 0), -ENOSPC));
	cr_expect(eq(uint, lstat_of(W_LOW(1), "f").st_mode & 07777, 0644));
	EXPECT_NO_TEMPORARY();
	cr_expect(eq(str, text_of(W_LOW(1), "f"), (char *)"low"));
	close(again);
	close(fd);
}

/* A FIFO's record is no part of it: it is kept for descriptors when the last name goes. */
Test(lost, a_fifo_keeps_its_number_without_a_name)
{
	struct stat was;
	int fd;

	cr_assert_eq(mkfifo(in(W_LOW(1), "p"), 0640), 0);
	was = lstat_of(W_LOW(1), "p");
	cr_expect(eq(long, view(SYS_fchmodat, AT_FDCWD, at("p"), 0600), 0));
	fd = (int)view(SYS_openat, AT_FDCWD, at("p"), O_PATH);
	cr_expect(eq(u64, shown_stat(fd).st_ino, was.st_ino));
	cr_expect(eq(long, view(SYS_unlinkat, AT_FDCWD, at("p"), 0), 0));
	cr_expect(eq(u64, shown_stat(fd).st_ino, was.st_ino));
	close(fd);
}

/* What /proc tells of descriptor @fd, below the view root. */
static char *told(int fd)
{
	static char text[PATH_MAX];
	size_t root = strlen(in("view", ""));
	char link[64];
	long n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = view(SYS_readlinkat, AT_FDCWD, link, text, sizeof(text) - 1);
	text[n < 0 ? 0 : n] = '\0';
	return n < (long)root ? text : text + root;
}

Test(lost, proc_tells_that_it_was_removed)
{
	int file = (int)view(SYS_openat, AT_FDCWD, at("f"), O_RDONLY);
	int link;

	put_link(W_LOW(1), "l", "f");
	link = (int)view(SYS_openat, AT_FDCWD, at("l"), O_PATH | O_NOFOLLOW);
	cr_expect(eq(str, told(file), (char *)"/f"));
	cr_expect(eq(long, view(SYS_unlinkat, AT_FDCWD, at("f"), 0), 0));
	cr_expect(eq(long, view(SYS_unlinkat, AT_FDCWD, at("l"), 0), 0));
	cr_expect(eq(str, told(file), (char *)"/f (deleted)"));
	cr_expect(eq(str, told(link), (char *)"/l (deleted)"));
	cr_expect(eq(long, view(SYS_fchmod, file, 0604), 0));
	cr_expect(eq(long, view(SYS_fchownat, link, "", geteuid(), -1, AT_EMPTY_PATH), 0));
	cr_expect(eq(str, told(file), (char *)"/f (deleted)"));
	cr_expect(eq(str, told(link), (char *)"/l (deleted)"));
	close(file);
	close(link);
}

Test(lost, a_file_of_two_names_counts_the_one_that_is_left)
{
	int fd;

	cr_assert_eq(link(in(W_LOW(1), "f"), in(W_LOW(1), "g")), 0);
	fd = (int)view(SYS_openat, AT_FDCWD, at("f"), O_RDONLY);
	cr_expect(eq(long, view(SYS_unlinkat, AT_FDCWD, at("f"), 0), 0));
	cr_expect(eq(ulong, shown_stat(fd).st_nlink, 1));
	cr_expect(eq(long, view(SYS_unlinkat, AT_FDCWD, at("g"), 0), 0));
	cr_expect(eq(ulong, shown_stat(fd).st_nlink, 0));
	close(fd);
}
