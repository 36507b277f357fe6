/* SPDX-License-Identifier: MIT */
/* misc.c - calls that watch objects, hand out handles, set limits, or are an administrator's */
#include "aside.h"
#include "copy_up.h"
#include "lookup.h"
#include "peek.h"
#include "perm.h"
#include "real.h"
#include "systab.h"

#define IN_DONT_FOLLOW_BIT 0x02000000 /* inotify(7) */
#define IN_ONLYDIR_BIT	   0x01000000
#define FAN_MARK_ADD	   0x00000001 /* fanotify_mark(2) */
#define FAN_DONT_FOLLOW	   0x00000004
#define FAN_NO_OBJECT	   0x00000110 /* FAN_MARK_MOUNT, FAN_MARK_FILESYSTEM */
#define CORE		   4	      /* RLIMIT_CORE */
#define BAD_PATH	   1	      /* no address: a call that gets so far answers EFAULT */

/*
 * The object name[0] goes to upper before it is watched: whoever changes it in the view does so
 * there. Best effort: what cannot be copied is watched where it is. ctx->real becomes its path.
 * 0 or OVL_AGAIN, OVL_COPIED.
 */
static int bring_up(struct ovl_ctx *ctx)
{
	struct ovl_name *n = &ctx->name[0];
	int err = ovl_read_only() ? -EROFS : ovl_lookup_stat(ctx, n);
	unsigned type = n->st.stx_mode & S_IFMT;

	if (!err && (type == S_IFREG || type == S_IFDIR)) {
		err = n->layer == OVL_UPPER ? 0 : ovl_perm_access(ctx, n, 4);
		if (!err)
			err = ovl_copy_up(ctx, n, OVL_COPY_ALL);
		if (!err && type == S_IFDIR)
			__atomic_store_n(&ovl_ss->watches, 1, __ATOMIC_RELEASE);
	}
	if (err == OVL_AGAIN || err == OVL_COPIED || err == -EMFILE)
		return err;
	return ovl_name_real(n, n->layer, &ctx->real);
}

long ovl_op_inotify_add_watch(struct ovl_ctx *ctx)
{
	long fd = ovl_arg(ctx, 0);
	long mask = ovl_arg(ctx, 2);
	OVL_LOC loc = OVL_LOC_INIT;
	long r = ovl_op_find(ctx, -1, 1, mask & IN_DONT_FOLLOW_BIT ? 0 : OVL_N_FOLLOW);
	int dir;

	if (r)
		return r;
	/* Nothing is copied for a call that fails whatever the path. */
	r = ovl_sys(__NR_inotify_add_watch, fd, BAD_PATH, mask);
	if (r != -EFAULT)
		return r;
	dir = ovl_op_is_dir(ctx, &ctx->name[0]);
	if (dir < 0)
		return dir;
	r = !dir && (mask & IN_ONLYDIR_BIT) ? -ENOTDIR : bring_up(ctx);
	if (!r)
		r = ovl_loc_path(&ctx->real, &loc);
	return r ? r : ovl_sys(__NR_inotify_add_watch, fd, loc.name, mask);
}

long ovl_op_fanotify_mark(struct ovl_ctx *ctx)
{
	long a[3] = {ovl_arg(ctx, 0), ovl_arg(ctx, 1), ovl_arg(ctx, 2)};
	bool object = (a[1] & FAN_MARK_ADD) && !(a[1] & FAN_NO_OBJECT);
	OVL_LOC loc = OVL_LOC_INIT;
	long r;

	if (!ovl_arg(ctx, 4))
		return OVL_R_PASS;
	r = ovl_op_find(ctx, 3, 4, a[1] & FAN_DONT_FOLLOW ? 0 : OVL_N_FOLLOW);
	if (r)
		return r;
	if (object) {
		r = ovl_sys(__NR_fanotify_mark, a[0], a[1], a[2], AT_FDCWD, BAD_PATH);
		r = r == -EFAULT ? bring_up(ctx) : r;
	}
	if (!r)
		r = ovl_loc_path(&ctx->real, &loc);
	return r ? r : ovl_sys(__NR_fanotify_mark, a[0], a[1], a[2], AT_FDCWD, loc.name);
}

