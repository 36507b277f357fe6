/* SPDX-License-Identifier: MIT */
/*
 * marks.h - how whiteouts, opaque directories and redirects are stored: the only file
 * that knows
 *
 * As the kernel's overlayfs writes with userxattr: a whiteout is a character device 0/0,
 * an opaque directory has user.overlay.opaque=y, a renamed one user.overlay.redirect.
 * What the kernel wrote as root (trusted.overlay.*) is read too, where permitted.
 * (Linux, Documentation/filesystems/overlayfs.rst)
 *
 * Where upper can hold no such device or no user xattrs, its marks are files beside what they
 * are about, as container layers have them (OCI image specification, layer.md): .wh.NAME for a
 * whiteout of NAME, .wh..wh..opq in an opaque directory. A file .wh..wh.ovl in its root says so
 * of a layer, of a lower one too: it is never guessed from names, because in any other layer
 * .wh.NAME is a name like others, as it is to the kernel.
 *
 * A mark is an empty regular file of mode 01400 or 01000: the sticky bit tells it from a
 * program's own. Anything else of such a name shows. What has no mark of the usual
 * name (.wh.NAME would be too long, is a program's own file, or NAME itself begins with .wh.)
 * has the symlink .wh..wh.HASH, whose text is NAME, or "." for the directory; HASH is that of
 * ovl_hash.h, in hexadecimal. Other names that begin with .wh..wh. and look like marks say
 * nothing, and do not show.
 *
 * A mark hides what the layers below have under NAME, and never what its own layer has there.
 * So each step is one call and can be the last: an object comes to a marked name as to any
 * other and the mark stays (a directory there merges with nothing); one that covers a lower
 * name goes after the mark has been made; a directory that is moved keeps its lower part by its
 * redirect, whatever marks there are. A mark that hides nothing any more is harmless. As nobody
 * is stopped by a name, whoever makes a lower object visible in upper (a copy-up) looks for its
 * mark under the session's lock, and whoever makes one holds it.
 *
 * Devices 0/0, and xattrs where there are any, are read as marks in such a layer as well.
 * Context: any.
 */
#ifndef OVL_MARKS_H
#define OVL_MARKS_H

#include "view.h"

/* The inode number and device that an upper object was copied from: what the view shows. */
#define OVL_XATTR_ORIGIN "user.ovl.origin"
/* Owner, mode and device that could not be set, as fuse-overlayfs records them. */
#define OVL_XATTR_OVERRIDE "user.containers.override_stat"

/* The path in the view of a directory that is being removed by way of work: what /proc tells. */
#define OVL_XATTR_WAS "user.ovl.was"

/* Is @st, time of birth included, that of a whiteout? */
bool ovl_mark_is_whiteout(const struct statx *st);

/* Are the marks of @layer .wh. files? */
static inline bool ovl_mark_dots(int layer)
{
	return ovl_ss->dot_wh >> layer & 1;
}

/* Is the entry @name (attributes @st) of a directory of @layer a .wh. file? */
bool ovl_mark_is_file(int layer, const char *name, const struct statx *st);

/* The same of the entry @name of the directory open as @fd. */
bool ovl_mark_is_file_at(int layer, int fd, const char *name);

/*
 * The name that the .wh. file @name in the directory @fd hides, into @ret, which has room for
 * NAME_MAX + 1 bytes. -ENOENT: none.
 */
int ovl_mark_hidden(int fd, const char *name, char *ret);

/* Does a .wh. file of @layer hide what layers below hold at real path @p? */
bool ovl_mark_hides(int layer, struct ovl_path *p);

/* The same for @name in upper's directory @fd. */
bool ovl_mark_hides_at(int fd, const char *name);

/* Is the directory at real path @p in @layer opaque? A directory that cannot be read is not. */
bool ovl_mark_is_opaque(int layer, struct ovl_path *p);

/* Make the directory open as @fd opaque. */
int ovl_mark_opaque(int fd);

/*
 * Make a whiteout @name in upper's directory @fd. -EEXIST: something has that name, or, where
 * marks are .wh. files, there is one.
 */
int ovl_mark_whiteout(int fd, const char *name);

/*
 * Something of a program's own is about to be called @name in upper's directory @fd: a mark
 * called so takes another form. -EPERM: it has none.
 */
int ovl_mark_yield(int fd, const char *name);

/*
 * The redirect of the directory at real path @p: *@ret becomes "/a/b" (from the lowers'
 * roots) or "name" (beside it). -ENODATA: none. -EINVAL: not one we understand.
 */
int ovl_mark_redirect(struct ovl_path *p, struct ovl_path *ret);

/* Record redirect @text, of @n bytes and a NUL, on the directory open as @fd. */
int ovl_mark_redirect_set(int fd, const char *text, size_t n);

/* Is the stored xattr @name one of ours, never to be shown to a program? */
bool ovl_mark_private(const char *name);

/* Is it, or a program's that looks like one and is stored under another name? */
bool ovl_mark_is_escaped(const char *name);

/*
 * The name under which a program's xattr @name is stored: the same, unless it looks like one
 * of ours, as the kernel's overlayfs does it. @ret has room for @size bytes. -ERANGE: too long;
 * -EPERM: not to be had.
 */
int ovl_mark_escape(const char *name, char *ret, size_t size);

/* The other way, for a stored name that is not private; @ret has room for it. The length. */
size_t ovl_mark_unescape(const char *name, char *ret);

#endif
