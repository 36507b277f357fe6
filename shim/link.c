/* SPDX-License-Identifier: MIT */
/* link.c - hard links: the old name goes to upper first, the new one is made beside it */
#include "copy_up.h"
#include "create.h"
#include "fdview.h"
#include "inode.h"
#include "lookup.h"
#include "marks.h"
#include "perm.h"
#include "real.h"
#include "systab.h"

/* The arguments of link and linkat; a negative index: there is none. */
struct linking {
	int olddirfd, oldpath;
	int newdirfd, newpath;
	long flags;
};

/* 0: the new name, which is resolved into @n, is free. */
static int must_be_free(const struct ovl_name *n)
{
	if (n->zone != OVL_Z_VIEW)
		return n->zone == OVL_Z_LOCKED ? -EROFS : -EXDEV;
	if (n->layer != OVL_NONE || n->last != OVL_L_NORM)
		return -EEXIST;
	if (n->slash)
		return -ENOENT;
	return ovl_read_only() ? -EROFS : 0;
}

/* Is the source a descriptor whose object has no name, as O_TMPFILE gives? */
static bool is_nameless(struct ovl_ctx *ctx, const struct linking *l, long r)
{
	if (r == OVL_R_PASS)
		return l->flags & AT_EMPTY_PATH;
	return !r && ctx->name[1].magic;
}

/* Make name[0]; one that is taken meanwhile, perhaps by a whiteout, is looked at again. */
static long create(struct ovl_ctx *ctx, const struct ovl_maker *m)
{
	long r = ovl_create(ctx, &ctx->name[0], m);

	ctx->error = -EEXIST;
	return r == -EEXIST ? OVL_AGAIN : r;
}

/*
 * A removed file gets no new name: link(2). The kernel knows that of all but a copy that has one in
 * the index. (O_TMPFILE's has no link either, and gets one.)
 */
static bool is_removed(struct ovl_ctx *ctx, int fd)
{
	struct statx *st = &ctx->st;

	if (fd < 0 ||
	    ovl_sys(__NR_statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, st) ||
	    !st->stx_nlink)
		return false;
	ovl_inode_present_fd(OVL_UPPER, fd, st);
	return !st->stx_nlink;
}

/* Link the object of a descriptor, which only the kernel can name, to name[0]. */
static long link_nameless(struct ovl_ctx *ctx, const struct linking *l)
{
	struct ovl_maker m = {.make = ovl_make_link};
	int err = must_be_free(&ctx->name[0]);
	int fd;

	if (err)
		return err;
	if (l->flags & AT_EMPTY_PATH && !*ovl_arg_path(ctx, l->oldpath)) {
		fd = m.from = ovl_arg_fd(ctx, l->olddirfd);
		m.text = "";
		m.flags = AT_EMPTY_PATH;
	} else {
		m.from = AT_FDCWD;
		m.text = ctx->name[1].at.buf;
		m.flags = AT_SYMLINK_FOLLOW;
		fd = ovl_fd_of_link(m.text);
	}
	return is_removed(ctx, fd) ? -ENOENT : create(ctx, &m);
}

/*
 * fs.protected_hardlinks, proc(5): of another user's file only what is regular, without suid,
 * and may be read and written. The copy would be the caller's own.
 */
static int may_link(struct ovl_ctx *ctx, struct ovl_name *old)
{
	unsigned mode = old->st.stx_mode;

	if (!ovl_perm_owner(ctx, old) || !ovl_perm_careful("/proc/sys/fs/protected_hardlinks"))
		return 0;
	if ((mode & S_IFMT) != S_IFREG || (mode & S_ISUID) ||
	    (mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) || ovl_perm_access(ctx, old, 4 | 2))
		return -EPERM;
	return 0;
}

