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
 * The object open as @fd, which has no name in the view, or is upper's, whatever its name, is
 * about to change: as ovl_op_change_fd(). ctx->fd_layer is of @fd.
 */
long ovl_lost_change(struct ovl_ctx *ctx, int fd, enum ovl_change who);

#endif
