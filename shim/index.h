/* SPDX-License-Identifier: MIT */
/*
 * index.h - WORK/index: what ties the names of one lower inode together once it has changed
 *
 * A lower inode with several names is copied up once. For the inode numbered I on device D
 * (both in hexadecimal):
 *   I-D     a hard link to its copy; names that are still lower's lead here
 *   I-D.n   a symlink whose text is how many lower names still show, in decimal: a name that
 *           was covered, renamed or copied up counts no more. "N PATH" while one is about to
 *           be: N once upper has an entry at PATH, one more until then. Settled when done, or,
 *           if who did it was killed, by the next run
 *   u-I     what is known of upper objects that can hold no xattr: record.h
 *   r-I-T   where the lower part of a renamed directory is: likewise
 * So is one that somebody else has open when it is copied up (held.h), or that has no name when
 * it changes, though it has but one name: of it descriptors are all that lead here.
 * Kept over runs, but for those of which no lower name shows any more; ovlrun empties it when the
 * upper is another one.
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

/* From here on a record tells how many show: @nlink, if there was none. The lock is held. */
int ovl_index_begin(const struct ovl_origin *o, uint32_t nlink);

/*
 * The lower name of @o at @rel, below upper's root, is about to be covered by an entry of
 * upper's: one less as soon as that is there, whoever lives to see it. _settle() says that it is
 * done, or not. (A path too long for the record counts at once.) The lock is held.
 */
int ovl_index_cover(const struct ovl_origin *o, uint32_t nlink, const char *rel);
int ovl_index_settle(const struct ovl_origin *o);

/* The finished copy @name in directory @dir goes to the index as that of @o. -EEXIST: there is one.
 */
int ovl_index_enter(const struct ovl_origin *o, int dir, const char *name);

/* The index knows nothing of @o any more. The lock is held. */
void ovl_index_drop(const struct ovl_origin *o);

/* Is @n a lower's name still, of an inode with others? Then they show its loss. */
bool ovl_index_loses(const struct ovl_name *n);

/*
 * The name @n is about to be covered, and was: if it was a lower's of an inode with other names,
 * they are told. *@ret goes from the one to the other. The lock is held if ovl_index_loses().
 */
int ovl_index_lose_begin(const struct ovl_name *n, struct ovl_origin *ret);
void ovl_index_lose_end(const struct ovl_name *n, const struct ovl_origin *o);

#define OVL_INDEX_TEXT 192 /* bytes for a symlink's text, NUL included */

/* The text of symlink @name in the index into @text. -ENOENT. */
int ovl_index_read(const char *name, char *text);

/* Symlink @name in the index tells @text from now on, in one step. */
int ovl_index_write(const char *name, const char *text);

#endif