/* Link the object name[1] of the view to name[0]. */
static long link_named(struct ovl_ctx *ctx)
{
	struct ovl_name *old = &ctx->name[1];
	struct ovl_maker m = {.make = ovl_make_link};
	OVL_FD held = -1;
	char link[OVL_FD_LINK];
	long r = ovl_lookup_stat(ctx, old);

	if (!r)
		r = must_be_free(&ctx->name[0]);
	if (!r)
		r = may_link(ctx, old);
	if (!r)
		r = ovl_perm_parent(ctx, &ctx->name[0]);
	if (!r && (old->st.stx_mode & S_IFMT) == S_IFDIR)
		r = -EPERM;
	if (!r)
		r = ovl_copy_up(ctx, old, OVL_COPY_NAME);
	if (!r)
		r = ovl_name_real(old, OVL_UPPER, &ctx->real);
	if (!r)
		r = ovl_op_hold(ctx, &held, link);
	if (r)
		return r;
	m.from = AT_FDCWD;
	m.text = link;
	m.flags = AT_SYMLINK_FOLLOW;
	m.mode = old->st.stx_mode & S_IFMT;
	return create(ctx, &m);
}

/* Neither name is in the view: both go to the kernel, rewritten if the view led there. */
static long link_outside(struct ovl_ctx *ctx, const struct linking *l)
{
	struct ovl_name *old = &ctx->name[1];
	struct ovl_name *new = &ctx->name[0];

	if (!old->via_view && !new->via_view)
		return OVL_R_PASS;
	return ovl_sys(__NR_linkat, AT_FDCWD, old->at.buf, AT_FDCWD, new->at.buf,
		       l->flags & AT_SYMLINK_FOLLOW);
}

static long do_link(struct ovl_ctx *ctx, const struct linking *l)
{
	int follow = l->flags & AT_SYMLINK_FOLLOW ? OVL_N_FOLLOW : 0;
	/* Of NULL the kernel says EFAULT here. */
	bool may_be_empty = (l->flags & AT_EMPTY_PATH) && ovl_arg_path(ctx, l->oldpath);
	int empty = may_be_empty ? OVL_N_EMPTY : 0;
	long r = ovl_op_resolve(ctx, 1, l->olddirfd, l->oldpath, follow | empty);
	long r2;

	if (r && !is_nameless(ctx, l, r))
		return r;
	/* The old name is judged before the new one is looked at: link(2). */
	if (!r && !ctx->name[1].magic)
		r = ovl_op_must_exist(&ctx->name[1]);
	if (r && !is_nameless(ctx, l, r))
		return r;
	/* A lower object that the view has lost has no link, or is the copy of its others. */
	if (r == OVL_R_PASS && ctx->fd_layer > OVL_UPPER) {
		if (ovl_read_only() || ovl_copy_up_lost(ctx, ovl_arg_fd(ctx, l->olddirfd)))
			return -ENOENT;
	}
	r2 = ovl_op_resolve(ctx, 0, l->newdirfd, l->newpath, OVL_N_CREATE);
	if (r2)
		return r2;
	if (ctx->name[0].zone == OVL_Z_VIEW && is_nameless(ctx, l, r))
		return link_nameless(ctx, l);
	if (r)
		return r;
	if (ctx->name[1].zone == OVL_Z_VIEW)
		return link_named(ctx);
	if (ctx->name[0].zone == OVL_Z_VIEW)
		return ctx->name[1].layer == OVL_NONE ? -ENOENT : -EXDEV;
	if (ctx->name[0].zone == OVL_Z_LOCKED || ctx->name[1].zone == OVL_Z_LOCKED)
		return -EROFS;
	return link_outside(ctx, l);
}

long ovl_op_link(struct ovl_ctx *ctx)
{
	struct linking l = {-1, 0, -1, 1, 0};

	return do_link(ctx, &l);
}

long ovl_op_linkat(struct ovl_ctx *ctx)
{
	struct linking l = {0, 1, 2, 3, ovl_arg(ctx, 4)};

	if (l.flags & ~(long)(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	return do_link(ctx, &l);
}
