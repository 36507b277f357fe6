/* SPDX-License-Identifier: MIT */
/* dir.c - calls that make and remove names: mkdir mknod symlink link unlink rmdir */
#include "copy_up.h"
#include "create.h"
#include "hide.h"
#include "lookup.h"
#include "perm.h"
#include "real.h"
#include "remove.h"
#include "systab.h"

/* unlink(2) knows no flag; rmdir(2) is unlinkat(AT_REMOVEDIR). */
enum removal { FILE_ONLY, DIR_ONLY };

/*
 * Resolve the name that is to be made, argument @path. 0: it is in the view and free.
 * Else what the handler returns.
 */
static long resolve_new(struct ovl_ctx *ctx, int dirfd, int path, bool dir)
{
	struct ovl_name *n = &ctx->name[0];
	long r = ovl_op_resolve(ctx, 0, dirfd, path, OVL_N_CREATE);

	if (r)
		return r;
	if (n->zone != OVL_Z_VIEW)
		return ovl_op_outside(ctx, dirfd, path, true);
	if (n->layer != OVL_NONE || n->last != OVL_L_NORM)
		return -EEXIST;
	if (n->slash && !dir)
		return -ENOENT;
	return ovl_read_only() ? -EROFS : 0;
}

/* Make argument @path with @m. */
static long make_new(struct ovl_ctx *ctx, int dirfd, int path, const struct ovl_maker *m)
{
	long r = resolve_new(ctx, dirfd, path, m->dir);

	if (r)
		return r;
	ctx->error = -EEXIST;
	r = ovl_create(ctx, &ctx->name[0], m);
	/* Taken meanwhile, perhaps by a whiteout, which is no reason to fail: look again. */
	return r == -EEXIST ? OVL_AGAIN : r;
}

static long mkdir_at(struct ovl_ctx *ctx, int dirfd, int path)
{
	struct ovl_maker m = {
		.make = ovl_make_dir,
		.dir = true,
		.mode = (unsigned)ovl_arg(ctx, path + 1),
	};

	return make_new(ctx, dirfd, path, &m);
}

long ovl_op_mkdir(struct ovl_ctx *ctx)
{
	return mkdir_at(ctx, -1, 0);
}

long ovl_op_mkdirat(struct ovl_ctx *ctx)
{
	return mkdir_at(ctx, 0, 1);
}

static long mknod_at(struct ovl_ctx *ctx, int dirfd, int path)
{
	struct ovl_maker m = {
		.make = ovl_make_node,
		.mode = (unsigned)ovl_arg(ctx, path + 1),
		.dev = (uint64_t)ovl_arg(ctx, path + 2),
	};

	switch (m.mode & S_IFMT) {
	case 0:
	case S_IFREG:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		break;
	default:
		return (m.mode & S_IFMT) == S_IFDIR ? -EPERM : -EINVAL;
	}
	if ((m.mode & S_IFMT) == S_IFCHR && !m.dev)
		m.make = ovl_make_device;
	return make_new(ctx, dirfd, path, &m);
}

long ovl_op_mknod(struct ovl_ctx *ctx)
{
	return mknod_at(ctx, -1, 0);
}

long ovl_op_mknodat(struct ovl_ctx *ctx)
{
	return mknod_at(ctx, 0, 1);
}

static long symlink_at(struct ovl_ctx *ctx, int dirfd, int path)
{
	struct ovl_maker m = {.make = ovl_make_symlink, .text = ovl_arg_path(ctx, 0)};

	if ((unsigned long)m.text < 4096)
		return -EFAULT;
	if (!*m.text)
		return -ENOENT;
	if (strlen(m.text) >= PATH_MAX)
		return -ENAMETOOLONG;
	return make_new(ctx, dirfd, path, &m);
}

long ovl_op_symlink(struct ovl_ctx *ctx)
{
	return symlink_at(ctx, -1, 1);
}

long ovl_op_symlinkat(struct ovl_ctx *ctx)
{
	return symlink_at(ctx, 1, 2);
}

/* A name outside the view may now be a symlink: what was known of such paths is void. */
static void forget_outside(void)
{
	__atomic_fetch_add(&ovl_ss->outside_gen, 1, __ATOMIC_RELEASE);
}

/* The wrong kind of object: but the right to remove it is asked for first, as the kernel does. */
static int check_kind(struct ovl_ctx *ctx, struct ovl_name *n, bool dir, enum removal what)
{
	int wrong = 0;
	int err;

	if (what == DIR_ONLY)
		wrong = !dir ? -ENOTDIR : n->at.len == ovl_ss->root.len ? -EBUSY : 0;
	else if (dir || n->slash)
		wrong = dir ? -EISDIR : -ENOTDIR;
	if (!wrong || (n->slash && what == FILE_ONLY))
		return wrong;
	err = ovl_perm_delete(ctx, n);
	return err ? err : wrong;
}

static long resolve_old(struct ovl_ctx *ctx, int dirfd, int path, enum removal what)
{
	struct ovl_name *n = &ctx->name[0];
	long r = ovl_op_resolve(ctx, 0, dirfd, path, OVL_N_CREATE);
	int dir;

	if (r)
		return r;
	if (n->zone != OVL_Z_VIEW) {
		forget_outside();
		return ovl_op_outside(ctx, dirfd, path, true);
	}
	if (n->last != OVL_L_NORM) {
		if (what == FILE_ONLY)
			return -EISDIR;
		return n->last == OVL_L_DOT ? -EINVAL : n->last == OVL_L_ROOT ? -EBUSY : -ENOTEMPTY;
	}
	if (n->layer == OVL_NONE)
		return -ENOENT;
	dir = ovl_op_is_dir(ctx, n);
	if (dir < 0)
		return dir;
	return check_kind(ctx, n, dir, what);
}

static long remove_at(struct ovl_ctx *ctx, int dirfd, int path, enum removal what)
{
	long r = resolve_old(ctx, dirfd, path, what);

	if (r)
		return r;
	if (ovl_read_only())
		return -EROFS;
	return what == DIR_ONLY ? ovl_remove_dir(ctx, &ctx->name[0])
				: ovl_remove_file(ctx, &ctx->name[0]);
}

static long unlink_at(struct ovl_ctx *ctx, int dirfd, int path)
{
	int r = ovl_hide(ctx, dirfd < 0 ? AT_FDCWD : ovl_arg_fd(ctx, dirfd),
			 ovl_arg_path(ctx, path));

	return r == OVL_HIDE_WALK ? remove_at(ctx, dirfd, path, FILE_ONLY) : r;
}

long ovl_op_unlink(struct ovl_ctx *ctx)
{
	return unlink_at(ctx, -1, 0);
}

static long rmdir_at(struct ovl_ctx *ctx, int dirfd, int path)
{
	int r = ovl_hide_dir(ctx, dirfd < 0 ? AT_FDCWD : ovl_arg_fd(ctx, dirfd),
			     ovl_arg_path(ctx, path));

	return r == OVL_HIDE_WALK ? remove_at(ctx, dirfd, path, DIR_ONLY) : r;
}

long ovl_op_rmdir(struct ovl_ctx *ctx)
{
	return rmdir_at(ctx, -1, 0);
}

long ovl_op_unlinkat(struct ovl_ctx *ctx)
{
	long flags = ovl_arg(ctx, 2);

	if (flags & ~(long)AT_REMOVEDIR)
		return -EINVAL;
	return flags ? rmdir_at(ctx, 0, 1) : unlink_at(ctx, 0, 1);
}
