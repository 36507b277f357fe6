/* SPDX-License-Identifier: MIT */
/*
 * repeat.c - repeat CALL PATH N: the same call N times, for counting what reaches the kernel
 *
 * stat, lstat, access, open (with close), missing (stat of PATH that is not there), readlink,
 * read (8 bytes at 0), write (8 bytes at 0; PATH must be writable), lock (of a reader) and
 * wlock (of a writer: locked and unlocked, fcntl and flock), getfl (F_GETFL), list (the directory
 * PATH).
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int fd = -1;

static int lock(short type)
{
	struct flock l = {.l_type = type};

	if (fcntl(fd, F_SETLK, &l) || flock(fd, type == F_RDLCK ? LOCK_SH : LOCK_EX))
		return 1;
	l.l_type = F_UNLCK;
	return fcntl(fd, F_SETLKW, &l) || flock(fd, LOCK_UN);
}

static int once(const char *call, const char *path)
{
	struct stat st;
	char buf[64];

	if (!strcmp(call, "stat"))
		return stat(path, &st);
	if (!strcmp(call, "lstat"))
		return lstat(path, &st);
	if (!strcmp(call, "access"))
		return access(path, R_OK);
	if (!strcmp(call, "readlink"))
		return readlink(path, buf, sizeof(buf)) < 0;
	if (!strcmp(call, "missing"))
		return !stat(path, &st);
	if (!strcmp(call, "read"))
		return pread(fd, buf, 8, 0) < 0;
	if (!strcmp(call, "write"))
		return pwrite(fd, "12345678", 8, 0) != 8;
	if (!strcmp(call, "lock"))
		return lock(F_RDLCK);
	if (!strcmp(call, "wlock"))
		return lock(F_WRLCK);
	if (!strcmp(call, "getfl"))
		return fcntl(fd, F_GETFL) < 0;
	if (!strcmp(call, "open")) {
		fd = open(path, O_RDONLY);
		return fd < 0 || close(fd);
	}
	fprintf(stderr, "repeat: what is %s?\n", call);
	return 1;
}

int main(int argc, char **argv)
{
	int n = argc > 3 ? atoi(argv[3]) : 0;

	if (argc < 4)
		return 2;
	if (!strcmp(argv[1], "write") || !strcmp(argv[1], "wlock"))
		fd = open(argv[2], O_RDWR);
	else if (!strcmp(argv[1], "read") || !strcmp(argv[1], "lock") || !strcmp(argv[1], "getfl"))
		fd = open(argv[2], O_RDONLY);
	else
		fd = 0;
	if (fd < 0)
		return 3;
	for (int i = 0; i < n; i++)
		if (once(argv[1], argv[2]))
			return 1;
	return 0;
}
