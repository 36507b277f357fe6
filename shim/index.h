/* SPDX-License-Identifier: MIT */
/*
 * index.h - WORK/index: what ties the names of one lower inode together once it has changed
 *
 * A lower inode with several names is copied up once. For the inode numbered I on device D
 * (both in hexadecimal):
 *   I-D     a hard link to its copy; names that are still lower's lead here
 *   I-D.n   a symlink whose text is how many lower names still show, in decimal: a name that
 *           was covered, renamed or copied up counts no more
 *   u-I     what is known of upper objects that can hold no xattr: record.h
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
int ovl_index_lose(const struct ovl_ctx *ctx, const struct ovl_name *n);

#define OVL_INDEX_TEXT 192 /* bytes for a symlink's text, NUL included */

/* The text of symlink @name in the index into @text. -ENOENT. */
int ovl_index_read(const char *name, char *text);

/* Symlink @name in the index tells @text from now on, in one step. */
int ovl_index_write(const char *name, const char *text);

#endif
