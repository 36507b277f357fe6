/* SPDX-License-Identifier: MIT */
/*
 * hollow.h - a copy of a file that the caller may move, but not read
 *
 * It has the file's size, owner and mode, the latter two as a record that keeps the caller out, and
 * no content: where that is, in the lowers, is told by user.ovl.data. Who may open it, root for
 * one, fills it. The kernel refuses it by its user.overlay.metacopy. A directory that cannot be
 * read has but empty xattrs until somebody asks for them who may; it gets no user.overlay.metacopy.
 * Context: any (entry: signals blocked).
 */
#ifndef OVL_HOLLOW_H
#define OVL_HOLLOW_H

#include "ctx.h"

/* May the lower file @name in @dir, of which @st tells, be copied so, since it cannot be read? */
bool ovl_hollow_may(int dir, const char *name, const struct statx *st);

/* The new file open as @fd becomes one for that at path @low inside the lowers. -errno. */
int ovl_hollow_make(int fd, const char *low, const struct statx *st);

/*
 * Upper's file @n is about to be opened, @empty: to be truncated: it has its content afterwards.
 * Does nothing to others. -EACCES: the caller may not; -ESTALE: the lower file is another one.
 */
int ovl_hollow_fill(struct ovl_ctx *ctx, struct ovl_name *n, bool empty);

#endif
