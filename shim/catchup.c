/* SPDX-License-Identifier: MIT */
#include "catchup.h"

#include "fdview.h"
#include "inode.h"
#include "lookup.h"
#include "namei.h"
#include "refd.h"
#include "view.h"

void ovl_catch_up(struct ovl_ctx *ctx, int fd)
{
	struct ovl_name *n = &ctx->name[1];
	struct statx lower;

	if (ovl_sys(__NR_statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &lower) ||
	    (lower.stx_mode & S_IFMT) == S_IFDIR || !ovl_inode_maybe_origin(lower.stx_ino) ||
	    ovl_namei_fd(ctx, n, fd) || ctx->fd_layer <= OVL_UPPER || n->zone != OVL_Z_VIEW ||
	    n->layer != OVL_UPPER || !ovl_fd_is_shown(ctx, n, fd) ||
	    ovl_name_real(n, OVL_UPPER, &ctx->real))
		return;
	ovl_refd(ctx, &lower, &ctx->real);
}
