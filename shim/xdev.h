/* SPDX-License-Identifier: MIT */
/*
 * xdev.h - which mount the walk is on, and which links lead off it: RESOLVE_* of openat2(2)
 *
 * The view is one mount, the one where its top lower's root is; what is mounted below a lower is
 * another one. The engine's own real paths, which may be anywhere, do not count.
 * Context: any (entry: signals blocked).
 */
#ifndef OVL_XDEV_H
#define OVL_XDEV_H

#include "ctx.h"

/*
 * The walk has come to @n, by a step from the directory that ctx->mount was of: ctx->mount
 * becomes @n's. Nothing is done without RESOLVE_NO_XDEV, or when @n does not exist. -errno.
 */
int ovl_xdev_note(struct ovl_ctx *ctx, const struct ovl_name *n);

/*
 * The walk has a root, to which absolute links may lead from the same mount: where it is, or,
 * if it has none yet, the process's own. The kernel's walk has one from its first "/" or ".." on.
 */
void ovl_xdev_root_here(struct ovl_ctx *ctx);
int ovl_xdev_root(struct ovl_ctx *ctx);

/* Has the walk left the mount @before? -EXDEV where it must not. */
int ovl_xdev_check(const struct ovl_ctx *ctx, uint64_t before);

/*
 * May openat2(2) follow the link whose text is in ctx->link, @magic: one of /proc that leads to
 * an object? -EXDEV, -ELOOP.
 */
int ovl_xdev_may_follow(const struct ovl_ctx *ctx, bool magic);

#endif
