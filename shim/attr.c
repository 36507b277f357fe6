/* SPDX-License-Identifier: MIT */
/* attr.c - mode, owner, times, and the ioctls that change flags */
#include "dcache.h"
#include "do.h"
#include "fdview.h"
#include "filelock.h"
#include "inode.h"
#include "lookup.h"
#include "override.h"
#include "perm.h"
#include "real.h"
#include "systab.h"

#include <linux/fs.h>

#define FS_IOC32_GETFLAGS_NR 0x80046601 /* _IOR('f', 1, int): what old programs pass */

#ifndef UTIME_NOW /* utimensat(2): the kernel's headers keep them to themselves */
#define UTIME_NOW  ((1L << 30) - 1L)
#define UTIME_OMIT ((1L << 30) - 2L)
#endif

/* The owner may keep himself out; that must not keep us from what we store on the object. */
static bool is_plain_mode(unsigned mode)
{
	return !ovl_ss->overrides && (mode & 0700) == 0700;
}

/* What was found out about who may search a directory is of no worth any more. */
static void forget_rights(const struct ovl_name *n)
{
	if ((n->st.stx_mode & S_IFMT) == S_IFDIR)
		ovl_dcache_rights(n);
}

/*
 * A merged directory's names are reached through the lower one, whose rights the kernel knows:
 * from now on ours are asked as well. Root needs not ask.
 */
static void rights_differ(const struct ovl_name *n)
{
	if (n->lowers && !ovl_ss->overrides && ovl_sys(__NR_geteuid))
		ovl_overrides_begin();
	forget_rights(n);
}

/* From here on a mode that keeps its owner from reading what is stored on the object is recorded.
 */
static void expect_record(unsigned mode)
{
	if (!(mode & S_IRUSR) && !ovl_ss->overrides && ovl_sys(__NR_geteuid))
		ovl_overrides_begin();
}

/* Of a group that is not the caller's the sgid bit is not to be had: chmod(2). */
static unsigned without_sgid(struct ovl_ctx *ctx, const struct statx *st, unsigned mode)
{
	if (!(mode & S_ISGID) || !ovl_sys(__NR_geteuid) || ovl_perm_in_group(ctx, st->stx_gid))
		return mode;
	return mode & ~(unsigned)S_ISGID;
}

/* chmod of the object name[0], which is on upper. */
static long set_mode(struct ovl_ctx *ctx, unsigned mode)
{
	struct ovl_name *n = &ctx->name[0];
	char link[OVL_FD_LINK];
	OVL_FD fd = -1;
	int err = ovl_lookup_stat(ctx, n);

	if (err)
		return err;
	if ((n->st.stx_mode & S_IFMT) == S_IFLNK)
		return -EOPNOTSUPP;
	rights_differ(n);
	if (!is_plain_mode(mode))
		ovl_inode_present_name(ctx, n);
	err = ovl_name_real(n, OVL_UPPER, &ctx->real);
	if (!err)
		err = ovl_op_hold(ctx, &fd, link);
	if (err)
		return err;
	if ((ctx->st.stx_mode & S_IFMT) == S_IFLNK)
		return OVL_AGAIN;
	err = is_plain_mode(mode)
		      ? ovl_do_chmod(AT_FDCWD, link, mode)
		      : ovl_override_fchmod(fd, &n->st, without_sgid(ctx, &n->st, mode));
	forget_rights(n); /* and what was found out meanwhile */
	return err;
}

static long set_owner(struct ovl_ctx *ctx, unsigned uid, unsigned gid)
{
	struct ovl_name *n = &ctx->name[0];
	bool root = !ovl_sys(__NR_geteuid);
	char link[OVL_FD_LINK];
	OVL_FD fd = -1;
	int err = ovl_lookup_stat(ctx, n);

	if (err)
		return err;
	if (!root)
		ovl_inode_present_name(ctx, n);
	err = ovl_name_real(n, OVL_UPPER, &ctx->real);
	if (!err)
		err = ovl_op_hold(ctx, &fd, link);
	if (err)
		return err;
	forget_rights(n);
	return root ? ovl_do_chown(fd, "", uid, gid, AT_EMPTY_PATH)
		    : ovl_override_fchown(fd, &n->st, uid, gid);
}

