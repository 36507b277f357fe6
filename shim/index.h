/* SPDX-License-Identifier: MIT */
/*
 * index.h - WORK/index: what ties the names of one lower inode together once it has changed
 *
 * A lower inode with several names is copied up once. For the inode numbered I on device D
 * (both in hexadecimal):
 *   I-D     a hard link to its copy; names that are still lower's lead here
 *   I-D.n   a symlink whose text is how many lower names still show, in decimal: a name that
 *           was covered, renamed or copied up counts no more
 *   u-I     origin of the upper object I that can hold no xattr of ours: "INO MAJOR MINOR
 *           BTIME", valid if the object was born at BTIME (seconds.nanoseconds)
 * Kept over runs; ovlrun empties it when the upper is another one.
 * Context: any (entry: signals blocked).
 */
#ifndef OVL_INDEX_H
#define OVL_INDEX_H

#include "ctx.h"

static inline struct ovl_origin ovl_origin_of(const struct statx *st)
{
	return (struct ovl_origin){st->stx_ino, st->stx_dev_major, st->stx_dev_minor};
}

/* May the index know @o? "No" is certain. */
bool ovl_index_maybe(const struct ovl_origin *o);

/* @p becomes the path of @o's copy in the index. -ENAMETOOLONG. */
int ovl_index_path(const struct ovl_origin *o, struct ovl_path *p);

/* How many lower names of @o still show; -ENOENT: all that there ever were. */
int ovl_index_count(const struct ovl_origin *o);

/* A lower name of @o, of which @nlink showed at first, is covered from now on. The lock is held. */
int ovl_index_uncount(const struct ovl_origin *o, uint32_t nlink);

/* Enter the finished copy @name in directory @dir as that of @o. -EEXIST: there is one. */
int ovl_index_enter(const struct ovl_origin *o, int dir, const char *name);

/*
 * The name @n, which was a lower's, is covered: if its inode has other names, they are told.
 * Takes the lock. -errno when that could not be recorded; the name is covered all the same.
 */
int ovl_index_lose(const struct ovl_name *n);

/* Remember @origin for the new object @name in @dir, which can hold no xattr. */
int ovl_index_set_origin(struct ovl_ctx *ctx, int dir, const char *name,
			 const struct statx *origin);

/* Upper's object @st loses a name: its origin is forgotten with the last. Best effort. */
void ovl_index_drop_origin(const struct statx *st);

/* The origin remembered for upper's object @st. -ENOENT. */
int ovl_index_get_origin(const struct statx *st, struct ovl_origin *ret);

#endif
