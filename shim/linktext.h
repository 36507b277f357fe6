/* SPDX-License-Identifier: MIT */
/*
 * linktext.h - what a symlink says, be it the view's or one of /proc
 * Context: any (entry: signals blocked).
 */
#ifndef OVL_LINKTEXT_H
#define OVL_LINKTEXT_H

#include "ctx.h"

/*
 * The text of the symlink @n into ctx->link, as the program would see it; ctx->jumped, and
 * ctx->through, when it is a link of /proc to an object. 1: only the kernel can follow it.
 * OVL_AGAIN: it is no link any more. -errno.
 */
int ovl_link_text(struct ovl_ctx *ctx, struct ovl_name *n);

/*
 * ctx->link becomes the text of @n, a link outside the view, as readlink(2) tells it: below /proc
 * of an object by its path in the view, " (deleted)" when that shows it no more. OVL_AGAIN:
 * directories moved meanwhile. -errno.
 */
int ovl_link_tell(struct ovl_ctx *ctx, struct ovl_name *n);

#endif
