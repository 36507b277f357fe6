/* SPDX-License-Identifier: MIT */
/*
 * aside.h - the engine's descriptors, when the program has no number free
 *
 * Calls such as mkdir and rename take no descriptor, but the engine opens some for a moment.
 * Where the table is full the work is done by a child that shares all with us, memory, cwd,
 * umask, but has a table of its own: a copy, of which it closes what the call is not about. We
 * wait for it. What is left to do in our own table is little:
 *  - descriptors of a lower file that was copied up are re-pointed;
 *  - open(2) opens what the child prepared, which takes the one number that the program's own
 *    call would take.
 * Context: any (entry: signals blocked).
 */
#ifndef OVL_ASIDE_H
#define OVL_ASIDE_H

#include "ctx.h"

/*
 * A handler that runs aside copied up the file ctx->copied (NULL: prepared something else): the
 * rest is for the caller's own table, and the call begins anew there. No call answers so.
 */
#define OVL_COPIED (-513)

/*
 * @run handles ctx->call and found no descriptor free: do what can be done. Its result, which
 * may be -EMFILE still: the plain call would answer so too, or no child can be had.
 */
long ovl_aside_call(struct ovl_ctx *ctx, long (*run)(struct ovl_ctx *ctx));

/* fn(@arg) in such a child, with ctx->aside set. -EMFILE: none can be had. */
long ovl_aside(struct ovl_ctx *ctx, long (*fn)(void *arg), void *arg);

#endif
