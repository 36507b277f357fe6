/* SPDX-License-Identifier: MIT */
/*
 * readdir.h - listings of merged directories
 *
 * A merged listing is sorted by a 62-bit hash of the names, and the position of an entry is
 * that hash. So a position means the same in every process and after every change: it lives
 * in the descriptor's own file offset, shared by dup and fork, kept over exec, and nothing is
 * listed twice or left out while names come and go.
 * Context: any (entry: signals blocked).
 */
#ifndef OVL_READDIR_H
#define OVL_READDIR_H

#include "ctx.h"

/* What known.h keeps of a listing begun by the kernel: the directory's tag, never 0. */
static inline uint32_t ovl_dir_tag(uint64_t hash)
{
	return (uint32_t)hash | 1;
}

/*
 * getdents64(2) of the merged directory hashed @hash goes on where it was, from the listing that is
 * kept of it, with the result in c->ret. False: there is none, or it is at its beginning.
 */
bool ovl_dir_go_on(struct ovl_call *c, uint64_t hash);

/* 0 when the view shows no name in directory @n but "." and ".."; else -ENOTEMPTY; -errno. */
int ovl_dir_must_be_empty(struct ovl_ctx *ctx, struct ovl_name *n);

/*
 * Upper's directory @n keeps nobody out any more who may say so; what its mode was is recorded.
 * -EPERM: it is somebody else's.
 */
int ovl_dir_open_up(struct ovl_ctx *ctx, struct ovl_name *n);

#endif
