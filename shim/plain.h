/* SPDX-License-Identifier: MIT */
/*
 * plain.h - renames for which the kernel's own step is enough, without the session's lock
 *
 * They wait for nobody and nobody waits for them, but who moves directories: lane.h.
 * Context: any (entry: signals blocked).
 */
#ifndef OVL_PLAIN_H
#define OVL_PLAIN_H

#include "ctx.h"

/*
 * Rename name[0], which is no directory, upper's alone and covers nothing, to name[1], which is
 * free or the same. @from, @to: their directories on upper. *@ret_done: false when the lock is
 * needed; no step has been made then. OVL_AGAIN: there was something else by that name.
 */
int ovl_plain_rename(struct ovl_ctx *ctx, int from, int to, bool *ret_done);

/*
 * The fast path has renamed name[0] to name[1], and it may have been no file: fastmove.h. 0: all is
 * well; OVL_AGAIN: it is where it was, and is to be renamed anew.
 */
int ovl_plain_early(struct ovl_ctx *ctx);

#endif
