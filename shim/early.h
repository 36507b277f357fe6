/* SPDX-License-Identifier: MIT */
/*
 * early.h - a file that was made by the fast path while directories moved
 *
 * It was made where upper alone could have had the name. Another directory may have come to be
 * there in between, one in which a lower's file of that name shows: then there was nothing to be
 * made, and it goes again.
 * Context: any (entry: signals blocked).
 */
#ifndef OVL_EARLY_H
#define OVL_EARLY_H

#include "ctx.h"

/*
 * The descriptor of the file that ctx->early is of, which is the program's; -1: there is none, or
 * no more. Uses name[1].
 */
int ovl_early(struct ovl_ctx *ctx);

#endif
