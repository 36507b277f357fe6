/* SPDX-License-Identifier: MIT */
#include "flock.h"

#include <sys/file.h>
#include <sys/wait.h>

#include "fault.h"
#include "fixture.h"
#include "known.h"

#ifndef F_SETLEASE
#define F_SETLEASE 1024
#endif

static void start(void)
{
	world_make_same_root();
	put_dir(W_LOW(1), "d");
	put(W_LOW(1), "d/f", "old");
}

TestSuite(flock, .init = start, .fini = world_end);

static int open_(const char *rel, int flags)
{
	long fd = view(SYS_open, at(rel), flags | O_CLOEXEC);

	cr_assert(ge(long, fd, 0), "%s", rel);
	return (int)fd;
}

static long posix(int fd, int cmd, int type)
{
	struct flock l = {.l_type = (short)type};
	long r = view(SYS_fcntl, fd, cmd, &l);

	return r || cmd != F_GETLK ? r : l.l_type;
}

static bool is_of(int fd, const char *tree, const char *rel)
{
	struct stat st;

	cr_assert_eq(fstat(fd, &st), 0);
	return st.st_ino == lstat_of(tree, rel).st_ino;
}

/* Could another process lock @tree/@rel for writing? */
static bool is_free(const char *tree, const char *rel)
{
	const char *path = in(tree, rel);
	int status;
	pid_t pid = fork();

	if (!pid) {
		struct flock l = {.l_type = F_WRLCK};

		_exit(fcntl(open(path, O_RDWR), F_SETLK, &l) != 0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return status == 0;
}

/* Is there no flock on @tree/@rel? */
static bool is_unflocked(const char *tree, const char *rel)
{
	int fd = open(in(tree, rel), O_RDONLY);
	bool free = !flock(fd, LOCK_EX | LOCK_NB);

	close(fd);
	return free;
}

/* Another process makes the copy of d/f: this one's descriptors stay as they are. */
static void copy_by_another(void)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(view(SYS_chmod, at("d/f"), 0640) != 0);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(status, 0);
	/* The session of a run is shared, the test's is not. */
	announce("d", false);
	announce("d/f", true);
	ovl_filter_add(&w.ss->origin, ovl_hash_mix(lstat_of(W_UP, "d/f").st_ino));
}

Test(flock, a_read_lock_is_taken_on_a_copy)
{
	int fd = open_("d/f", O_RDONLY);

	cr_expect(eq(long, posix(fd, F_SETLK, F_RDLCK), 0));
	cr_expect(is_of(fd, W_UP, "d/f"));
	cr_expect(not(is_free(W_UP, "d/f")));
	cr_expect(is_free(W_LOW(1), "d/f"));
}

Test(flock, a_flock_is_taken_on_a_copy)
{
	int fd = open_("d/f", O_RDONLY);

	cr_expect(eq(long, view(SYS_flock, fd, LOCK_SH | LOCK_NB), 0));
	cr_expect(is_of(fd, W_UP, "d/f"));
	cr_expect(not(is_unflocked(W_UP, "d/f")));
}

Test(flock, an_ofd_lock_is_taken_on_a_copy)
{
	int fd = open_("d/f", O_RDONLY);

	cr_expect(eq(long, posix(fd, F_OFD_SETLKW, F_RDLCK), 0));
	cr_expect(is_of(fd, W_UP, "d/f"));
}

Test(flock, looking_unlocking_and_what_is_wrong_copy_nothing)
{
	int fd = open_("d/f", O_RDONLY);

	cr_expect(eq(long, posix(fd, F_GETLK, F_WRLCK), F_UNLCK));
	cr_expect(eq(long, posix(fd, F_OFD_SETLK, F_UNLCK), 0));
	cr_expect(eq(long, posix(fd, F_SETLK, F_UNLCK), 0));
	cr_expect(eq(long, posix(fd, F_SETLK, F_WRLCK), -EBADF));
	cr_expect(eq(long, view(SYS_fcntl, fd, F_SETLK, 0), -EFAULT));
	cr_expect(eq(long, view(SYS_fcntl, fd, F_SETLEASE, F_UNLCK), -EAGAIN));
	cr_expect(eq(long, view(SYS_flock, fd, LOCK_UN), 0));
	cr_expect(eq(long, view(SYS_flock, fd, 0), -EINVAL));
	cr_expect(eq(long, view(SYS_flock, 999, LOCK_SH), -EBADF));
	cr_expect(eq(long, view(SYS_flock, open_("d/f", O_PATH), LOCK_SH), -EBADF));
	cr_expect(not(is_there(W_UP, "d")));
}

Test(flock, looking_and_unlocking_are_on_the_copy_that_another_process_made)
{
	int fd = open_("d/f", O_RDONLY);
	int two = open_("d/f", O_RDONLY);

	copy_by_another();
	cr_expect(is_of(fd, W_LOW(1), "d/f"));
	cr_expect(eq(long, posix(fd, F_GETLK, F_WRLCK), F_UNLCK));
	cr_expect(is_of(fd, W_UP, "d/f"));
	cr_expect(is_of(two, W_UP, "d/f"));
}

Test(flock, a_lock_by_a_new_descriptor_takes_the_old_ones_along)
{
	int old = open_("d/f", O_RDONLY);
	int fd;

	copy_by_another();
	fd = open_("d/f", O_RDWR);
	cr_expect(is_of(old, W_LOW(1), "d/f"));
	cr_expect(eq(long, posix(fd, F_SETLK, F_WRLCK), 0));
	cr_expect(is_of(old, W_UP, "d/f"));
	cr_expect(not(is_free(W_UP, "d/f")));
}

Test(flock, the_second_lock_by_a_descriptor_is_one_system_call)
{
	int fd = open_("d/f", O_RDWR);

	cr_expect(eq(long, posix(fd, F_SETLK, F_WRLCK), 0));
	fault_reset();
	cr_expect(eq(long, posix(fd, F_SETLK, F_UNLCK), 0));
	cr_expect(eq(long, posix(fd, F_OFD_GETLK, F_WRLCK), 0));
	cr_expect(eq(long, view(SYS_flock, fd, LOCK_EX), 0));
	cr_expect(eq(uint, fault_total(), 3));
}

Test(flock, other_descriptors_are_looked_through_once_for_a_copy)
{
	int fd = open_("d/f", O_RDWR);

	cr_expect(eq(long, posix(fd, F_SETLK, F_WRLCK), 0));
	cr_expect(eq(uint, fault_count(SYS_getdents64), 4)); /* by the copy-up, and the lock */
	close(fd);
	ovl_known_forget(fd);
	fd = open_("d/f", O_RDWR);
	cr_expect(eq(long, posix(fd, F_SETLK, F_WRLCK), 0));
	cr_expect(eq(uint, fault_count(SYS_getdents64), 4));
}

Test(flock, other_commands_of_fcntl_are_one_system_call)
{
	int fd = open_("d/f", O_RDONLY);

	fault_reset();
	cr_expect(ge(long, view(SYS_fcntl, fd, F_GETFL), 0));
	cr_expect(eq(long, view(SYS_fcntl, fd, F_SETFD, 0), 0));
	close((int)view(SYS_fcntl, fd, F_DUPFD, 0));
	cr_expect(eq(uint, fault_total(), 3));
}

Test(flock, what_was_learned_of_a_number_goes_with_it)
{
	int fd = open_("d/f", O_RDWR);
	int other;

	put(W_LOW(1), "d/g", "");
	cr_expect(eq(long, posix(fd, F_SETLK, F_WRLCK), 0));
	cr_expect(ovl_known_meets(fd));
	view(SYS_close, fd);
	cr_expect(not(ovl_known_meets(fd)));
	other = open_("d/g", O_RDONLY);
	cr_assert_eq(other, fd);
	cr_expect(eq(long, posix(other, F_SETLK, F_RDLCK), 0));
	cr_expect(is_of(other, W_UP, "d/g"));
}

Test(flock, directories_pipes_and_what_is_outside_are_the_kernels)
{
	int p[2];
	int dir = open_("d", O_RDONLY | O_DIRECTORY);
	int out;

	mkdir(in("out", ""), 0755);
	put("out", "f", "");
	out = (int)view(SYS_open, in("out", "f"), O_RDONLY);
	cr_expect(eq(long, view(SYS_flock, dir, LOCK_EX | LOCK_NB), 0));
	cr_expect(not(is_unflocked(W_LOW(1), "d")));
	cr_assert_eq(pipe(p), 0);
	cr_expect(eq(long, view(SYS_flock, p[0], LOCK_EX | LOCK_NB), 0));
	cr_expect(eq(long, view(SYS_flock, out, LOCK_EX | LOCK_NB), 0));
	cr_expect(not(is_unflocked("out", "f")));
	cr_expect(not(is_there(W_UP, "d")));
	cr_expect(ovl_known_meets(dir));
	cr_expect(ovl_known_meets(out));
}

Test(flock, without_an_upper_the_lower_is_locked)
{
	int fd = open_("d/f", O_RDONLY);

	w.ss->flags |= OVL_S_READ_ONLY;
	fault_reset();
	cr_expect(eq(long, posix(fd, F_SETLK, F_RDLCK), 0));
	cr_expect(eq(uint, fault_total(), 1));
	cr_expect(not(is_free(W_LOW(1), "d/f")));
	cr_expect(not(is_there(W_UP, "d")));
}

Test(flock, what_cannot_be_copied_is_locked_where_it_is)
{
	int fd = open_("d/f", O_RDONLY);
	int before = fds_open();

	fault_set(__NR_ioctl, 1, -EOPNOTSUPP);
	fault_set(__NR_copy_file_range, FAULT_EACH, -ENOSPC);
	cr_expect(eq(long, view(SYS_flock, fd, LOCK_EX | LOCK_NB), 0));
	cr_expect(not(is_unflocked(W_LOW(1), "d/f")));
	cr_expect(not(is_there(W_UP, "d/f")));
	cr_expect(eq(int, fds_open(), before));
	cr_expect(not(ovl_known_meets(fd)));
	/* A lease that nobody would break is none. */
	cr_expect(eq(long, view(SYS_fcntl, fd, F_SETLEASE, F_RDLCK), -EAGAIN));
}

Test(flock, a_flock_that_somebody_holds_on_the_lower_is_respected)
{
	int holder = open(in(W_LOW(1), "d/f"), O_RDONLY);
	int fd = open_("d/f", O_RDONLY);
	int before = fds_open();

	cr_assert_eq(flock(holder, LOCK_SH), 0);
	cr_expect(eq(long, view(SYS_flock, fd, LOCK_EX | LOCK_NB), -EAGAIN));
	cr_expect(eq(long, view(SYS_flock, fd, LOCK_SH | LOCK_NB), 0));
	cr_expect(not(is_there(W_UP, "d")));
	cr_expect(eq(int, fds_open(), before));
	/* And taken along by the copy-up. */
	cr_assert_eq(close(holder), 0);
	cr_expect(eq(long, view(SYS_chmod, at("d/f"), 0600), 0));
	cr_expect(is_of(fd, W_UP, "d/f"));
	cr_expect(not(is_unflocked(W_UP, "d/f")));
	cr_expect(eq(long, view(SYS_flock, fd, LOCK_UN), 0));
	cr_expect(is_unflocked(W_UP, "d/f"));
}

/* In a child of the process that opened @fd. */
static long flock_by_child(int fd, int op)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit((int)-view(SYS_flock, fd, op));
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return -WEXITSTATUS(status);
}

