/* SPDX-License-Identifier: MIT */
/*
 * marks.h - how whiteouts, opaque directories and redirects are stored: the only file
 * that knows
 *
 * As the kernel's overlayfs writes with userxattr: a whiteout is a character device 0/0,
 * an opaque directory has user.overlay.opaque=y, a renamed one user.overlay.redirect.
 * What the kernel wrote as root (trusted.overlay.*) is read too, where permitted.
 * (Linux, Documentation/filesystems/overlayfs.rst)
 * Context: any.
 */
#ifndef OVL_MARKS_H
#define OVL_MARKS_H

#include "ctx.h"

/* The inode number and device that an upper object was copied from: what the view shows. */
#define OVL_XATTR_ORIGIN "user.ovl.origin"
/* Owner, mode and device that could not be set, as fuse-overlayfs records them. */
#define OVL_XATTR_OVERRIDE "user.containers.override_stat"

/* Is @st, time of birth included, that of a whiteout? */
bool ovl_mark_is_whiteout(const struct statx *st);

/* Is the directory at real path @p opaque? A directory that cannot be read is not. */
bool ovl_mark_is_opaque(struct ovl_path *p);

/* Make the directory open as @fd opaque. */
int ovl_mark_opaque(int fd);

/* Make a whiteout @name in the directory @fd. -EEXIST: something has that name. */
int ovl_mark_whiteout(int fd, const char *name);

/*
 * The redirect of the directory at real path @p: *@ret becomes "/a/b" (from the lowers'
 * roots) or "name" (beside it). -ENODATA: none. -EINVAL: not one we understand.
 */
int ovl_mark_redirect(struct ovl_path *p, struct ovl_path *ret);

/* Record redirect @text on the directory open as @fd. */
int ovl_mark_redirect_set(int fd, const char *text, size_t n);

/* Is the stored xattr @name one of ours, never to be shown to a program? */
bool ovl_mark_private(const char *name);

/*
 * The name under which a program's xattr @name is stored: the same, unless it looks like one
 * of ours, as the kernel's overlayfs does it. @ret has room for @size bytes. -ERANGE: too long;
 * -EPERM: not to be had.
 */
int ovl_mark_escape(const char *name, char *ret, size_t size);

/* The other way, for a stored name that is not private; @ret has room for it. The length. */
size_t ovl_mark_unescape(const char *name, char *ret);

#endif
