/* SPDX-License-Identifier: MIT */
/*
 * lost.h - open objects that have no name in the view any more
 *
 * A lower one is still there for the kernel; it becomes a copy without a name before it
 * changes. Of a copy the kernel knows what it is itself, and not what is recorded of it.
 * Context: any (entry: signals blocked).
 */
#ifndef OVL_LOST_H
#define OVL_LOST_H

#include "ops.h"

/*
 * The object open as @fd, which has no name in the view, is about to change. OVL_R_PASS: @fd is
 * of no lower object any more, and the call is the kernel's on that; unless ctx->lost is true:
 * then owner and mode may be recorded, name[0].st is what the view shows, and the call is
 * override.h's. ctx->fd_layer is of @fd. -errno: as for an object with a name.
 */
long ovl_lost_change(struct ovl_ctx *ctx, int fd, enum ovl_change who);

#endif
