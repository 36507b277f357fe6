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

/* Record what @st says of owner and mode; the object itself stays ours and usable. */
static int record(const char *to, const struct stat *st, bool usable, bool *ret_recorded)
{
	char text[64];
	mode_t mode = st->st_mode & 0777;
	int n = snprintf(text, sizeof(text), "%u:%u:%o", st->st_uid, st->st_gid,
			 st->st_mode & 07777u);

	if (usable)
		mode |= S_IRWXU;
	if (!lsetxattr(to, OVERRIDE, text, (size_t)n, 0))
		*ret_recorded = true;
	else if (errno != ENOTSUP && errno != EPERM)
		return -errno;
	return chmod(to, mode) ? -errno : 0;
}

/* Owner first: the kernel clears suid and sgid on a change of owner. */
static int copy_owner_mode(const char *to, const struct stat *st, bool usable, bool *ret_recorded)
{
	bool shut = usable && geteuid() && (st->st_mode & S_IRWXU) != S_IRWXU;
	bool refused = lchown(to, st->st_uid, st->st_gid) != 0;

	if (refused && errno != EPERM && errno != EINVAL)
		return -errno;
	if (S_ISLNK(st->st_mode))
		return 0;
	if ((refused || shut) && (S_ISREG(st->st_mode) || S_ISDIR(st->st_mode)))
		return record(to, st, usable, ret_recorded);
	return chmod(to, st->st_mode & 07777) ? -errno : 0;
}

int ovl_attrs_times(const char *path, const struct stat *st)
{
	const struct timespec ts[2] = {st->st_atim, st->st_mtim};

	return utimensat(AT_FDCWD, path, ts, AT_SYMLINK_NOFOLLOW) ? -errno : 0;
}

int ovl_attrs_copy(const char *from, const struct stat *st, const char *to, bool usable,
		   bool *ret_recorded)
{
	int err = copy_xattrs(from, to);

	if (!err)
		err = copy_owner_mode(to, st, usable, ret_recorded);
	return err ? err : ovl_attrs_times(to, st);
}
