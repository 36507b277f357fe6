/* SPDX-License-Identifier: MIT */
#include "ops.h"

#include "copy_up.h"
#include "inode.h"
#include "lookup.h"
#include "lost.h"
#include "marks.h"
#include "perm.h"
#include "real.h"
#include "seal.h"
#include "str.h"

/*
 * The object open as ctx->through, which the view has lost, cannot become a copy: who only looks
 * may look at what it is, and the kernel follows the link of /proc to that.
 */
static long look_at_lost(struct ovl_ctx *ctx, struct ovl_name *n)
{
	struct ovl_path *p = &n->at;

	n->zone = OVL_Z_OUTSIDE;
	n->magic = true;
	ovl_path_cut(p, 0);
	if (ovl_path_add(p, "/proc/", 6))
		return -ENAMETOOLONG;
	ovl_path_cut(p,
		     6 + (unsigned)ovl_str_number(p->buf + 6, (uint64_t)ovl_sys(__NR_getpid), 10));
	(void)ovl_path_add(p, "/fd/", 4); /* there is room */
	ovl_path_cut(
		p, p->len + (unsigned)ovl_str_number(p->buf + p->len, (uint64_t)ctx->through, 10));
	return 0;
}

/* The same is about to be looked at or changed, by the link of /proc that @path is or leads to. */
static long resolve_lost(struct ovl_ctx *ctx, struct ovl_name *n, int at, const char *path,
			 int flags)
{
	int err = ovl_read_only() ? -EROFS : ovl_copy_up_lost(ctx, ctx->through);

	/* Of a copy that has no name the link means something to the kernel. */
	if (!err)
		err = ovl_namei(ctx, n, at, path, flags);
	else if (err == OVL_AGAIN)
		return err;
	else if (flags & OVL_N_LOOK)
		return look_at_lost(ctx, n);
	else if (err == -ESTALE)
		return -ENOENT;
	return err == -ESTALE ? OVL_R_PASS : err;
}

long ovl_op_resolve(struct ovl_ctx *ctx, int slot, int dirfd, int path, int flags)
{
	int at = dirfd < 0 ? AT_FDCWD : ovl_arg_fd(ctx, dirfd);
	int err = ovl_namei(ctx, &ctx->name[slot], at, ovl_arg_path(ctx, path), flags);

	if (err == -ESTALE && ctx->through >= 0)
		return resolve_lost(ctx, &ctx->name[slot], at, ovl_arg_path(ctx, path), flags);
	return err == -ESTALE ? OVL_R_PASS : err;
}

int ovl_op_at_flags(long at_flags)
{
	return (at_flags & AT_SYMLINK_NOFOLLOW ? 0 : OVL_N_FOLLOW) |
	       (at_flags & AT_EMPTY_PATH ? OVL_N_EMPTY : 0);
}

long ovl_op_find(struct ovl_ctx *ctx, int dirfd, int path, int flags)
{
	struct ovl_name *n = &ctx->name[0];
	long r = ovl_op_resolve(ctx, 0, dirfd, path, flags);

	if (r)
		return r;
	if (n->zone != OVL_Z_VIEW)
		return ovl_op_outside(ctx, dirfd, path, false);
	r = ovl_op_must_exist(n);
	return r ? r : ovl_name_real(n, n->layer, &ctx->real);
}

/*
 * Let the program's own thread wait, should the call block: an open of a terminal or FIFO. The
 * path is in the call's workspace, which is kept until it is done.
 */
static long tail_with_path(struct ovl_ctx *ctx, int dirfd, int path, const struct ovl_path *real)
{
	struct ovl_tail *t = ctx->tail;

	t->nr = ctx->call->nr;
	memcpy(t->arg, ctx->call->arg, sizeof(t->arg));
	t->arg[path] = (long)real->buf;
	if (dirfd >= 0)
		t->arg[dirfd] = AT_FDCWD;
	return OVL_R_TAIL;
}

long ovl_op_outside(struct ovl_ctx *ctx, int dirfd, int path, bool mutates)
{
	struct ovl_name *n = &ctx->name[0];

	if (n->zone == OVL_Z_HIDDEN)
		return mutates ? -EACCES : -ENOENT;
	if (n->zone == OVL_Z_LOCKED && mutates)
		return -EROFS;
	if (!n->via_view)
		return OVL_R_PASS;
	if (n->slash && ovl_path_add(&n->at, "/", 1))
		return -ENAMETOOLONG;
	if (n->at.len >= PATH_MAX)
		return -ENAMETOOLONG;
	return tail_with_path(ctx, dirfd, path, &n->at);
}

int ovl_op_hold(struct ovl_ctx *ctx, int *ret_fd, char *link)
{
	OVL_FD fd = ovl_real_open(&ctx->real, O_PATH | O_NOFOLLOW);
	int err;

	if (fd == -ENOENT || fd == -ELOOP || fd == -ENOTDIR)
		return OVL_AGAIN;
	if (fd < 0)
		return fd;
	err = (int)ovl_sys(__NR_statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME,
			   &ctx->st);
	if (err)
		return err;
	if (ovl_mark_is_whiteout(&ctx->st))
		return OVL_AGAIN;
	ovl_fd_link(fd, link);
	*ret_fd = ovl_fd_steal(&fd);
	return 0;
}

int ovl_op_is_dir(struct ovl_ctx *ctx, struct ovl_name *n)
{
	int err;

	if (n->lowers)
		return 1;
	err = ovl_lookup_stat(ctx, n);
	return err ? err : (n->st.stx_mode & S_IFMT) == S_IFDIR;
}