/* A handle names a layer's inode for ever: the view has none to give. */
long ovl_op_name_to_handle_at(struct ovl_ctx *ctx)
{
	/* AT_SYMLINK_FOLLOW here, where the other calls have NOFOLLOW: name_to_handle_at(2). */
	long at_flags = ovl_arg(ctx, 4);
	long how = (at_flags & AT_EMPTY_PATH) |
		   (at_flags & AT_SYMLINK_FOLLOW ? 0 : AT_SYMLINK_NOFOLLOW);
	long r;

	if ((unsigned)at_flags & ~(unsigned)(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH | 0x200 | 1 | 2))
		return -EINVAL; /* AT_HANDLE_FID, _MNT_ID_UNIQUE, _CONNECTABLE: Linux 6.13 */
	r = ovl_op_find(ctx, 0, 1, ovl_op_at_flags(how));
	return r ? r : -EOPNOTSUPP;
}

long ovl_op_denied(struct ovl_ctx *ctx)
{
	(void)ctx;
	return -EOPNOTSUPP;
}

long ovl_op_nosys(struct ovl_ctx *ctx)
{
	(void)ctx;
	return -ENOSYS;
}

/*
 * @limit, which the program wants for @resource. A core file is the kernel's own work, done where
 * the process is, which may be a lower layer: it is not allowed, as to a user whom the hard limit
 * forbids it; root might raise that.
 */
static long limit(long resource, long limit)
{
	uint64_t now[2]; /* struct rlimit64: soft, hard */

	if ((unsigned)resource != CORE || !limit || !(ovl_ss->flags & OVL_S_NO_CORE))
		return OVL_R_PASS;
	if (ovl_peek((const char *)limit, (char *)now, sizeof(now)) != sizeof(now))
		return -EFAULT;
	return now[0] || now[1] ? -EPERM : OVL_R_PASS;
}

long ovl_op_prlimit64(struct ovl_ctx *ctx)
{
	return limit(ovl_arg(ctx, 1), ovl_arg(ctx, 2));
}

long ovl_op_setrlimit(struct ovl_ctx *ctx)
{
	return limit(ovl_arg(ctx, 0), ovl_arg(ctx, 1));
}

/* Mounts, swap, accounting, quotas: outside the kernel decides, in the view nobody may. */
static long admin(struct ovl_ctx *ctx, int dirfd, int path)
{
	long r;

	if (!ovl_arg(ctx, path))
		return OVL_R_PASS;
	r = ovl_op_resolve(ctx, 0, dirfd, path, OVL_N_FOLLOW | OVL_N_EMPTY);
	if (r == OVL_R_PASS || (!r && ctx->name[0].zone == OVL_Z_OUTSIDE))
		return OVL_R_PASS;
	return -EPERM;
}

long ovl_op_admin0(struct ovl_ctx *ctx)
{
	return admin(ctx, -1, 0);
}

long ovl_op_admin1(struct ovl_ctx *ctx)
{
	return admin(ctx, -1, 1);
}

long ovl_op_admin_at(struct ovl_ctx *ctx)
{
	return admin(ctx, 0, 1);
}

long ovl_op_quotactl_fd(struct ovl_ctx *ctx)
{
	int err = ovl_namei_fd(ctx, &ctx->name[0], ovl_arg_fd(ctx, 0));

	if (ctx->fd_layer == OVL_NONE && (err || ctx->name[0].zone == OVL_Z_OUTSIDE))
		return OVL_R_PASS;
	return -EPERM;
}

long ovl_op_move_mount(struct ovl_ctx *ctx)
{
	return admin(ctx, 2, 3);
}
