/* SPDX-License-Identifier: MIT */
#include "linktext.h"

#include "exe.h"
#include "fdview.h"
#include "ops.h"
#include "proclink.h"
#include "real.h"
#include "str.h"
#include "view.h"

int ovl_link_text(struct ovl_ctx *ctx, struct ovl_name *n)
{
	bool proc;
	int err = 0;
	bool is_exe;
	int layer;

	if (n->zone == OVL_Z_VIEW) {
		err = ovl_name_real(n, n->layer, &ctx->real);
		if (!err)
			err = ovl_real_readlink(&ctx->real, &ctx->link);
		return err == -EINVAL ? OVL_AGAIN : err; /* it was a link a moment ago */
	}
	proc = ovl_str_starts(n->at.buf, "/proc/");
	err = proc ? ovl_fd_follow(&n->at, &ctx->link) : ovl_real_readlink(&n->at, &ctx->link);
	if (err || !proc)
		return err;
	if (ovl_proclink_is_nameless(&ctx->link))
		return 1;
	if (ctx->link.buf[0] != '/')
		return 0;
	ctx->jumped = true;
	is_exe = ovl_exe_correct(&ctx->link);
	layer = ovl_view_from_real(&ctx->link);
	if (layer < 0 && layer != OVL_NONE)
		return layer;
	if (is_exe)
		return 0; /* the kernel would follow it to the loader */
	if (layer > OVL_UPPER) {
		ctx->through = ovl_fd_of_link(n->at.buf);
		ctx->fd_layer = layer;
	}
	return ovl_zone_of(ctx->link.buf, ctx->link.len) == OVL_Z_VIEW ? 0 : 1;
}
