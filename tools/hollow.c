/* SPDX-License-Identifier: MIT */
#include "hollow.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "copydata.h"
#include "say.h"
#include "upmark.h"

#define DATA	 "user.ovl.data"
#define METACOPY "user.overlay.metacopy"

/* Open the lowers' file at @path ("/a/b"). */
static int open_lower(const struct ovl_stack *lowers, char *path, mode_t type)
{
	struct ovl_stack dir = {.root = lowers};
	struct ovl_found found;
	char *base = strrchr(path, '/');
	int fd = -1;
	int err;

	if (!base || !base[1])
		return -EINVAL;
	*base++ = '\0';
	err = ovl_stack_walk(lowers, path, &dir);
	if (err)
		return err;
	err = ovl_stack_find(&dir, base, &found);
	if (!err && (found.st.st_mode & S_IFMT) != type)
		err = -ESTALE;
	if (!err) {
		fd = openat(found.at, base, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
		err = fd < 0 ? -errno : 0;
	}
	ovl_stack_close(&dir);
	return err ? err : fd;
}

/* The names of xattrs are there, their values are not. */
static int copy_values(int from, int to)
{
	char *list = ovl_must(malloc(XATTR_LIST_MAX));
	char *value = ovl_must(malloc(XATTR_SIZE_MAX));
	ssize_t n = flistxattr(from, list, XATTR_LIST_MAX);
	int err = 0;

	for (ssize_t i = 0; i < n && !err; i += (ssize_t)strlen(list + i) + 1) {
		ssize_t size = fgetxattr(from, list + i, value, XATTR_SIZE_MAX);

		if (size >= 0 && !strncmp(list + i, "user.", 5) && !ovl_upmark_private(list + i) &&
		    fsetxattr(to, list + i, value, (size_t)size, 0))
			err = -errno;
	}
	free(value);
	free(list);
	return err;
}

static int settle(int from, int to)
{
	struct stat st;
	struct stat low;
	int err = fstat(to, &st) || fstat(from, &low) ? -errno : copy_values(from, to);

	if (!err && S_ISREG(st.st_mode))
		err = ovl_copydata(from, to, low.st_size);
	if (!err && futimens(to, (struct timespec[]){st.st_atim, st.st_mtim}))
		err = -errno;
	if (!err && S_ISREG(st.st_mode) && fremovexattr(to, METACOPY))
		err = -errno;
	if (!err && fremovexattr(to, DATA))
		err = -errno;
	return err;
}

int ovl_hollow_settle(const struct ovl_stack *lowers, int dir, const char *name, mode_t type)
{
	char path[PATH_MAX];
	int how = type == S_IFDIR ? O_RDONLY | O_DIRECTORY : O_RDWR | O_NONBLOCK;
	int to = openat(dir, name, how | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n = to < 0 ? -1 : fgetxattr(to, DATA, path, sizeof(path) - 1);
	int from;
	int err = 0;

	if (n > 0) {
		path[n] = '\0';
		from = open_lower(lowers, path, type);
		err = from < 0 ? from : settle(from, to);
		if (from >= 0)
			close(from);
	}
	if (to >= 0)
		close(to);
	return err;
}
