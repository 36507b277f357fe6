/* SPDX-License-Identifier: MIT */
/*
 * inode.h - identity and attributes as the view presents them
 *
 * st_ino of a copied-up object is its origin's; owner, mode and device that could not be
 * set are those recorded.
 * Context: any.
 */
#ifndef OVL_INODE_H
#define OVL_INODE_H

#include "ctx.h"
#include "real.h"

/* Turn @st of the object at real path @p in @layer into what the view shows. */
void ovl_inode_present(int layer, struct ovl_path *p, struct statx *st);

/*
 * The same of an object of upper, a directory or of one name, as far as it can be told from memory:
 * number and device; false, and @st is as it was, when its xattrs would have to be asked.
 */
bool ovl_inode_present_known(struct statx *st);

/* The same for the object open as @fd. */
void ovl_inode_present_fd(int layer, int fd, struct statx *st);

/* @n->st, which is known, becomes what the view shows; merged directories too. */
void ovl_inode_present_name(struct ovl_ctx *ctx, struct ovl_name *n);

/*
 * The same of upper's object @n, whether it is known yet or not; and *@ret, OVL_LOC_INIT before,
 * becomes its path, by ctx->real: see ovl_loc_path(). -errno.
 */
int ovl_inode_present_copy(struct ovl_ctx *ctx, struct ovl_name *n, struct ovl_loc *ret);

/*
 * Could an inode numbered @ino, of upper or of a lower that was copied up or has lost a name, be
 * shown otherwise than its file system tells it? "No" is certain.
 */
bool ovl_inode_maybe_origin(uint64_t ino);

/* Numbers @ino are to be looked at closer from now on: the above is true of them. */
void ovl_inode_note(uint64_t ino);

/*
 * Upper on another file system than the top lower: what was born there is shown on the lower's
 * device, numbered in a range that no lower uses.
 */
bool ovl_inode_is_foreign(void);
#define OVL_INO_FOREIGN (1ULL << 52)

/*
 * Is upper's object open as @fd (O_PATH will do) certainly no copy of the lower object @lower?
 */
bool ovl_inode_is_other(int fd, const struct statx *lower);

/* Record on the object open as @fd, of which its file system tells @st (and its time of birth),
 * that it was copied from @origin. */
int ovl_inode_set_origin(int fd, const struct statx *st, const struct statx *origin);

#endif
