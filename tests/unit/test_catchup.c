/* SPDX-License-Identifier: MIT */
#include "catchup.h"

#include "fault.h"
#include "fixture.h"

#include <signal.h>
#include <sys/file.h>

static void start(void)
{
	world_make(1);
	put(W_LOW(1), "f", "low");
	cr_assert_eq(setxattr(in(W_LOW(1), "f"), "user.a", "1", 1, 0), 0);
}

TestSuite(catchup, .init = start, .fini = world_end);

/* A descriptor of the lower file, as another process has one when this one has copied up. */
static int left_behind(void)
{
	long fd = view(SYS_openat, AT_FDCWD, at("f"), O_WRONLY | O_TRUNC);

	cr_assert_eq(write((int)fd, "other", 5), 5);
	cr_assert_eq(view(SYS_fchmod, fd, 0600), 0);
	cr_assert_eq(view(SYS_fsetxattr, fd, "user.a", "22", 2, 0), 0);
	close((int)fd);
	return open(in(W_LOW(1), "f"), O_RDONLY);
}

Test(catchup, fstat_tells_of_the_copy_and_reads_are_of_it_then)
{
	int fd = left_behind();
	struct stat st;

	cr_assert_eq(view(SYS_fstat, fd, &st), 0);
	cr_expect(eq(uint, st.st_mode & 07777, 0600));
	cr_expect(eq(long, st.st_size, 5));
	cr_expect(eq(u64, st.st_ino, lstat_of(W_LOW(1), "f").st_ino));
	cr_expect(eq(str, text_fd(fd), (char *)"other"));
}

Test(catchup, so_do_xattrs)
{
	int fd = left_behind();
	char value[8] = "";

	cr_expect(eq(long, view(SYS_fgetxattr, fd, "user.a", value, sizeof(value)), 2));
	cr_expect(eq(str, value, (char *)"22"));
	close(fd);
}

/* Another process has the lower file @rel open. */
static void hold(const char *rel)
{
	int ready[2];
	char c;

	cr_assert_eq(pipe(ready), 0);
	if (!fork()) {
		c = open(in(W_LOW(1), rel), O_RDONLY) >= 0;
		(void)!write(ready[1], &c, 1);
		(void)alarm(20);
		pause();
		_exit(0);
	}
	cr_assert_eq(read(ready[0], &c, 1), 1);
	cr_assert(c);
	close(ready[0]);
	close(ready[1]);
}

/* What /proc tells of @fd, from the view's root. */
static char *told(int fd)
{
	static char text[2 * PATH_MAX];
	char link[32];
	long n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = view(SYS_readlink, link, text, sizeof(text) - 1);
	cr_assert(ge(long, n, 1));
	text[n] = '\0';
	cr_expect(eq(int, strncmp(text, in(w.view, ""), strlen(in(w.view, ""))), 0), "%s", text);
	return text + strlen(in(w.view, ""));
}

static void expect_copy(int fd, unsigned names)
{
	struct stat st;

	cr_assert_eq(view(SYS_fstat, fd, &st), 0);
	cr_expect(eq(long, st.st_size, 5));
	cr_expect(eq(ulong, st.st_nlink, names));
	cr_expect(eq(u64, st.st_ino, lstat_of(W_LOW(1), "f").st_ino));
}

Test(catchup, what_was_open_is_found_under_another_name)
{
	int fd;

	hold("f");
	fd = left_behind();
	cr_assert_eq(view(SYS_rename, at("f"), at("g")), 0);
	expect_copy(fd, 1);
	cr_expect(eq(str, told(fd), (char *)"/g"));
	cr_assert_eq(view(SYS_rename, at("g"), at("f")), 0);
	cr_expect(eq(str, told(fd), (char *)"/f"));
	cr_expect(eq(str, text_fd(fd), (char *)"other"));
}

Test(catchup, what_was_renamed_without_a_change_is_found_too)
{
	int fd;

	hold("f");
	cr_assert_eq(view(SYS_rename, at("f"), at("g")), 0);
	fd = open(in(W_LOW(1), "f"), O_RDONLY);
	cr_expect(eq(str, told(fd), (char *)"/g"));
	put(W_UP, "g", "other");
	expect_copy(fd, 1);
	close(fd);
}

Test(catchup, what_was_open_is_found_without_a_name)
{
	int fd;

	hold("f");
	fd = left_behind();
	cr_assert_eq(view(SYS_unlink, at("f")), 0);
	expect_copy(fd, 0);
	cr_expect(eq(str, told(fd), (char *)"/f (deleted)"));
	cr_expect(eq(str, text_fd(fd), (char *)"other"));
}

/* The index keeps no content of what nobody has open. */
Test(catchup, what_was_not_open_has_no_other_name)
{
	close(left_behind());
	cr_expect(eq(int, names_in("work/index", ""), 0));
	cr_expect(eq(ulong, lstat_of(W_UP, "f").st_nlink, 1));
}

