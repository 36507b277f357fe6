/* SPDX-License-Identifier: MIT */
#include "attr_copy.h"

#include "do.h"
#include "index.h"
#include "inode.h"
#include "marks.h"
#include "override.h"
#include "record.h"
#include "real.h"
#include "str.h"
#include "view.h"

#define XATTR_AREA (64 * 1024) /* XATTR_LIST_MAX and XATTR_SIZE_MAX: xattr(7) */

/* May this xattr be missing from the copy? What only root may set cannot be carried over. */
static bool is_optional(const char *name, int err)
{
	return err == -EOPNOTSUPP || (err == -EPERM && !ovl_str_starts(name, "user."));
}

/* Copy the xattrs listed in @list (of @n bytes) one by one through @value. */
static int copy_listed(const char *path, int fd, const char *list, long n, char *value, bool hollow)
{
	for (const char *name = list; name < list + n; name += strlen(name) + 1) {
		long size;
		int err;

		if (ovl_mark_private(name))
			continue;
		size = ovl_sys(__NR_lgetxattr, path, name, value, XATTR_AREA);
		if (size == -EACCES && hollow)
			size = 0; /* the name is all there is, as of the content */
		if (size < 0)
			continue; /* gone, or not ours to read: a plain cp would not have it either
				   */
		err = (int)ovl_sys(__NR_fsetxattr, fd, name, value, size, 0);
		if (err && !is_optional(name, err))
			return err;
	}
	return 0;
}

int ovl_attr_copy_xattrs(struct ovl_path *from, int fd, bool hollow)
{
	OVL_LOC loc = OVL_LOC_INIT;
	int err = ovl_loc_path(from, &loc);
	long area;
	long n;

	if (!err && ovl_sys(__NR_llistxattr, loc.name, 0, 0) <= 0)
		return 0;
	if (err)
		return err;
	area = ovl_sys_room(2 * XATTR_AREA);
	if (ovl_is_err(area))
		return (int)area;
	n = ovl_sys(__NR_llistxattr, loc.name, area, XATTR_AREA);
	if (n > 0)
		err = copy_listed(loc.name, fd, (char *)area, n, (char *)area + XATTR_AREA, hollow);
	(void)ovl_sys(__NR_munmap, area, 2 * XATTR_AREA); /* our own mapping */
	return err;
}

int ovl_attr_times(int dir, const char *name, const struct statx *st)
{
	int64_t ts[4] = {st->stx_atime.tv_sec, st->stx_atime.tv_nsec, st->stx_mtime.tv_sec,
			 st->stx_mtime.tv_nsec};

	return ovl_do_utimens(dir, name, ts, name ? AT_SYMLINK_NOFOLLOW : 0);
}

/* Owner first: the kernel clears suid and sgid on a change of owner. */
static int copy_owner_mode(int fd, const struct statx *st, const struct statx *now)
{
	int err = 0;

	if (st->stx_uid != now->stx_uid || st->stx_gid != now->stx_gid)
		err = (int)ovl_sys(__NR_fchown, fd, st->stx_uid, st->stx_gid);
	if (err == -EPERM || err == -EINVAL || (!err && ovl_override_needed(st->stx_mode)))
		return ovl_override_set(fd, st->stx_uid, st->stx_gid, st->stx_mode);
	return err ? err : (int)ovl_sys(__NR_fchmod, fd, st->stx_mode & 07777);
}

static int copy_all(struct ovl_path *from, int fd, const struct statx *st, bool hollow)
{
	struct statx now;
	int err = (int)ovl_sys(__NR_statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME,
			       &now);

	if (err)
		return err;
	err = ovl_attr_copy_xattrs(from, fd, hollow);
	if (!err) {
		ovl_record_forget(fd, "");
		err = ovl_inode_set_origin(fd, &now, st);
	}
	if (err == -EOPNOTSUPP || err == -EPERM)
		err = 0; /* no xattrs here: the number changes, as on every overlay without them */
	/* Before the mode, which is sealed with them where it is only recorded: seal.h */
	if (!err)
		err = ovl_attr_times(fd, NULL, st);
	if (err)
		return err;
	return copy_owner_mode(fd, st, &now);
}

int ovl_attr_copy(struct ovl_path *from, int fd, const struct statx *st)
{
	return copy_all(from, fd, st, false);
}

int ovl_attr_copy_hollow(struct ovl_path *from, int fd, const struct statx *st)
{
	return copy_all(from, fd, st, true);
}

int ovl_attr_copy_at(struct ovl_ctx *ctx, int dir, const char *name, const struct statx *st)
{
	struct ovl_record r = {
		.origin = ovl_origin_of(st),
		.owner = {st->stx_uid, st->stx_gid, st->stx_mode & 07777},
	};
	int err = ovl_do_chown(dir, name, st->stx_uid, st->stx_gid, AT_SYMLINK_NOFOLLOW);

	r.has_owner = err == -EPERM || err == -EINVAL;
	if (err && !r.has_owner)
		return err;
	err = (int)ovl_sys(__NR_statx, dir, name, AT_SYMLINK_NOFOLLOW,
			   STATX_BASIC_STATS | STATX_BTIME, &ctx->st);
	if (!err)
		err = ovl_record_set(&ctx->st, &r);
	if (!err && (st->stx_mode & S_IFMT) != S_IFLNK)
		err = ovl_do_chmod(dir, name, st->stx_mode & 07777);
	return err ? err : ovl_attr_times(dir, name, st);
}
