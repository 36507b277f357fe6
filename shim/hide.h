/* SPDX-License-Identifier: MIT */
/*
 * hide.h - a name is removed without a walk, where the tables tell what it is
 *
 * Its directory is one that upper is known to have, which is held, and in a lane (lane.h): nobody
 * moves or removes it before the name goes. What a lower has gets a whiteout, which cannot be made
 * where somebody has put something meanwhile, a copy above all; so no lock is needed. What upper
 * alone has is unlinked.
 * Context: any (entry: signals blocked).
 */
#ifndef OVL_HIDE_H
#define OVL_HIDE_H

#include "ctx.h"

#define OVL_HIDE_WALK 1 /* it is not that simple, or an error: nothing was done */

/* unlinkat(@dirfd, @path, 0): 0, OVL_HIDE_WALK, or OVL_AGAIN when directories moved. */
int ovl_hide(struct ovl_ctx *ctx, int dirfd, const char *path);

/* The same with AT_REMOVEDIR, of what upper alone has. */
int ovl_hide_dir(struct ovl_ctx *ctx, int dirfd, const char *path);

#endif
