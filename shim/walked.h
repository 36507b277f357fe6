/* SPDX-License-Identifier: MIT */
/*
 * walked.h - what a walk has found out, left in the shared tables for those who come after
 * Context: any.
 */
#ifndef OVL_WALKED_H
#define OVL_WALKED_H

#include "ctx.h"
#include "known.h"

/* How often a name outside the view may have become a symlink, by now. */
uint64_t ovl_walked_gen(void);

/* The directory @n, outside the view, was reached without a symlink when _gen() was @gen. */
void ovl_walked_outside(const struct ovl_name *n, uint64_t gen);

/* @n was not there. If no lower has it, none ever will: paths through it fail without a look. */
void ovl_walked_missing(const struct ovl_name *n);

/* @n was reached. An untouched regular file can be opened without a closer look from now on. */
void ovl_walked_file(const struct ovl_name *n);

/* What relative paths from the descriptor that led to @n mean to the kernel: known.h. */
int ovl_walked_base(const struct ovl_ctx *ctx, const struct ovl_name *n);

#endif
