/* SPDX-License-Identifier: MIT */
/*
 * perm.h - may the caller? decided by what the view shows, not by the copies' luck
 * Context: any (entry: signals blocked).
 */
#ifndef OVL_PERM_H
#define OVL_PERM_H

#include "ctx.h"

/*
 * 0: the caller may access the existing object @n with @mask (R_OK 4, W_OK 2, X_OK 1), by its
 * effective ids. -EACCES, -EROFS as access(2).
 */
int ovl_perm_access(struct ovl_ctx *ctx, struct ovl_name *n, int mask);

/* The same by what @st tells of owner and mode alone. */
int ovl_perm_mode(struct ovl_ctx *ctx, const struct statx *st, int mask);

/* The same of upper's object open as @fd, or of anything else: 0. */
int ovl_perm_fd(struct ovl_ctx *ctx, int fd, int mask);

/*
 * The @mode that a new file gets whose group @gid is its directory's: no sgid of another group,
 * if it was to be executable by that (@asked: the mode before the umask).
 */
unsigned ovl_perm_new_mode(struct ovl_ctx *ctx, unsigned gid, unsigned asked, unsigned mode);

/* 0: the caller may add or remove names in the directory that @n lives in. */
int ovl_perm_parent(struct ovl_ctx *ctx, struct ovl_name *n);

/* As above and, in a sticky directory, may remove or rename @n itself. -EPERM if not. */
int ovl_perm_delete(struct ovl_ctx *ctx, struct ovl_name *n);

/* Is @gid among the caller's groups? */
bool ovl_perm_in_group(struct ovl_ctx *ctx, unsigned gid);

/* 0: the caller owns @n or has CAP_FOWNER: may change mode, times, xattrs. -EPERM if not. */
int ovl_perm_owner(struct ovl_ctx *ctx, struct ovl_name *n);

/*
 * 0: the existing non-directory @n, @n->st is known, may be opened by a call that would make it
 * if it were not there. In a sticky directory -EACCES for others' files: fs.protected_regular,
 * fs.protected_fifos, proc(5). The kernel asks this of root too.
 */
int ovl_perm_sticky(struct ovl_ctx *ctx, struct ovl_name *n);

/*
 * 0: the symlink @n of the view, the last component of a path, @n->st is known, may be followed.
 * -EACCES: it is another's in a sticky directory that all may write to: fs.protected_symlinks,
 * which is asked for when the run begins.
 */
int ovl_perm_follow(struct ovl_ctx *ctx, struct ovl_name *n);

/* How careful (0: not) is the kernel asked to be, by the file @knob in /proc/sys/fs? */
int ovl_perm_careful(const char *knob);

#endif
