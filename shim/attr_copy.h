/* SPDX-License-Identifier: MIT */
/*
 * attr_copy.h - a copy gets its original's xattrs, ACLs, owner, mode and times
 * Context: any (entry: signals blocked).
 */
#ifndef OVL_ATTR_COPY_H
#define OVL_ATTR_COPY_H

#include "ctx.h"

/*
 * Give the new regular file or directory open as @fd all that @from, with attributes @st,
 * has but its content; what cannot be set is recorded for the view. -ENOSPC, -EDQUOT, -EIO.
 */
int ovl_attr_copy(struct ovl_path *from, int fd, const struct statx *st);

/* The same for a symlink or special file @name in @dir, which has no xattrs of users. */
int ovl_attr_copy_at(struct ovl_ctx *ctx, int dir, const char *name, const struct statx *st);

/* Set atime and mtime of @st on @name in @dir (NULL: on @dir itself, a descriptor). */
int ovl_attr_times(int dir, const char *name, const struct statx *st);

/* The same where values of xattrs cannot be read: these are empty then. hollow.h */
int ovl_attr_copy_hollow(struct ovl_path *from, int fd, const struct statx *st);

/* The xattrs alone, over those that are there; @hollow: as above. */
int ovl_attr_copy_xattrs(struct ovl_path *from, int fd, bool hollow);

#endif
