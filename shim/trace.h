/* SPDX-License-Identifier: MIT */
/*
 * trace.h - OVL_TRACE: one line per call that the engine saw, decoded by the table
 *
 *   pid openat(AT_FDCWD, "a/b", O_RDWR) = 3 upper copied_up
 *
 * Nothing is done when the session is not traced. There is no other output of the engine.
 * Context: any (entry: signals blocked).
 */
#ifndef OVL_TRACE_H
#define OVL_TRACE_H

#include "ctx.h"

/* Add a word to the call's line: "copied_up", "whiteout". The last one wins. */
static inline void ovl_note(struct ovl_ctx *ctx, const char *what)
{
	ctx->note = what;
}

/* Tell of @ctx's call; @ret is what its handler returned. */
void ovl_trace_call(struct ovl_ctx *ctx, long ret);

/* Tell "pid WHAT: TEXT NUMBER", outside of a call: what a door could not do. */
void ovl_trace_text(const char *what, const char *text, uint64_t number);

#endif