Test(catchup, what_another_process_changed_without_a_name)
{
	int fd = open(in(W_LOW(1), "f"), O_RDONLY);
	struct stat st;

	cr_assert_eq(view(SYS_unlink, at("f")), 0);
	cr_assert_eq(view(SYS_fchmod, fd, 0604), 0);
	close(fd);
	fd = open(in(W_LOW(1), "f"), O_RDONLY);
	cr_assert_eq(view(SYS_fstat, fd, &st), 0);
	cr_expect(eq(uint, st.st_mode & 07777, 0604));
	cr_expect(eq(ulong, st.st_nlink, 0));
	cr_expect(eq(str, told(fd), (char *)"/f (deleted)"));
	close(fd);
}

/* The copy of a file of several names, by the one that is the lower's still. */
Test(catchup, a_name_that_is_the_lowers_still_gets_the_copy_too)
{
	int fd;

	cr_assert_eq(link(in(W_LOW(1), "f"), in(W_LOW(1), "h")), 0);
	close(left_behind());
	cr_expect(not(is_there(W_UP, "h")));
	fd = open(in(W_LOW(1), "h"), O_RDONLY);
	cr_expect(eq(str, told(fd), (char *)"/h"));
	expect_copy(fd, 2);
	cr_assert_eq(view(SYS_rename, at("h"), at("g")), 0);
	cr_expect(eq(str, told(fd), (char *)"/g"));
	cr_expect(eq(str, text_fd(fd), (char *)"other"));
}

Test(catchup, a_name_that_did_not_change_is_told_of_what_was_opened_by_it)
{
	int fd[4];
	int outside;

	cr_assert_eq(link(in(W_LOW(1), "f"), in(W_LOW(1), "g")), 0);
	cr_assert_eq(link(in(W_LOW(1), "f"), in(W_LOW(1), "h")), 0);
	fd[0] = (int)view(SYS_openat, AT_FDCWD, at("g"), O_RDONLY);
	fd[1] = (int)view(SYS_openat, AT_FDCWD, at("f"), O_RDONLY);
	fd[2] = (int)view(SYS_openat, AT_FDCWD, at("h"), O_PATH);
	fd[3] = (int)view(SYS_openat, AT_FDCWD, at("g"), O_RDONLY);
	outside = open(in(W_LOW(1), "g"), O_WRONLY);
	cr_assert_eq(view(SYS_chmod, at("f"), 0600), 0);
	for (int i = 0; i < 4; i++) {
		struct stat st;

		cr_assert_eq(fstat(fd[i], &st), 0);
		cr_expect(eq(u64, st.st_ino, lstat_of(W_UP, "f").st_ino), "%d", i);
	}
	cr_expect(eq(str, told(fd[0]), (char *)"/g"));
	cr_expect(eq(str, told(fd[1]), (char *)"/f"));
	cr_expect(eq(str, told(fd[2]), (char *)"/h"));
	cr_expect(eq(str, told(fd[3]), (char *)"/g"));
	cr_expect(eq(ulong, lstat_of(W_UP, "g").st_nlink, 4)); /* and the index's */
	cr_assert_eq(write(outside, "its own", 7), 7);
	cr_expect(eq(str, text_of(W_LOW(1), "g"), (char *)"its own"));
	close(outside);
	for (int i = 0; i < 4; i++)
		close(fd[i]);
}

Test(catchup, a_name_that_nothing_is_open_by_stays_the_lowers)
{
	int fd;

	cr_assert_eq(link(in(W_LOW(1), "f"), in(W_LOW(1), "g")), 0);
	fd = (int)view(SYS_openat, AT_FDCWD, at("f"), O_RDONLY);
	cr_assert_eq(view(SYS_chmod, at("f"), 0600), 0);
	cr_expect(not(is_there(W_UP, "g")));
	close(fd);
}

Test(catchup, a_lock_by_another_name_is_in_the_way_of_the_next)
{
	int held;
	int fd;

	cr_assert_eq(link(in(W_LOW(1), "f"), in(W_LOW(1), "g")), 0);
	held = open(in(W_LOW(1), "g"), O_RDONLY);
	fd = (int)view(SYS_openat, AT_FDCWD, at("f"), O_RDONLY);
	cr_assert_eq(flock(held, LOCK_EX), 0);
	cr_assert_eq(view(SYS_chmod, at("f"), 0600), 0);
	cr_expect(eq(long, view(SYS_flock, fd, LOCK_EX | LOCK_NB), -EWOULDBLOCK));
	cr_expect(eq(long, view(SYS_flock, held, LOCK_UN), 0));
	cr_expect(eq(long, view(SYS_flock, fd, LOCK_EX | LOCK_NB), 0));
	close(held);
	close(fd);
}