/* The same of an open object, by argument 0: ctx->by_fd. */
static long set_mode_by_fd(struct ovl_ctx *ctx, unsigned mode)
{
	const struct statx *st = &ctx->name[0].st;

	forget_rights(&ctx->name[0]);
	return ovl_override_fchmod(ovl_arg_fd(ctx, 0), st, without_sgid(ctx, st, mode));
}

static long set_owner_by_fd(struct ovl_ctx *ctx, unsigned uid, unsigned gid)
{
	forget_rights(&ctx->name[0]);
	return ovl_override_fchown(ovl_arg_fd(ctx, 0), &ctx->name[0].st, uid, gid);
}

static long set_times(struct ovl_ctx *ctx, const void *times)
{
	char link[OVL_FD_LINK];
	OVL_FD fd = -1;
	int err = ovl_op_hold(ctx, &fd, link);

	if (err)
		return err;
	return ovl_ss->overrides ? ovl_override_futimens(fd, times)
				 : ovl_do_utimens(AT_FDCWD, link, times, 0);
}

/* What fchmodat2, fchownat and utimensat know. */
static bool bad_flags(long flags)
{
	return (unsigned)flags & ~(unsigned)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH);
}

static long chmod_at(struct ovl_ctx *ctx, int dirfd, int path, unsigned mode, long flags)
{
	long r;

	if (bad_flags(flags))
		return -EINVAL;
	expect_record(mode);
	r = ovl_op_change(ctx, dirfd, path, ovl_op_at_flags(flags), OVL_BY_OWNER);
	if (r == OVL_R_PASS && ctx->by_fd)
		return set_mode_by_fd(ctx, mode);
	return r ? r : set_mode(ctx, mode);
}

long ovl_op_chmod(struct ovl_ctx *ctx)
{
	return chmod_at(ctx, -1, 0, (unsigned)ovl_arg(ctx, 1), 0);
}

long ovl_op_fchmodat(struct ovl_ctx *ctx)
{
	return chmod_at(ctx, 0, 1, (unsigned)ovl_arg(ctx, 2), 0);
}

long ovl_op_fchmodat2(struct ovl_ctx *ctx)
{
	return chmod_at(ctx, 0, 1, (unsigned)ovl_arg(ctx, 2), ovl_arg(ctx, 3));
}

long ovl_op_fchmod(struct ovl_ctx *ctx)
{
	int fd = ovl_arg_fd(ctx, 0);
	long r;

	if (ovl_fd_is_path(fd))
		return -EBADF;
	expect_record((unsigned)ovl_arg(ctx, 1));
	r = ovl_op_change_fd(ctx, fd, OVL_BY_OWNER);
	if (r == OVL_R_PASS && ctx->by_fd)
		return set_mode_by_fd(ctx, (unsigned)ovl_arg(ctx, 1));
	return r ? r : set_mode(ctx, (unsigned)ovl_arg(ctx, 1));
}

/* Is @n a lower object that no suid or sgid bit is to be taken from? */
static bool has_no_suid(struct ovl_ctx *ctx, struct ovl_name *n)
{
	return n->layer != OVL_UPPER && !ovl_lookup_stat(ctx, n) &&
	       !(n->st.stx_mode & (S_ISUID | S_ISGID));
}

