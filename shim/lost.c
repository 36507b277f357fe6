/* SPDX-License-Identifier: MIT */
#include "lost.h"

#include "copy_up.h"
#include "inode.h"
#include "perm.h"
#include "stat_x86_64.h"

static bool is_upper_fs(const struct statx *st)
{
	uint64_t dev = ovl_dev(st->stx_dev_major, st->stx_dev_minor);

	return !ovl_read_only() && dev == ovl_ss->layer[OVL_UPPER].dev;
}

/* May the caller? As ovl_op_may_change(), by name[0].st alone. */
static int may_change(struct ovl_ctx *ctx, enum ovl_change who)
{
	struct ovl_name *n = &ctx->name[0];
	int err;

	if (who == OVL_BY_GIVER)
		return ovl_op_may_change(ctx, n, who);
	if (who == OVL_BY_WRITER)
		return ovl_perm_mode(ctx, &n->st, 2);
	err = ovl_perm_owner(ctx, n);
	if (err && who == OVL_BY_OWNER_OR_WRITER)
		err = ovl_perm_mode(ctx, &n->st, 2);
	return err;
}

long ovl_lost_change(struct ovl_ctx *ctx, int fd, enum ovl_change who)
{
	struct ovl_name *n = &ctx->name[0];
	bool lower = ctx->fd_layer > OVL_UPPER;
	long r;

	if (ovl_read_only())
		return lower ? -EROFS : OVL_R_PASS;
	if (!lower && !ovl_ss->overrides)
		return OVL_R_PASS;
	r = ovl_sys(__NR_statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &n->st);
	if (r || (!lower && !is_upper_fs(&n->st)))
		return OVL_R_PASS;
	ovl_inode_present_fd(lower ? ctx->fd_layer : OVL_UPPER, fd, &n->st);
	n->known = n->shown = true;
	r = may_change(ctx, who);
	if (!r && lower)
		r = ovl_copy_up_lost(ctx, fd);
	if (r)
		return r;
	ctx->by_fd = ovl_ss->overrides;
	return OVL_R_PASS;
}