Test(flock, a_child_locks_its_parents_descriptor)
{
	int fd = open_("d/f", O_RDONLY);
	int other = open_("d/f", O_RDONLY);

	cr_expect(eq(long, flock_by_child(fd, LOCK_EX | LOCK_NB), 0));
	cr_expect(eq(long, view(SYS_flock, other, LOCK_EX | LOCK_NB), -EAGAIN));
	cr_expect(eq(long, flock_by_child(other, LOCK_SH | LOCK_NB), -EAGAIN));
	cr_expect(eq(long, view(SYS_flock, fd, LOCK_UN), 0));
	cr_expect(eq(long, view(SYS_flock, other, LOCK_EX | LOCK_NB), 0));
	cr_expect(is_of(other, W_UP, "d/f"));
}

Test(flock, a_removed_file_is_locked_where_it_is)
{
	int fd = open_("d/f", O_RDONLY);

	cr_assert_eq(view(SYS_unlink, at("d/f")), 0);
	cr_expect(eq(long, view(SYS_flock, fd, LOCK_EX | LOCK_NB), 0));
	cr_expect(not(is_unflocked(W_LOW(1), "d/f")));
}

Test(flock, a_new_file_of_the_name_is_another)
{
	int fd = open_("d/f", O_RDONLY);

	cr_assert_eq(view(SYS_unlink, at("d/f")), 0);
	close(open_("d/f", O_RDWR | O_CREAT));
	cr_expect(eq(long, posix(fd, F_SETLK, F_RDLCK), 0));
	cr_expect(is_of(fd, W_LOW(1), "d/f"));
}

