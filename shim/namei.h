/* SPDX-License-Identifier: MIT */
/*
 * namei.h - from a path as a program gives it to a name in the view
 *
 * Component by component, as path_resolution(7): symlinks and ".." physically, at most 40
 * links, NAME_MAX and PATH_MAX as given.
 * Context: any (entry: signals blocked).
 */
#ifndef OVL_NAMEI_H
#define OVL_NAMEI_H

#include "ctx.h"

enum ovl_namei_flag {
	OVL_N_FOLLOW = 1 << 0, /* follow the last component if it is a symlink */
	OVL_N_CREATE = 1 << 1, /* the name is to be made, removed or renamed: a trailing slash
				* does not follow it */
	OVL_N_FILE = 1 << 3,   /* open(2) may make a file: a slash behind its name is -EISDIR */
	OVL_N_LOOK =
		1 << 4, /* the call changes nothing: it may be the kernel's on what is removed */
	OVL_N_EMPTY = 1 << 2, /* an empty path means @dirfd itself (AT_EMPTY_PATH) */
};

/*
 * ovl_namei - resolve @path, relative to @dirfd (AT_FDCWD: the cwd)
 *
 * 0: @n is filled in; when its zone is OVL_Z_VIEW the object may still be missing
 * (layer == OVL_NONE) but its parent directory is there. With another zone only @at, @last,
 * @slash, @magic and @via_view mean anything. -ENOENT, -ENOTDIR, -EACCES, -ELOOP, -ENAMETOOLONG,
 * -EBADF, -EFAULT as path_resolution(7). -ESTALE: @dirfd or the cwd is not a place that has a path
 * (removed, or no directory at all): the kernel knows best, pass the call. But when ctx->through
 * is not -1, @path is the link of that descriptor, whose lower object the view has lost.
 */
int ovl_namei(struct ovl_ctx *ctx, struct ovl_name *n, int dirfd, const char *path, int flags);

/* Resolve the absolute, clean @path: as ovl_namei(), following nothing. */
int ovl_namei_clean(struct ovl_ctx *ctx, struct ovl_name *n, const char *path);

/*
 * @n becomes what the view shows under the name of the object open as @fd; ctx->fd_layer is
 * the layer that the descriptor's own object lies in, or OVL_NONE. -EBADF; -ESTALE as above,
 * and when the view shows nothing there, or another object.
 */
int ovl_namei_fd(struct ovl_ctx *ctx, struct ovl_name *n, int fd);

#endif
