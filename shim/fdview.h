/* SPDX-License-Identifier: MIT */
/*
 * fdview.h - what a descriptor, or the cwd, is in the view: asked from the kernel, so that
 * dup, fork, exec and SCM_RIGHTS cannot falsify it
 * Context: any.
 */
#ifndef OVL_FDVIEW_H
#define OVL_FDVIEW_H

#include "ctx.h"
#include "real.h"

/*
 * @p becomes the path that the program sees for @fd (AT_FDCWD: the cwd); returns the layer
 * that it lies in, OVL_UPPER upwards, or OVL_NONE when it lies in none. *@ret_lhash as
 * ovl_view_from_real().
 * -EBADF; -ESTALE: it has no path (a pipe, a socket, a removed object). Deeper than PATH_MAX
 * also -ENAMETOOLONG and -EACCES, as ovl_deep_path().
 */
int ovl_fd_path(int fd, struct ovl_path *p, uint64_t *ret_lhash);

/* @p becomes the real path of @fd. Errors as above. */
int ovl_fd_real(int fd, struct ovl_path *p);

/*
 * @p becomes the path in the view that the directory open as @fd (AT_FDCWD: the cwd) had on upper,
 * from where it was removed. -ESTALE: it is none. Uses ctx->st.
 */
int ovl_fd_gone_path(struct ovl_ctx *ctx, int fd, struct ovl_path *p);

/*
 * *@ret becomes the text of @at, a link below /proc: as readlink(2), or longer than that tells.
 * -ENAMETOOLONG, -ESTALE, -EACCES: as ovl_deep_path().
 */
int ovl_fd_follow(struct ovl_path *at, struct ovl_path *ret);

/* Does @p, read from /proc, tell of a removed object: "/a/b (deleted)" and no such name? */
bool ovl_fd_is_removed(const struct ovl_path *p);

/*
 * Are the descriptor's object, of lower ctx->fd_layer, and what that layer has of @n at one path?
 * Where directories were renamed, the name that the object had may be another's by now.
 */
static inline bool ovl_fd_is_at(const struct ovl_ctx *ctx, const struct ovl_name *n)
{
	return n->lhash == ctx->fd_lhash;
}

/*
 * Does @n, found in the view under the name of the object open as @fd, which lies in a lower
 * layer, still show that object, perhaps as a copy?
 */
bool ovl_fd_is_shown(struct ovl_ctx *ctx, struct ovl_name *n, int fd);

/*
 * The way to @n ended with @err, perhaps by the link of ctx->through: @err, or -ESTALE when @n
 * is not that descriptor's object.
 */
int ovl_fd_check_through(struct ovl_ctx *ctx, struct ovl_name *n, int err);

/* Is @fd (AT_FDCWD: the cwd) of a directory? Uses ctx->st. */
bool ovl_fd_is_dir(struct ovl_ctx *ctx, int fd);

/* Is @fd open as O_PATH? It takes no f-call: fchmod(2), open(2). */
bool ovl_fd_is_path(int fd);

/* The descriptor of this process that @path, "/proc/PID/fd/N", is the link of; -1: of none. */
int ovl_fd_of_link(const char *path);

#endif
