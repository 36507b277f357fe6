/* SPDX-License-Identifier: MIT */
/*
 * sockname.h - addresses of AF_UNIX sockets: from the program, and as it should see them
 *
 * The address that a socket was bound to is a string of the kernel's. Where it is a real
 * path below a layer, the path in the view is shown. Where a real path would not fit, or
 * would show another name than the program gave (a relative one, a symlink on the way), the
 * socket is bound to a name in WORK/tmp and moved to its place; a symlink of that name then
 * holds what the program gave, for every process of the session.
 * Context: any, tiny stack.
 */
#ifndef OVL_SOCKNAME_H
#define OVL_SOCKNAME_H

#include <linux/un.h>

#include "ovl_base.h"

#define OVL_AF_UNIX 1
/* The kernel's own length of a full address is one more than the struct: unix(7). */
#define OVL_SUN_MAX (sizeof(struct sockaddr_un) + 1)

/*
 * Copy the path of address @addr of @len bytes, NUL-terminated, to @out, which has room for
 * UNIX_PATH_MAX + 1. False: no address of a path (abstract, unnamed, another family).
 */
bool ovl_sockaddr_path(const void *addr, long len, char *out);

/* Make *@ret the address of path @path of @n bytes. Its length, or 0 when it does not fit. */
unsigned ovl_sockaddr_set(struct sockaddr_un *ret, const char *path, size_t n);

/* *@ret becomes the address under which object @name in work/tmp, open as @tmp, is bound. */
unsigned ovl_sockaddr_aside(struct sockaddr_un *ret, int tmp, const char *name);

/*
 * The kernel told address @addr of *@len bytes; there is room for OVL_SUN_MAX. Turn it into
 * what the program sees. False: it is that already. A path too long for an address stays.
 */
bool ovl_sockaddr_view(char *addr, unsigned *len);

/* Give @addr of @n bytes to the program, as getsockname(2): cut to *@len, which becomes @n. */
void ovl_sockaddr_give(const char *addr, unsigned n, void *to, int *len);

#endif
