/* SPDX-License-Identifier: MIT */
/*
 * deputy.h - ovlrun copies up for who may not
 *
 * Upper belongs to whom ovlrun runs as. A process of root's that has become another user may write
 * in that user's directory of the view, but not make the way there in upper, whose directories
 * are root's as those of the view are; and a copy of somebody else's file it cannot give to him.
 * ovlrun, which waits for the command anyway, does it when it is asked: a thread of it runs the
 * engine (launcher/serve.c), and they meet in the session's struct ovl_deputy. A copy shows nothing
 * new to anybody, so that anybody may ask. The kernel's overlayfs copies up as who mounted it, too.
 * Context: any (entry: signals blocked).
 */
#ifndef OVL_DEPUTY_H
#define OVL_DEPUTY_H

#include "ctx.h"

/* Is ovlrun to be asked at once, because this process is another user than ovlrun? */
bool ovl_deputy_first(void);

/*
 * Have what the view shows at the first @len bytes of @path copied up, and all above it. The lock
 * is not held, except by @ctx (ctx->locked). -EACCES when nobody can be asked, or what ovlrun met
 * with.
 */
int ovl_deputy_ask(const struct ovl_ctx *ctx, const char *path, size_t len);

/*
 * Was @n, which is the lowers' and has its attributes, copied up because it is somebody else's?
 * Then descriptors of it are of the copy, and the call has to begin anew: OVL_AGAIN.
 */
bool ovl_deputy_copies(struct ovl_ctx *ctx, struct ovl_name *n);

#endif