static long chown_at(struct ovl_ctx *ctx, int dirfd, int path, long flags)
{
	struct ovl_name *n = &ctx->name[0];
	int how = ovl_op_at_flags(flags);
	long r;

	if (bad_flags(flags))
		return -EINVAL;
	ctx->uid = (unsigned)ovl_arg(ctx, path + 1);
	ctx->gid = (unsigned)ovl_arg(ctx, path + 2);
	/* Nothing given: only suid and sgid would go. What cannot be copied can be left alone. */
	if (ctx->uid == -1U && ctx->gid == -1U && !ovl_op_is_fd(ctx, dirfd, path, how)) {
		r = ovl_op_resolve(ctx, 0, dirfd, path, how);
		if (!r && n->zone == OVL_Z_VIEW)
			r = ovl_op_must_exist(n);
		if (r)
			return r;
		if (n->zone == OVL_Z_VIEW && (ovl_op_is_dir(ctx, n) == 1 || has_no_suid(ctx, n)))
			return 0;
	}
	r = ovl_op_change(ctx, dirfd, path, how, OVL_BY_GIVER);
	if (r == OVL_R_PASS && ctx->by_fd)
		return set_owner_by_fd(ctx, ctx->uid, ctx->gid);
	return r ? r : set_owner(ctx, ctx->uid, ctx->gid);
}

long ovl_op_chown(struct ovl_ctx *ctx)
{
	return chown_at(ctx, -1, 0, 0);
}

long ovl_op_lchown(struct ovl_ctx *ctx)
{
	return chown_at(ctx, -1, 0, AT_SYMLINK_NOFOLLOW);
}

long ovl_op_fchownat(struct ovl_ctx *ctx)
{
	return chown_at(ctx, 0, 1, ovl_arg(ctx, 4));
}

long ovl_op_fchown(struct ovl_ctx *ctx)
{
	int fd = ovl_arg_fd(ctx, 0);
	long r;

	if (ovl_fd_is_path(fd))
		return -EBADF;
	ctx->uid = (unsigned)ovl_arg(ctx, 1);
	ctx->gid = (unsigned)ovl_arg(ctx, 2);
	r = ovl_op_change_fd(ctx, fd, OVL_BY_GIVER);
	if (r == OVL_R_PASS && ctx->by_fd)
		return set_owner_by_fd(ctx, ctx->uid, ctx->gid);
	return r ? r : set_owner(ctx, ctx->uid, ctx->gid);
}

/* Anybody who may write may set the times to now: utimensat(2). */
static enum ovl_change times_by(const int64_t *ts)
{
	bool now = !ts || (ts[1] == UTIME_NOW && ts[3] == UTIME_NOW);

	return now ? OVL_BY_OWNER_OR_WRITER : OVL_BY_OWNER;
}

static long utimens_at(struct ovl_ctx *ctx, int dirfd, int path, const int64_t *ts, long flags)
{
	long r;

	if (bad_flags(flags))
		return -EINVAL;
	r = ovl_op_change(ctx, dirfd, path, ovl_op_at_flags(flags), times_by(ts));
	if (r == OVL_R_PASS && ctx->by_fd)
		return ovl_override_futimens(ovl_arg_fd(ctx, 0), ts);
	return r ? r : set_times(ctx, ts);
}

long ovl_op_utimensat(struct ovl_ctx *ctx)
{
	const int64_t *ts = (const int64_t *)ovl_arg(ctx, 2);
	int fd = ovl_arg_fd(ctx, 0);
	long r;

	if (ts && ts[1] == UTIME_OMIT && ts[3] == UTIME_OMIT)
		return OVL_R_PASS; /* the kernel does nothing, and does not even look */
	if (ovl_arg(ctx, 1))
		return utimens_at(ctx, 0, 1, ts, ovl_arg(ctx, 3));
	if (ovl_fd_is_path(fd))
		return -EBADF;
	r = ovl_op_change_fd(ctx, fd, times_by(ts));
	if (r == OVL_R_PASS && ctx->by_fd)
		return ovl_override_futimens(ovl_arg_fd(ctx, 0), ts);
	return r ? r : set_times(ctx, ts);
}

/* struct timeval pairs; microseconds become nanoseconds. */
static long utimes_at(struct ovl_ctx *ctx, int dirfd, int path, const int64_t *tv)
{
	int64_t ts[4];

	if (!tv)
		return utimens_at(ctx, dirfd, path, NULL, 0);
	if (tv[1] < 0 || tv[1] >= 1000000 || tv[3] < 0 || tv[3] >= 1000000)
		return -EINVAL;
	for (int i = 0; i < 4; i++)
		ts[i] = i % 2 ? tv[i] * 1000 : tv[i];
	return utimens_at(ctx, dirfd, path, ts, 0);
}

