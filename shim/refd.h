/* SPDX-License-Identifier: MIT */
/*
 * refd.h - descriptors opened on a lower object before its copy-up are of the copy afterwards
 *
 * Same number, offset, status flags, close-on-exec and flock; descriptors that shared one open file
 * description share one again. In this process only: another one's see the copy when they
 * open it next.
 * Context: any (entry: signals blocked).
 */
#ifndef OVL_REFD_H
#define OVL_REFD_H

#include "ctx.h"

/*
 * @lower, of which this process may hold descriptors, was copied up to @upper. Best effort: a
 * descriptor that cannot be reopened stays what it is.
 */
void ovl_refd(struct ovl_ctx *ctx, const struct statx *lower, struct ovl_path *upper);

/*
 * Only those that were opened by the real path @name: @lower has other names, by which /proc is to
 * tell what was opened by them. True: there are some left. Uses link.
 */
bool ovl_refd_named(struct ovl_ctx *ctx, const struct statx *lower, struct ovl_path *upper,
		    const struct ovl_path *name);

/* The next descriptor of @lower behind the number @after; -1: there is none. */
int ovl_refd_next(struct ovl_ctx *ctx, const struct statx *lower, int after);

#endif
