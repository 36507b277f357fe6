/* SPDX-License-Identifier: MIT */
/*
 * copy_up.h - bring lower objects to upper before they change
 *
 * Built aside in work and made visible by one rename: a reader sees the lower object or the
 * whole copy. Two processes that copy up the same object end with one copy, whoever was first.
 * Context: any (entry: signals blocked).
 */
#ifndef OVL_COPY_UP_H
#define OVL_COPY_UP_H

#include "ctx.h"

#define OVL_COPY_ALL  INT64_MAX
#define OVL_COPY_NAME (INT64_MAX - 1) /* all, but the caller is after the name: hollow.h */

/* Why the parent directory is wanted on upper. */
enum ovl_parent_use {
	OVL_PARENT_HOLD,   /* to hold a copy: the caller needs no right to it */
	OVL_PARENT_CHANGE, /* to gain or lose a name: the caller must be allowed to */
};

/*
 * ovl_copy_up - the object @n, which exists in the view, is on upper afterwards
 * @size: bytes of a regular file that are worth copying; the caller truncates to it
 *
 * 0: @n->layer is OVL_UPPER and @n->in_upper true; @n->st is still what the view shows.
 * -EROFS: no upper. OVL_AGAIN: the object vanished meanwhile. -EACCES: the lower file cannot
 * be read. -ENOSPC, -EDQUOT, -EIO ... as met. After an error upper shows the old state and
 * no temporary is left. OVL_COPIED, with ctx->aside alone: done, but descriptors are still to be
 * re-pointed; to be handed on like an error.
 */
int ovl_copy_up(struct ovl_ctx *ctx, struct ovl_name *n, int64_t size);

/*
 * The lower object open as @fd, which the view shows no more under its name, becomes a copy
 * without a name, or that of its other names: @fd and what shares its object are of that copy
 * afterwards. Errors as above.
 */
int ovl_copy_up_lost(struct ovl_ctx *ctx, int fd);

/*
 * Open the directory on upper that @n lives in, made (with its parents) if it is missing.
 * *@ret_fd: an O_PATH descriptor, the caller's. -EROFS: no upper. -EACCES: @use is
 * OVL_PARENT_CHANGE and the view's directory does not allow it. Errors as above.
 */
int ovl_copy_up_parent(struct ovl_ctx *ctx, struct ovl_name *n, enum ovl_parent_use use,
		       int *ret_fd);

#endif
