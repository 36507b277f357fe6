/* SPDX-License-Identifier: MIT */
#include "filelock.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault.h"

static char path[] = "/tmp/ovl-filelock-XXXXXX";
static int fd;

static void start(void)
{
	fd = mkstemp(path);
	cr_assert_geq(fd, 0);
	fault_reset();
}

static void end(void)
{
	unlink(path);
}

TestSuite(filelock, .init = start, .fini = end);

static bool is_open(int n)
{
	return fcntl(n, F_GETFD) >= 0;
}

Test(filelock, commands_about_locks_are_told_from_the_others)
{
	static const unsigned locks[] = {F_GETLK,     F_SETLK,	    F_SETLKW,  F_OFD_GETLK,
					 F_OFD_SETLK, F_OFD_SETLKW, F_SETLEASE};
	static const unsigned others[] = {F_DUPFD,  F_GETFD,	F_SETFD,	 F_GETFL,
					  F_SETFL,  F_SETOWN,	F_OFD_GETLK - 1, F_OFD_SETLKW + 1,
					  F_SETSIG, F_GETLEASE, F_DUPFD_CLOEXEC, -1U};

	for (size_t i = 0; i < OVL_ARRAY_SIZE(locks); i++)
		cr_expect(ovl_filelock_cmd(locks[i]), "%u", locks[i]);
	for (size_t i = 0; i < OVL_ARRAY_SIZE(others); i++)
		cr_expect(not(ovl_filelock_cmd(others[i])), "%u", others[i]);
}

Test(filelock, a_descriptions_flock_is_told)
{
	int other = open(path, O_RDONLY);
	int twin = dup(fd);

	cr_expect(eq(int, ovl_filelock_flock(fd), 0));
	flock(fd, LOCK_SH);
	cr_expect(eq(int, ovl_filelock_flock(fd), LOCK_SH));
	cr_expect(eq(int, ovl_filelock_flock(twin), LOCK_SH));
	cr_expect(eq(int, ovl_filelock_flock(other), 0));
	flock(fd, LOCK_EX);
	cr_expect(eq(int, ovl_filelock_flock(fd), LOCK_EX));
}

Test(filelock, other_locks_are_no_flock)
{
	struct flock l = {.l_type = F_WRLCK};

	fcntl(fd, F_SETLK, &l);
	cr_expect(eq(int, ovl_filelock_flock(fd), 0));
	l.l_type = F_UNLCK;
	fcntl(fd, F_SETLK, &l);
	l.l_type = F_WRLCK;
	fcntl(fd, F_OFD_SETLK, &l);
	cr_expect(eq(int, ovl_filelock_flock(fd), 0));
}

Test(filelock, a_kernel_that_does_not_tell_has_none)
{
	flock(fd, LOCK_SH);
	fault_set(__NR_openat, 1, -ENOENT);
	cr_expect(eq(int, ovl_filelock_flock(fd), 0));
	fault_set(__NR_read, 1, -EIO);
	cr_expect(eq(int, ovl_filelock_flock(fd), 0));
}

Test(filelock, a_file_without_locks_is_closed)
{
	int other = open(path, O_RDONLY);
	int none = -1;

	flock(fd, LOCK_EX);
	ovl_filelock_drop(&other);
	cr_expect(not(is_open(other)));
	ovl_filelock_drop(&none);
}

Test(filelock, a_file_that_this_process_has_locked_is_not)
{
	struct flock l = {.l_type = F_WRLCK, .l_start = 10, .l_len = 5};
	int other = open(path, O_RDONLY | O_CLOEXEC);

	fcntl(fd, F_SETLK, &l);
	ovl_filelock_drop(&other);
	cr_expect(is_open(other));
	cr_expect(eq(int, fcntl(other, F_GETFD), 0)); /* nor by an exec */
}

Test(filelock, a_file_that_another_process_has_locked_is_closed)
{
	struct flock l = {.l_type = F_WRLCK};
	int other = open(path, O_RDONLY);
	int status;
	pid_t pid;

	fcntl(fd, F_SETLK, &l);
	pid = fork();
	if (!pid) {
		ovl_filelock_drop(&other);
		_exit(is_open(other));
	}
	waitpid(pid, &status, 0);
	cr_expect(eq(int, status, 0));
	cr_expect(is_open(other));
}