bool ovl_op_is_hidden(struct ovl_ctx *ctx, const struct ovl_name *n)
{
	int err;

	if (n->zone != OVL_Z_VIEW || n->layer != OVL_UPPER || !n->in_upper ||
	    ovl_name_real(n, OVL_UPPER, &ctx->real))
		return false;
	err = ovl_real_statx(&ctx->real, &ctx->st);
	return err == -ENOENT || (!err && ovl_mark_is_whiteout(&ctx->st));
}

int ovl_op_must_exist(const struct ovl_name *n)
{
	if (n->layer == OVL_NONE)
		return -ENOENT;
	if (n->slash && n->known && (n->st.stx_mode & S_IFMT) != S_IFDIR)
		return -ENOTDIR;
	return 0;
}

/*
 * May the caller give @n to ctx->uid and ctx->gid? Root may all; an owner may name a group of
 * his: chown(2). -1U: unchanged.
 */
static int may_give(struct ovl_ctx *ctx, struct ovl_name *n)
{
	int err;

	if (!ovl_sys(__NR_geteuid))
		return 0;
	err = ovl_perm_owner(ctx, n);
	/* Nothing given: who is not the owner must not take suid or sgid away with it. */
	if (err == -EPERM && ctx->uid == -1U && ctx->gid == -1U)
		return (n->st.stx_mode & S_IFMT) != S_IFDIR &&
				       ovl_seal_bits(n->st.stx_mode, n->st.stx_gid)
			       ? err
			       : 0;
	if (err)
		return err;
	if ((ctx->uid != -1U && ctx->uid != n->st.stx_uid) ||
	    (ctx->gid != -1U && ctx->gid != n->st.stx_gid && !ovl_perm_in_group(ctx, ctx->gid)))
		return -EPERM;
	return 0;
}

int ovl_op_may_change(struct ovl_ctx *ctx, struct ovl_name *n, enum ovl_change who)
{
	int err;

	/* What the kernel refuses to give may be recorded: so it is judged here in any case. */
	if (who == OVL_BY_GIVER)
		return may_give(ctx, n);
	if (n->layer == OVL_UPPER && !ovl_ss->overrides)
		return 0;
	if (who == OVL_BY_WRITER)
		return ovl_perm_access(ctx, n, 2);
	err = ovl_perm_owner(ctx, n);
	if (err == -EPERM && who == OVL_BY_OWNER_OR_WRITER)
		err = ovl_perm_access(ctx, n, 2);
	return err;
}

/* The existing object @n goes to upper; ctx->real becomes its path there. */
static int bring_up(struct ovl_ctx *ctx, struct ovl_name *n, enum ovl_change who)
{
	int err = ovl_read_only() ? -EROFS : 0;

	if (!err)
		err = ovl_op_may_change(ctx, n, who);
	if (!err)
		err = ovl_copy_up(ctx, n, OVL_COPY_ALL);
	return err ? err : ovl_name_real(n, OVL_UPPER, &ctx->real);
}

long ovl_op_change(struct ovl_ctx *ctx, int dirfd, int path, int flags, enum ovl_change who)
{
	struct ovl_name *n = &ctx->name[0];
	long r;

	if (ovl_op_is_fd(ctx, dirfd, path, flags))
		return ovl_op_change_fd(ctx, ovl_arg_fd(ctx, dirfd), who);
	r = ovl_op_resolve(ctx, 0, dirfd, path, flags);
	if (r)
		return r;
	if (n->zone != OVL_Z_VIEW)
		return ovl_op_outside(ctx, dirfd, path, true);
	r = ovl_op_must_exist(n);
	return r ? r : bring_up(ctx, n, who);
}

bool ovl_op_is_fd(const struct ovl_ctx *ctx, int dirfd, int path, int flags)
{
	return (flags & OVL_N_EMPTY) && dirfd >= 0 && ovl_arg_fd(ctx, dirfd) != AT_FDCWD &&
	       ovl_arg_is_empty(ovl_arg_path(ctx, path));
}

static bool may_write(int fd)
{
	long flags = ovl_sys(__NR_fcntl, fd, F_GETFL);

	return flags >= 0 && !(flags & O_PATH) && (flags & O_ACCMODE) != O_RDONLY;
}

long ovl_op_change_fd(struct ovl_ctx *ctx, int fd, enum ovl_change who)
{
	struct ovl_name *n = &ctx->name[0];
	struct statx was;
	long r = ovl_namei_fd(ctx, n, fd);

	ctx->by_fd = false;
	if (r == -ESTALE)
		return ovl_lost_change(ctx, fd, who);
	/* So deep that nobody tells its path; one that may write is of no lower. */
	if (r == -ENAMETOOLONG)
		return may_write(fd) ? OVL_R_PASS : r;
	if (r || ctx->fd_layer == OVL_NONE || n->zone == OVL_Z_OUTSIDE)
		return OVL_R_PASS;
	if (ctx->fd_layer == OVL_UPPER)
		return ovl_ss->overrides && n->zone == OVL_Z_VIEW ? ovl_lost_change(ctx, fd, who)
								  : OVL_R_PASS;
	r = ovl_sys(__NR_statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &was);
	if (!r)
		r = bring_up(ctx, n, who);
	if (r || (was.stx_mode & S_IFMT) == S_IFDIR)
		return r;
	r = ovl_sys(__NR_statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &n->st);
	/* The descriptor is of the copy by now, if that could be: refd.h */
	if (r || ovl_is_same_object(&n->st, &was))
		return r;
	ovl_inode_present_fd(OVL_UPPER, fd, &n->st);
	n->shown = ctx->by_fd = true;
	return OVL_R_PASS;
}

long ovl_op_pass(struct ovl_ctx *ctx)
{
	(void)ctx;
	return OVL_R_PASS;
}
