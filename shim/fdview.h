/* SPDX-License-Identifier: MIT */
/*
 * fdview.h - what a descriptor, or the cwd, is in the view: asked from the kernel, so that
 * dup, fork, exec and SCM_RIGHTS cannot falsify it
 * Context: any.
 */
#ifndef OVL_FDVIEW_H
#define OVL_FDVIEW_H

#include "ctx.h"

/*
 * @p becomes the path that the program sees for @fd (AT_FDCWD: the cwd); returns the layer
 * that it lies in, OVL_UPPER upwards, or OVL_NONE when it lies in none.
 * -EBADF; -ESTALE: it has no path (a pipe, a socket, a removed object) .
 */
int ovl_fd_path(int fd, struct ovl_path *p);

/* Does @p, read from /proc, tell of a removed object: "/a/b (deleted)" and no such name? */
bool ovl_fd_is_removed(const struct ovl_path *p);

/* The text of the link /proc/self/fd/@fd into @out, which has room for 32 bytes. The length. */
size_t ovl_fd_link(int fd, char *out);

#endif
