/* SPDX-License-Identifier: MIT */
#include "plain.h"

#include "catchup.h"
#include "copy_up.h"
#include "dcache.h"
#include "do.h"
#include "lane.h"
#include "lock.h"
#include "ops.h"
#include "startfile.h"
#include "view.h"

static const char *base_of(const struct ovl_name *n)
{
	return n->at.buf + ovl_path_base(&n->at);
}

/* May the name @n have become a directory's, or that of something special? "No" is certain. */
static bool may_be_other(const struct ovl_name *n)
{
	return n->deep || ovl_filter_maybe(&ovl_ss->special, n->hash);
}

static bool is_dir(struct ovl_ctx *ctx, int parent, const struct ovl_name *n)
{
	return !ovl_sys(__NR_statx, parent, base_of(n), AT_SYMLINK_NOFOLLOW, STATX_TYPE,
			&ctx->st) &&
	       (ctx->st.stx_mode & S_IFMT) == S_IFDIR;
}

/* A directory was moved, of which nobody was told: back, if its old name is free still. */
static int take_back(struct ovl_ctx *ctx, int from, int to)
{
	OVL_LOCK lock = ovl_lock(ctx);
	int err;

	if (lock < 0 || !is_dir(ctx, to, &ctx->name[1]))
		return 0;
	ovl_moving(ctx);
	ovl_dcache_moved();
	err = ovl_do_rename(to, base_of(&ctx->name[1]), from, base_of(&ctx->name[0]),
			    RENAME_NOREPLACE);
	ovl_dcache_moved();
	ovl_moved(ctx);
	return err ? 0 : OVL_AGAIN;
}

/* What is name[1] by now may not be what name[0] was when it was looked at. */
static int look_after(struct ovl_ctx *ctx, int from, int to)
{
	bool dir = is_dir(ctx, to, &ctx->name[1]);

	ovl_announce_type(ctx->name[1].hash, ctx->st.stx_mode & S_IFMT);
	return dir ? take_back(ctx, from, to) : 0;
}

/* The step that all can see. */
static int step(struct ovl_ctx *ctx, int from, int to)
{
	const struct ovl_name *old = &ctx->name[0];
	const struct ovl_name *new = &ctx->name[1];

	ovl_announce(new->hash, true);
	ovl_announce_type(new->hash, old->st.stx_mode & S_IFMT);
	ovl_startfile_note(&new->at, false);
	ovl_startfile_note(&old->at, false);
	return ovl_do_rename(from, base_of(old), to, base_of(new),
			     new->in_upper ? 0 : RENAME_NOREPLACE);
}

int ovl_plain_rename(struct ovl_ctx *ctx, int from, int to, bool *ret_done)
{
	struct ovl_lane lane;
	int err;

	*ret_done = ctx->name[0].known && ovl_lane_enter(&lane, ctx->gen);
	if (!*ret_done)
		return 0;
	err = step(ctx, from, to);
	ovl_lane_leave(&lane);
	if (!err && may_be_other(&ctx->name[0]))
		err = look_after(ctx, from, to);
	if (!err)
		ovl_catch_up_note(ctx, &ctx->name[0], &ctx->name[1], to);
	return err;
}

int ovl_plain_early(struct ovl_ctx *ctx)
{
	OVL_FD from = -1;
	OVL_FD to = -1;

	/* What else came there since is as if it had come after it. */
	if (ctx->name[1].layer != OVL_UPPER ||
	    ovl_copy_up_parent(ctx, &ctx->name[0], OVL_PARENT_HOLD, &from) ||
	    ovl_copy_up_parent(ctx, &ctx->name[1], OVL_PARENT_HOLD, &to))
		return 0;
	return look_after(ctx, from, to);
}
