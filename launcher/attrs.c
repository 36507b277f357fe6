/* SPDX-License-Identifier: MIT */
#include "attrs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "say.h"
#include "upmark.h"

#define OVERRIDE "user.containers.override_stat"

/* May it be missing? What a file system does not know, and what only root may set. */
static bool is_optional(const char *name, int err)
{
	return err == ENOTSUP || (err == EPERM && strncmp(name, "user.", 5) != 0);
}

static int copy_listed(const char *from, const char *to, const char *list, ssize_t n, char *value)
{
	for (ssize_t i = 0; i < n; i += (ssize_t)strlen(list + i) + 1) {
		ssize_t size;

		if (ovl_upmark_private(list + i))
			continue;
		size = lgetxattr(from, list + i, value, XATTR_SIZE_MAX);
		if (size < 0)
			continue; /* gone, or not ours to read */
		if (lsetxattr(to, list + i, value, (size_t)size, 0) &&
		    !is_optional(list + i, errno))
			return -errno;
	}
	return 0;
}

static int copy_xattrs(const char *from, const char *to)
{
	char *list;
	char *value;
	ssize_t n;
	int err;

	if (llistxattr(from, NULL, 0) <= 0)
		return 0;
	list = ovl_must(malloc(XATTR_LIST_MAX));
	value = ovl_must(malloc(XATTR_SIZE_MAX));
	n = llistxattr(from, list, XATTR_LIST_MAX);
	err = copy_listed(from, to, list, n, value);
	free(value);
	free(list);
	return err;
}

static bool has_xattrs(const struct stat *st)
{
	return S_ISREG(st->st_mode) || S_ISDIR(st->st_mode);
}

/* Record what @st says of owner and mode; the object itself stays ours and usable. */
static int record(const char *to, const struct stat *st)
{
	mode_t mode = (st->st_mode & 0777) | (S_ISDIR(st->st_mode) ? 0700 : 0600);
	char text[64];
	int n = snprintf(text, sizeof(text), "%u:%u:%o", st->st_uid, st->st_gid,
			 st->st_mode & 07777u);

	if (has_xattrs(st) && lsetxattr(to, OVERRIDE, text, (size_t)n, 0) && errno != ENOTSUP)
		return -errno;
	return !S_ISLNK(st->st_mode) && chmod(to, mode) ? -errno : 0;
}

/* Would its mode keep us from looking at its xattrs, and into directories? */
static bool is_shut(const struct stat *st)
{
	mode_t need = S_ISDIR(st->st_mode) ? 0700 : 0400;

	return has_xattrs(st) && geteuid() && (st->st_mode & need) != need;
}

/* Owner first: the kernel clears suid and sgid on a change of owner. */
static int copy_owner_mode(const char *to, const struct stat *st, bool *ret_refused)
{
	bool refused = lchown(to, st->st_uid, st->st_gid) != 0;

	if (refused && errno != EPERM && errno != EINVAL)
		return -errno;
	*ret_refused = refused;
	if (refused || is_shut(st))
		return record(to, st);
	return !S_ISLNK(st->st_mode) && chmod(to, st->st_mode & 07777) ? -errno : 0;
}

int ovl_attrs_times(const char *path, const struct stat *st)
{
	const struct timespec ts[2] = {st->st_atim, st->st_mtim};

	return utimensat(AT_FDCWD, path, ts, AT_SYMLINK_NOFOLLOW) ? -errno : 0;
}

int ovl_attrs_copy(const char *from, const struct stat *st, const char *to, bool *ret_refused)
{
	int err = copy_xattrs(from, to);

	if (!err)
		err = copy_owner_mode(to, st, ret_refused);
	return err ? err : ovl_attrs_times(to, st);
}
