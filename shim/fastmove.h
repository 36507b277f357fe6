/* SPDX-License-Identifier: MIT */
/*
 * fastmove.h - renames in directories of upper alone, on the fast path: plain.h's other half
 *
 * Both directories are known (dcache.h), and held by descriptors, with signals blocked meanwhile.
 * What moves is a file or symlink, as far as the filters know, and replaces no more than that.
 * Context: any; the program's stack.
 */
#ifndef OVL_FASTMOVE_H
#define OVL_FASTMOVE_H

#include "ovl.h"

/* In ovl_call.ret with OVL_SLOW: the rename is done, but what was moved is to be looked at. */
#define OVL_EARLY_MOVED (-2)

/*
 * rename(2) of @old to @new with RENAME_* @flags. @cwd: both would start from the cwd; else from
 * descriptors, which does not matter to absolute names.
 */
enum ovl_verdict ovl_fastmove(struct ovl_call *c, const char *old, const char *new, bool cwd,
			      long flags);

#endif
