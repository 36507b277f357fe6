/* SPDX-License-Identifier: MIT */
#include "catchup.h"

#include "copy_up.h"
#include "fdview.h"
#include "index.h"
#include "inode.h"
#include "lookup.h"
#include "namei.h"
#include "real.h"
#include "record.h"
#include "refd.h"
#include "view.h"

/*
 * Has the object open as @fd, of a lower, a copy of its name? Its path is in ctx->real. A copy of
 * its other names gets this one as well: what is open by that follows it, and /proc tells it.
 */
static bool find_by_name(struct ovl_ctx *ctx, int fd)
{
	struct ovl_name *n = &ctx->name[1];

	if (ovl_namei_fd(ctx, n, fd) || ctx->fd_layer <= OVL_UPPER || n->zone != OVL_Z_VIEW ||
	    n->layer != OVL_UPPER || !ovl_fd_is_shown(ctx, n, fd))
		return false;
	if (n->linked)
		(void)ovl_copy_up(ctx, n, OVL_COPY_ALL); /* else it is the index's */
	return !ovl_name_real(n, OVL_UPPER, &ctx->real);
}

/*
 * Is the copy @st what upper has at the path that is noted of it? ctx->real becomes that. Apart,
 * for its frame.
 */
__attribute__((noinline)) static bool is_where_noted(struct ovl_ctx *ctx, const struct statx *st)
{
	struct ovl_str root = ovl_ss->root;
	const struct ovl_path *p = &ctx->link;
	struct statx now;

	return !ovl_record_path(st, &ctx->link) &&
	       ovl_path_below(p->buf, p->len, ovl_session_str(ovl_ss, root), root.len) &&
	       !ovl_layer_path(&ctx->real, OVL_UPPER, p->buf + (root.len == 1 ? 0 : root.len)) &&
	       !ovl_real_statx(&ctx->real, &now) && ovl_is_same_object(&now, st);
}

/* The same of one whose name has gone meanwhile, perhaps to another; else /proc tells the old. */
static bool find_by_origin(struct ovl_ctx *ctx, int fd, const struct ovl_origin *o)
{
	if (!ovl_index_maybe(o) || ovl_index_path(o, &ctx->real) ||
	    ovl_real_statx(&ctx->real, &ctx->st))
		return false;
	if (is_where_noted(ctx, &ctx->st))
		return true;
	if (ovl_record_path(&ctx->st, &ctx->link) == -ENOENT && !ovl_fd_real(fd, &ctx->link) &&
	    ovl_view_from_real(&ctx->link, NULL) > OVL_UPPER)
		ovl_record_set_path(&ctx->st, ctx->link.buf);
	return !ovl_index_path(o, &ctx->real);
}

/* @fd, of @lower, and what was opened by the same name. True: there are others. */
static bool catch_one(struct ovl_ctx *ctx, int fd, const struct statx *lower)
{
	struct ovl_origin o = ovl_origin_of(lower);

	if (!find_by_name(ctx, fd) && !find_by_origin(ctx, fd, &o))
		return false;
	if (!ovl_fd_real(fd, &ctx->temp))
		return ovl_refd_named(ctx, lower, &ctx->real, &ctx->temp);
	ovl_refd(ctx, lower, &ctx->real);
	return false;
}

/* False: there are none. */
static bool catch_all(struct ovl_ctx *ctx, const struct statx *lower)
{
	int fd = -1;
	bool any = false;

	while ((fd = ovl_refd_next(ctx, lower, fd)) >= 0) {
		(void)catch_one(ctx, fd, lower);
		any = true;
	}
	return any;
}

void ovl_catch_up(struct ovl_ctx *ctx, int fd)
{
	struct statx lower;

	if (ovl_sys(__NR_statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &lower) ||
	    (lower.stx_mode & S_IFMT) == S_IFDIR || !ovl_inode_maybe_origin(lower.stx_ino))
		return;
	if (catch_one(ctx, fd, &lower))
		(void)catch_all(ctx, &lower);
}

bool ovl_catch_up_all(struct ovl_ctx *ctx, const struct ovl_origin *o)
{
	struct statx lower = {
		.stx_ino = o->ino, .stx_dev_major = o->major, .stx_dev_minor = o->minor};

	return catch_all(ctx, &lower);
}

void ovl_catch_up_behind(struct ovl_ctx *ctx)
{
	struct ovl_origin o = ctx->behind;

	ctx->behind.ino = 0;
	if (o.ino)
		(void)ovl_catch_up_all(ctx, &o);
}

void ovl_catch_up_note(struct ovl_ctx *ctx, const struct ovl_name *n, const struct ovl_name *to,
		       int parent)
{
	bool linked = n->shared || (n->known && n->st.stx_nlink > 1);

	if (linked && (n->st.stx_mode & S_IFMT) != S_IFDIR &&
	    ovl_inode_maybe_origin(n->st.stx_ino) &&
	    !ovl_sys(__NR_statx, parent, to->at.buf + ovl_path_base(&to->at), AT_SYMLINK_NOFOLLOW,
		     STATX_BASIC_STATS, &ctx->st))
		ovl_record_set_path(&ctx->st, to->at.buf);
}