long ovl_op_utimes(struct ovl_ctx *ctx)
{
	return utimes_at(ctx, -1, 0, (const int64_t *)ovl_arg(ctx, 1));
}

long ovl_op_futimesat(struct ovl_ctx *ctx)
{
	return utimes_at(ctx, 0, 1, (const int64_t *)ovl_arg(ctx, 2));
}

long ovl_op_utime(struct ovl_ctx *ctx)
{
	const int64_t *buf = (const int64_t *)ovl_arg(ctx, 1);
	int64_t ts[4] = {0};

	if (!buf)
		return utimens_at(ctx, -1, 0, NULL, 0);
	ts[0] = buf[0];
	ts[2] = buf[1];
	return utimens_at(ctx, -1, 0, ts, 0);
}

static bool ioctl_changes(unsigned request)
{
	static const uint32_t changes[] = OVL_GUARD_IOCTLS;

	for (size_t i = 0; i < OVL_ARRAY_SIZE(changes); i++)
		if (request == changes[i])
			return true;
	return false;
}

/* And those that tell what these have set. */
static bool ioctl_tells(unsigned request)
{
	return request == FS_IOC_GETFLAGS || request == FS_IOC32_GETFLAGS_NR ||
	       request == FS_IOC_FSGETXATTR || request == FS_IOC_GETVERSION;
}

bool ovl_ioctl_ours(unsigned request)
{
	return ioctl_changes(request) || ioctl_tells(request);
}

/* A descriptor of a directory stays that of the lower one: upper's is asked instead. */
static long find_copy(struct ovl_ctx *ctx, int fd)
{
	struct ovl_name *n = &ctx->name[0];
	int err = ovl_namei_fd(ctx, n, fd);

	if (err || n->zone != OVL_Z_VIEW || n->layer != OVL_UPPER || ctx->fd_layer <= OVL_UPPER ||
	    ovl_op_is_dir(ctx, n) != 1)
		return OVL_R_PASS;
	return ovl_name_real(n, OVL_UPPER, &ctx->real);
}

long ovl_op_ioctl(struct ovl_ctx *ctx)
{
	int fd = ovl_arg_fd(ctx, 0);
	unsigned request = (unsigned)ovl_arg(ctx, 1);
	OVL_FILE upper = -1;
	long r;

	if (!ovl_ioctl_ours(request) || ovl_fd_is_path(fd))
		return OVL_R_PASS;
	r = ioctl_tells(request) ? find_copy(ctx, fd) : ovl_op_change_fd(ctx, fd, OVL_BY_OWNER);
	if (r)
		return r;
	upper = ovl_real_open(&ctx->real, O_RDONLY | O_NONBLOCK);
	return upper < 0 ? upper : ovl_sys(__NR_ioctl, upper, request, ovl_arg(ctx, 2));
}

/* The same by a path: Linux 6.17. */
static long call_on_real(struct ovl_ctx *ctx)
{
	OVL_LOC loc = OVL_LOC_INIT;
	int err = ovl_loc_get(&ctx->real, &loc);

	return err ? err
		   : ovl_sys(ctx->call->nr, loc.fd, loc.name, ovl_arg(ctx, 2), ovl_arg(ctx, 3),
			     AT_SYMLINK_NOFOLLOW);
}

long ovl_op_file_getattr(struct ovl_ctx *ctx)
{
	long r = ovl_op_find(ctx, 0, 1, ovl_op_at_flags(ovl_arg(ctx, 4)));

	return r ? r : call_on_real(ctx);
}

long ovl_op_file_setattr(struct ovl_ctx *ctx)
{
	long r = ovl_op_change(ctx, 0, 1, ovl_op_at_flags(ovl_arg(ctx, 4)), OVL_BY_OWNER);

	return r ? r : call_on_real(ctx);
}
