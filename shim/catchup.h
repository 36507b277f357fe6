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
 * @fd, and what shares its object, is of the copy that another process made, if there is one: the
 * view shows it under the same name, or, where that has gone, the index has it (held.h). What was
 * opened by another of the file's names has that name on upper then. Uses name[1], link, real,
 * temp. Best effort.
 */
void ovl_catch_up(struct ovl_ctx *ctx, int fd);

/* The same of all that this process has open of the lower inode @o. False: that is nothing. */
bool ovl_catch_up_all(struct ovl_ctx *ctx, const struct ovl_origin *o);

/*
 * The same of the file of several names that this call has copied up by one of them, ctx->behind:
 * at its end, because other names are looked at.
 */
void ovl_catch_up_behind(struct ovl_ctx *ctx);

/*
 * The object @n of upper has been renamed @to, in its directory @parent: if it is a copy that the
 * index has, that is noted for those who catch up later.
 */
void ovl_catch_up_note(struct ovl_ctx *ctx, const struct ovl_name *n, const struct ovl_name *to,
		       int parent);

#endif
