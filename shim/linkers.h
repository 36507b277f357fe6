/* SPDX-License-Identifier: MIT */
/*
 * linkers.h - dynamic linkers that the kernel starts as the view has them, remembered
 *
 * Nearly all programs name one and the same, by a path with several symlinks. What a walk to it
 * has found stands as long as nothing in upper hides one of the names that it met, and, for those
 * outside the view, as nothing there has become a symlink.
 * Context: any.
 */
#ifndef OVL_LINKERS_H
#define OVL_LINKERS_H

#include "ctx.h"

/* The names that a walk meets, hashed. */
struct ovl_trail {
	uint32_t n; /* how many; those that are too many are not in it */
	uint64_t hash[OVL_LINKER_NAMES];
};

/* The walk of @ctx has come to @hash; nothing where nobody wants to know. */
static inline void ovl_trail_add(struct ovl_ctx *ctx, uint64_t hash)
{
	struct ovl_trail *t = ctx->trail;

	if (t && t->n < OVL_LINKER_NAMES)
		t->hash[t->n] = hash;
	if (t)
		t->n++;
}

/* Is @path one that the kernel was found to start as the view has it, and still does? */
bool ovl_linkers_has(const char *path);

/* It is, and @t is what the walk met, begun when ovl_walked_gen() was @gen. */
void ovl_linkers_add(const char *path, const struct ovl_trail *t, uint64_t gen);

#endif
