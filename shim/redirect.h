/* SPDX-License-Identifier: MIT */
/*
 * redirect.h - a directory of upper that is renamed takes its lower part with it
 * Context: any (entry: signals blocked).
 */
#ifndef OVL_REDIRECT_H
#define OVL_REDIRECT_H

#include "ctx.h"

/*
 * Make the upper directory @n ready to move to @to: with its lower part, if it has one, behind
 * it; and where a lower name is at the new place (@covers), not merging with that. -EXDEV: the
 * way to its lower part is too long to be noted; OVL_AGAIN: it is no directory any more.
 */
int ovl_redirect_prepare(struct ovl_ctx *ctx, struct ovl_name *n, const struct ovl_name *to,
			 bool covers);

#endif
