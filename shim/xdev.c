/* SPDX-License-Identifier: MIT */
#include "xdev.h"

#include "real.h"
#include "str.h"
#include "view.h"

static bool is_asked(const struct ovl_ctx *ctx)
{
	return ctx->resolve & RESOLVE_NO_XDEV;
}

/* The mount of the real path @p; its device, where the kernel does not number mounts. */
static int mount_of(struct ovl_ctx *ctx, struct ovl_path *p, uint64_t *ret)
{
	const struct statx *st = &ctx->st;
	int err = ovl_real_statx(p, &ctx->st);

	if (err)
		return err;
	if (st->stx_mask & STATX_MNT_ID)
		*ret = st->stx_mnt_id;
	else
		*ret = (uint64_t)st->stx_dev_major << 32 | st->stx_dev_minor;
	return 0;
}

static int mount_of_root(struct ovl_ctx *ctx, int layer, uint64_t *ret)
{
	int err = ovl_layer_path(&ctx->real, layer, "");

	return err ? err : mount_of(ctx, &ctx->real, ret);
}

/* Of an object that lower @layer holds (too). */
static int mount_of_lower(struct ovl_ctx *ctx, const struct ovl_name *n, int layer)
{
	uint64_t mount;
	uint64_t root;
	int err = ovl_name_real(n, layer, &ctx->real);

	if (!err)
		err = mount_of(ctx, &ctx->real, &mount);
	if (!err)
		err = mount_of_root(ctx, layer, &root);
	if (err)
		return err;
	if (mount == root && layer != 1)
		return mount_of_root(ctx, 1, &ctx->mount);
	ctx->mount = mount;
	return 0;
}

int ovl_xdev_note(struct ovl_ctx *ctx, const struct ovl_name *n)
{
	if (!is_asked(ctx) || n->layer == OVL_NONE)
		return 0;
	if (n->zone != OVL_Z_VIEW) {
		int err = ovl_path_set(&ctx->real, n->at.buf, n->at.len);

		return err ? err : mount_of(ctx, &ctx->real, &ctx->mount);
	}
	if (n->lowers)
		return mount_of_lower(ctx, n, ovl_lower_first(n->lowers));
	/* Born on upper, or copied there: where its directory is. */
	return n->layer == OVL_UPPER ? 0 : mount_of_lower(ctx, n, n->layer);
}

void ovl_xdev_root_here(struct ovl_ctx *ctx)
{
	ctx->rooted = true;
	ctx->root_mount = ctx->mount;
}

int ovl_xdev_root(struct ovl_ctx *ctx)
{
	int err = 0;

	if (!is_asked(ctx) || ctx->rooted)
		return 0;
	ctx->real.buf[0] = '/';
	ovl_path_cut(&ctx->real, 1);
	err = mount_of(ctx, &ctx->real, &ctx->root_mount);
	ctx->rooted = !err;
	return err;
}

int ovl_xdev_check(const struct ovl_ctx *ctx, uint64_t before)
{
	return is_asked(ctx) && ctx->mount != before ? -EXDEV : 0;
}

/* A link of /proc leads to wherever it likes. */
static int may_leap(const struct ovl_ctx *ctx)
{
	if (ctx->resolve & RESOLVE_NO_MAGICLINKS)
		return -ELOOP;
	if (is_asked(ctx) && !ovl_str_starts(ctx->link.buf, "/proc/"))
		return -EXDEV;
	return ctx->resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT) ? -EXDEV : 0;
}

int ovl_xdev_may_follow(const struct ovl_ctx *ctx, bool magic)
{
	int err = magic ? may_leap(ctx) : 0;

	if (err || !is_asked(ctx) || ctx->link.buf[0] != '/')
		return err;
	/* A walk that has not met its root yet has none to be on the same mount: as the kernel. */
	return ctx->rooted && ctx->mount == ctx->root_mount ? 0 : -EXDEV;
}