Test(flock, a_lock_by_one_name_is_one_by_the_other)
{
	int fd = open_("d/f", O_RDONLY);
	int hard;

	cr_assert_eq(link(in(W_LOW(1), "d/f"), in(W_LOW(1), "d/h")), 0);
	hard = open_("d/h", O_RDONLY);
	cr_expect(eq(long, view(SYS_flock, fd, LOCK_EX | LOCK_NB), 0));
	cr_expect(eq(long, view(SYS_flock, hard, LOCK_SH | LOCK_NB), -EAGAIN));
	cr_expect(is_of(hard, W_UP, "d/f"));
}

Test(flock, nothing_the_engine_does_to_a_locked_file_drops_the_lock)
{
	int fd = open_("d/f", O_RDWR);
	int flags = 0;

	cr_expect(eq(long, posix(fd, F_SETLK, F_WRLCK), 0));
	view(SYS_chmod, at("d/f"), 0600);
	view(SYS_fchmod, fd, 0640);
	view(SYS_truncate, at("d/f"), 10);
	view(SYS_rename, at("d/f"), at("d/g"));
	view(SYS_ioctl, fd, FS_IOC_GETFLAGS, &flags);
	w.ss->overrides = 1;
	view(SYS_ioctl, fd, FS_IOC_SETFLAGS, &flags);
	view(SYS_fsetxattr, fd, "user.x", "1", 1, 0);
	view(SYS_link, at("d/g"), at("d/h"));
	fault_set(__NR_execve, FAULT_EACH, -EACCES);
	view(SYS_execve, at("d/g"), 0, 0);
	cr_expect(not(is_free(W_UP, "d/g")));
}
