/* SPDX-License-Identifier: MIT */
/*
 * upmark.h - the marks of an upper layer, read: whiteout, opaque, redirect
 *
 * For programs with a libc; the engine has its own. As the kernel's overlayfs writes with
 * userxattr; trusted.overlay.* is read too, where permitted. A file system that can hold no
 * such marks has .wh.NAME and .wh..wh..opq files, as container layers do.
 * (Linux, Documentation/filesystems/overlayfs.rst; OCI image specification, layer.md)
 * Context: launcher.
 */
#ifndef OVL_UPMARK_H
#define OVL_UPMARK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#define OVL_UPMARK_WH	  ".wh."
#define OVL_UPMARK_WH_OPQ ".wh..wh..opq"

/* Does the layer with root directory @fd store its marks as .wh. files? */
bool ovl_upmark_dot_wh(int fd);

/* Is @st that of a whiteout device? */
bool ovl_upmark_whiteout(const struct stat *st);

/* Is the directory open as @fd opaque? @dot_wh: as ovl_upmark_dot_wh() told. */
bool ovl_upmark_opaque(int fd, bool dot_wh);

/*
 * The redirect of the directory open as @fd, as a string of under @size bytes in @ret:
 * "/a/b" from the layers' roots or "name" beside it. False: it has none.
 */
bool ovl_upmark_redirect(int fd, char *ret, size_t size);

/* Make the directory open as @fd opaque, as an ordinary user does. 0 or -errno. */
int ovl_upmark_set_opaque(int fd);

/* The directory open as @fd has no redirect afterwards. 0 or -errno. */
int ovl_upmark_clear_redirect(int fd);

/* Is the xattr @name one of an overlay's own? */
bool ovl_upmark_private(const char *name);

#endif
