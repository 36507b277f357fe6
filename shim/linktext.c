/* SPDX-License-Identifier: MIT */
#include "linktext.h"

#include "catchup.h"
#include "exe.h"
#include "fdview.h"
#include "maps.h"
#include "marks.h"
#include "lock.h"
#include "ops.h"
#include "proclink.h"
#include "real.h"
#include "record.h"
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
	layer = ovl_view_from_real(&ctx->link, &ctx->fd_lhash);
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

/* Has our own descriptor that @path is the link of, of a lower object, no name in the view? */
static bool is_lost(struct ovl_ctx *ctx, const char *path)
{
	struct ovl_name *n = &ctx->name[1];
	int fd = ovl_fd_of_link(path);
	int err = fd < 0 ? 0 : ovl_namei_fd(ctx, n, fd);

	if (fd < 0 || ctx->fd_layer <= OVL_UPPER)
		return false;
	return err == -ESTALE || (!err && n->zone == OVL_Z_VIEW && !ovl_fd_is_shown(ctx, n, fd));
}

/*
 * Of what has its last name in work @path, its link, is to tell another: a copy that never had a
 * name that of its lower object (copy_up.c), a removed directory the one it had (remove.c).
 */
static bool tell_copy(struct ovl_ctx *ctx, const char *path)
{
	struct ovl_path *p = &ctx->link;
	struct ovl_str work = ovl_ss->work;
	long n;

	if (!work.len || !ovl_path_below(p->buf, p->len, ovl_session_str(ovl_ss, work), work.len))
		return false;
	n = ovl_sys(__NR_getxattr, path, OVL_XATTR_WAS, p->buf, sizeof(p->buf) - 1);
	if (n > 0)
		ovl_path_cut(p, (unsigned)n);
	return n > 0 || (!ovl_sys(__NR_statx, AT_FDCWD, path, 0, STATX_INO, &ctx->st) &&
			 !ovl_record_path(&ctx->st, p));
}

int ovl_link_tell(struct ovl_ctx *ctx, struct ovl_name *n)
{
	int fd = ovl_fd_of_link(n->at.buf);
	bool copy;
	bool lost;
	int layer;
	int r;

	if (!ovl_path_below(n->at.buf, n->at.len, "/proc", 5))
		return ovl_fd_follow(&n->at, &ctx->link);
	if (fd >= 0)
		ovl_catch_up(ctx, fd);
	lost = is_lost(ctx, n->at.buf);
	r = ovl_fd_follow(&n->at, &ctx->link);
	if (r)
		return r;
	(void)ovl_exe_correct(&ctx->link); /* else the link tells the truth */
	ovl_maps_correct(&ctx->link);
	copy = tell_copy(ctx, n->at.buf);
	layer = copy ? OVL_NONE : ovl_view_from_real(&ctx->link, NULL);
	if (layer < 0 && layer != OVL_NONE)
		return layer;
	/* Whether it is lost was of no moment, if directories moved. */
	if (!ovl_still(ctx))
		return OVL_AGAIN;
	return lost || copy ? ovl_path_add(&ctx->link, " (deleted)", 10) : 0;
}
