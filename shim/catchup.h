/* SPDX-License-Identifier: MIT */
/*
 * catchup.h - descriptors of a lower file that another process has copied up
 *
 * A process that copies up re-points its own descriptors (refd.h); another one's are of the lower
 * file still. Calls on them that the engine sees do it when they come by.
 * Context: any (entry: signals blocked).
 */
#ifndef OVL_CATCHUP_H
#define OVL_CATCHUP_H

#include "ctx.h"

/*
 * @fd, and what shares its object, is of the copy that the view shows under its name, if there
 * is one that another process made. Uses name[1]. Best effort.
 */
void ovl_catch_up(struct ovl_ctx *ctx, int fd);

#endif
