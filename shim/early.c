/* SPDX-License-Identifier: MIT */
#include "early.h"

#include "copy_up.h"
#include "do.h"
#include "fdview.h"
#include "lock.h"
#include "lookup.h"
#include "namei.h"
#include "ops.h"
#include "real.h"

/* Does @path, relative to @dirfd, lead to another name than name[1] by now, or to none? */
static bool is_elsewhere(struct ovl_ctx *ctx, int dirfd, const char *path)
{
	struct ovl_name *n = &ctx->name[0];
	int err = OVL_AGAIN;

	if (path[0] == '/')
		return false; /* it led there when the file was made */
	for (int i = 0; i < OVL_AGAIN_MAX && err == OVL_AGAIN; i++) {
		err = ovl_namei(ctx, n, dirfd, path, 0);
		if (err == OVL_AGAIN)
			ovl_still_begin(ctx);
	}
	return err || n->hash != ctx->name[1].hash;
}

/* Is there nothing to be made where the file open as @fd is? Then *@ret_parent is its directory. */
static bool is_misplaced(struct ovl_ctx *ctx, int fd, int dirfd, const char *path, int *ret_parent)
{
	struct ovl_name *n = &ctx->name[1];
	uint64_t lhash;

	return ovl_fd_path(fd, &ctx->link, &lhash) == OVL_UPPER &&
	       !ovl_path_set(&ctx->clean, ctx->link.buf, ctx->link.len) &&
	       !ovl_namei_clean(ctx, n, ctx->clean.buf) && n->layer == OVL_UPPER &&
	       (ovl_lookup_covers(ctx, n) > 0 || is_elsewhere(ctx, dirfd, path)) &&
	       !ovl_copy_up_parent(ctx, n, OVL_PARENT_HOLD, ret_parent);
}

/* Remove the file open as @fd, which is name[1]. */
static void take_back(struct ovl_ctx *ctx, int fd, int parent)
{
	struct ovl_name *n = &ctx->name[1];
	const char *name = n->at.buf + ovl_path_base(&n->at);
	OVL_LOCK lock = ovl_lock(ctx);

	if (lock >= 0 && !ovl_sys(__NR_statx, fd, "", AT_EMPTY_PATH, STATX_INO, &n->st) &&
	    !ovl_sys(__NR_statx, parent, name, AT_SYMLINK_NOFOLLOW, STATX_INO, &ctx->st) &&
	    ovl_is_same_object(&n->st, &ctx->st))
		(void)ovl_do_unlink(parent, name, 0); /* who cannot keeps a file too many */
}

int ovl_early(struct ovl_ctx *ctx, int dirfd, const char *path)
{
	OVL_FD parent = -1;
	int fd = ctx->early;

	ctx->early = -1;
	if (fd < 0 || !is_misplaced(ctx, fd, dirfd, path, &parent))
		return fd;
	take_back(ctx, fd, parent);
	ovl_fd_drop(&fd);
	return -1;
}
