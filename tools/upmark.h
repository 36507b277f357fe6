/* SPDX-License-Identifier: MIT */
/*
 * upmark.h - the marks of an upper layer, read: whiteout, opaque, redirect
 *
 * For programs with a libc; the engine has its own, and tells the format (shim/marks.h): as
 * the kernel's overlayfs writes with userxattr, trusted.overlay.* where permitted, and .wh.
 * files in a layer that says so.
 * Context: launcher.
 */
#ifndef OVL_UPMARK_H
#define OVL_UPMARK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* What a mark is of besides a name: the directory it lies in, which is opaque. */
#define OVL_UPMARK_DIR "."

/* Does the layer with root directory @path, from @at on, say that its marks are .wh. files? */
bool ovl_upmark_dot_wh(int at, const char *path);

/* The layer at @path says so afterwards, or not any more; its times stay. 0 or -errno. */
int ovl_upmark_set_dot_wh(const char *path);
int ovl_upmark_clear_dot_wh(const char *path);

/* Is the entry @name (attributes @st) of a directory of such a layer a mark? */
bool ovl_upmark_is_file(const char *name, const struct stat *st);

/*
 * What the mark at @path, from @at on, hides: into @ret, of NAME_MAX + 1 bytes, a name or
 * OVL_UPMARK_DIR. False: nothing.
 */
bool ovl_upmark_hidden(int at, const char *path, char *ret);

/* Is there a mark of @name (or OVL_UPMARK_DIR) in the directory @fd of such a layer? */
bool ovl_upmark_hides(int fd, const char *name);

/* Is @st that of a whiteout device? */
bool ovl_upmark_whiteout(const struct stat *st);

/* Is the directory open as @fd opaque? @dot_wh: as ovl_upmark_dot_wh() told. */
bool ovl_upmark_opaque(int fd, bool dot_wh);

/* Redirects are looked for in WORK/index as well from now on, open as @fd (-1: not). */
void ovl_upmark_use_index(int fd);

/* The redirect that the index @fd has for the directory @path, from @at on. As below. */
bool ovl_upmark_recorded_redirect(int fd, int at, const char *path, char *ret, size_t size);

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
