/* SPDX-License-Identifier: MIT */
/*
 * sock.h - finding the socket that an address of the program's names
 * Context: any (entry: signals blocked).
 */
#ifndef OVL_SOCK_H
#define OVL_SOCK_H

#include <linux/un.h>

#include "ctx.h"

/* Is @fd a socket of AF_UNIX? */
bool ovl_sock_is_unix(int fd);

/*
 * Find the socket that address @addr of @len bytes names: its real path is in ctx->real2
 * afterwards. OVL_R_PASS: the kernel finds it, or says what is wrong. -errno.
 */
long ovl_sock_find_peer(struct ovl_ctx *ctx, const void *addr, long len);

/*
 * *@ret_addr becomes the address of the socket in ctx->real2: its path, or where that does not
 * fit @room, the name of *@ret_fd, which is open until the address has served (else -1).
 * Returns its length or -errno.
 */
int ovl_sock_address(struct ovl_ctx *ctx, struct sockaddr_un *ret_addr, size_t room, int *ret_fd);

#endif
