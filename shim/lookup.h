/* SPDX-License-Identifier: MIT */
/*
 * lookup.h - one name in one directory of the view: which layer holds it
 * Context: any (entry: signals blocked).
 */
#ifndef OVL_LOOKUP_H
#define OVL_LOOKUP_H

#include "ctx.h"

/*
 * Find what the view shows under @n->at, whose parent is described by @n->plowers,
 * @n->pupper and @n->moved. Afterwards layer, in_upper, whiteout, opaque, lowers, known
 * and st are set. A missing name is no error: layer is OVL_NONE.
 * A directory that is surely lower and known is told without a system call: known is false.
 * -EACCES, -ELOOP, -ENAMETOOLONG, -EIO as the kernel says.
 */
int ovl_lookup(struct ovl_ctx *ctx, struct ovl_name *n);

/* The view root @n, which every layer has, was reached: readers may rely on that. */
void ovl_lookup_root(struct ovl_ctx *ctx, struct ovl_name *n);

/*
 * Would a lower name show if upper had no entry for @n? 1 or 0, or -errno.
 * Then removing @n takes a whiteout.
 */
int ovl_lookup_covers(struct ovl_ctx *ctx, struct ovl_name *n);

/*
 * *@ret_mask: the lowers whose directory at path @low ("/a/b", from the lowers' roots) shows
 * when upper is not asked. 0 when there is none. Uses ctx->real and ctx->real2.
 */
int ovl_lookup_stack(struct ovl_ctx *ctx, const char *low, uint64_t *ret_mask);

/* Fill in @n->st if it is not known; the object exists. */
int ovl_lookup_stat(struct ovl_ctx *ctx, struct ovl_name *n);

#endif
