/* SPDX-License-Identifier: MIT */
/*
 * early.h - a file that was made by the fast path while directories moved
 *
 * It was made where upper alone could have had the name. Another directory may have come to be
 * there in between, one in which a lower's file of that name shows: then there was nothing to be
 * made, and it goes again. So it does if the name was relative, and leads elsewhere from the
 * directory that it starts from, which has been moved or removed.
 * Context: any (entry: signals blocked).
 */
#ifndef OVL_EARLY_H
#define OVL_EARLY_H

#include "ctx.h"

/*
 * The descriptor of the file that ctx->early is of, which is the program's, who asked for @path
 * relative to @dirfd; -1: there is none, or no more. Uses both names.
 */
int ovl_early(struct ovl_ctx *ctx, int dirfd, const char *path);

#endif
