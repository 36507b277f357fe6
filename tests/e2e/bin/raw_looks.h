/* SPDX-License-Identifier: MIT */
/*
 * raw_looks.h - looks at the cwd by inline assembly, in the text that includes it. The
 * directory had old and d/, and in the view has new, l -> new and e/ instead.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "raw.h"

static int in_names(const char *buf, long n, const char *name)
{
	for (long at = 0; at < n; at += *(const unsigned short *)(buf + at + 16))
		if (!strcmp(buf + at + 19, name))
			return 1;
	return 0;
}

static int looks(void)
{
	char buf[4096] = "";
	struct stat st;
	long fd, n;

	fd = raw(SYS_open, "new", O_RDONLY);
	n = fd < 0 ? fd : raw(SYS_read, fd, buf, sizeof(buf));
	printf("open new: %d, %ld bytes\n", fd >= 0, n);
	printf("stat: %ld %ld\n", raw(SYS_stat, "new", &st), raw(SYS_lstat, "old", &st));
	printf("newfstatat: %ld\n", raw(SYS_newfstatat, AT_FDCWD, "e", &st, 0));
	printf("access: %ld %ld\n", raw(SYS_access, "new", 4), raw(SYS_access, "old", 4));
	n = raw(SYS_readlink, "l", buf, sizeof(buf));
	printf("readlink: %ld %.*s\n", n, n > 0 ? (int)n : 0, buf);
	fd = raw(SYS_openat, AT_FDCWD, ".", O_RDONLY | O_DIRECTORY);
	n = raw(SYS_getdents64, fd, buf, sizeof(buf));
	printf("getdents64: %d %d %d\n", in_names(buf, n, "new"), in_names(buf, n, "old"),
	       in_names(buf, n, "e"));
	printf("chdir: %ld %ld\n", raw(SYS_chdir, "d"), raw(SYS_chdir, "e"));
	n = raw(SYS_getcwd, buf, sizeof(buf));
	printf("getcwd: %s\n", n > 0 ? strrchr(buf, '/') : "");
	fflush(stdout);
	return 0;
}
