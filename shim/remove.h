/* SPDX-License-Identifier: MIT */
/*
 * remove.h - take a name out of the view
 *
 * A whiteout is written only when a lower name would show otherwise; each step that others
 * can see is one system call.
 * Context: any (entry: signals blocked).
 */
#ifndef OVL_REMOVE_H
#define OVL_REMOVE_H

#include "ctx.h"

/* Remove the existing non-directory @n. -EAGAIN: it changed meanwhile, look again. */
int ovl_remove_file(struct ovl_ctx *ctx, struct ovl_name *n);

/* Remove the existing directory @n. -ENOTEMPTY: the view shows names in it. -EAGAIN. */
int ovl_remove_dir(struct ovl_ctx *ctx, struct ovl_name *n);

/*
 * Is upper's entry of @n in @parent still what the look-up found: nothing, a whiteout, or an
 * object of that kind? 0 or OVL_AGAIN. What takes several steps asks under the lock.
 */
int ovl_remove_check(struct ovl_ctx *ctx, const struct ovl_name *n, int parent);

/*
 * The upper directory @n in @parent, empty in the view, becomes an empty opaque one with the
 * same attributes, as the view shows them, in one step: then rename(2) can replace it. The
 * session's lock is held.
 */
int ovl_remove_content(struct ovl_ctx *ctx, struct ovl_name *n, int parent);

#endif
