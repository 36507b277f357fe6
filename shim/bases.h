/* SPDX-License-Identifier: MIT */
/*
 * bases.h - paths in the view of directories that relative names start from
 *
 * Of a descriptor or the cwd known.h keeps the hash of its path alone. Here some hashes' paths are
 * kept, in this process: so a relative name can be looked for in another layer than the
 * descriptor's. What a hash is of never changes; whether a directory is still there is not said.
 * Context: any; to learn: entry (signals blocked).
 */
#ifndef OVL_BASES_H
#define OVL_BASES_H

#include "path.h"

/* @p is the path that is hashed @hash: may be found from now on, until another takes its place. */
void ovl_base_learn(uint64_t hash, const struct ovl_path *p);

/*
 * The path hashed @hash, without its first @skip bytes, to @out, which has room for @size; no NUL.
 * Returns how many bytes that are; -ENOENT: not known, or too long.
 */
int ovl_base_path(uint64_t hash, unsigned skip, char *out, size_t size);

#endif
