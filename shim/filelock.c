/* SPDX-License-Identifier: MIT */
#include "filelock.h"

#include "str.h"

/* proc_pid_fdinfo(5): four short lines, then one for each lock, flocks first. */
#define INFO_SIZE 256

/* What the kernel tells of @fd and its locks, as text; "" when it does not. */
static void read_info(int fd, char *info)
{
	static const char dir[] = "/proc/self/fdinfo/";
	OVL_FD from = -1;
	long n;

	memcpy(info, dir, sizeof(dir) - 1);
	ovl_str_number(info + sizeof(dir) - 1, (unsigned)fd, 10);
	from = (int)ovl_sys(__NR_openat, AT_FDCWD, info, O_RDONLY | O_CLOEXEC, 0);
	n = from < 0 ? 0 : ovl_sys(__NR_read, from, info, INFO_SIZE - 1);
	info[n > 0 ? n : 0] = '\0';
}

int ovl_filelock_flock(int fd)
{
	char info[INFO_SIZE];

	read_info(fd, info);
	if (ovl_str_has(info, "FLOCK  ADVISORY  WRITE"))
		return LOCK_EX;
	return ovl_str_has(info, "FLOCK  ADVISORY  READ") ? LOCK_SH : 0;
}

/*
 * Does this process hold a POSIX lock on the file open as @fd? To a description without locks
 * every lock is somebody else's, this process's as well.
 */
static bool holds_posix(int fd)
{
	struct flock l = {.l_type = F_WRLCK};

	return !ovl_sys(__NR_fcntl, fd, F_OFD_GETLK, &l) && l.l_type != F_UNLCK &&
	       l.l_pid == (int)ovl_sys(__NR_getpid);
}

void ovl_filelock_drop(const int *fd)
{
	if (*fd < 0)
		return;
	if (holds_posix(*fd))
		(void)ovl_sys(__NR_fcntl, *fd, F_SETFD, 0); /* an exec keeps POSIX locks */
	else
		ovl_fd_drop(fd);
}
