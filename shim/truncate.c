/* SPDX-License-Identifier: MIT */
/* truncate.c - truncate by a path: what is kept is copied, and no more */
#include "copy_up.h"
#include "do.h"
#include "hollow.h"
#include "lookup.h"
#include "override.h"
#include "perm.h"
#include "real.h"
#include "systab.h"

/* Is the file @path of @size bytes? */
static bool has_size(struct ovl_ctx *ctx, const char *path, int64_t size)
{
	return !ovl_sys(__NR_statx, AT_FDCWD, path, 0, STATX_SIZE, &ctx->st) &&
	       (int64_t)ctx->st.stx_size == size;
}

long ovl_op_truncate(struct ovl_ctx *ctx)
{
	struct ovl_name *n = &ctx->name[0];
	static const int64_t now[4] = {0, (1L << 30) - 2, 0, (1L << 30) - 1}; /* mtime alone */
	int64_t size = ovl_arg(ctx, 1);
	char link[OVL_FD_LINK];
	OVL_FD fd = -1;
	bool copied;
	long r = ovl_op_resolve(ctx, 0, -1, 0, OVL_N_FOLLOW);
	int err;

	if (r)
		return r;
	if (n->zone != OVL_Z_VIEW)
		return ovl_op_outside(ctx, -1, 0, true);
	if (size < 0)
		return -EINVAL;
	err = ovl_op_must_exist(n);
	if (!err)
		err = ovl_lookup_stat(ctx, n);
	if (err)
		return err;
	if ((n->st.stx_mode & S_IFMT) != S_IFREG)
		return (n->st.stx_mode & S_IFMT) == S_IFDIR ? -EISDIR : -EINVAL;
	copied = n->layer != OVL_UPPER && (int64_t)n->st.stx_size != size;
	if (n->layer != OVL_UPPER || ovl_ss->overrides)
		err = ovl_perm_access(ctx, n, 2);
	if (!err)
		err = ovl_copy_up(ctx, n, size);
	if (!err && ovl_ss->overrides)
		err = ovl_hollow_fill(ctx, n, false);
	if (!err)
		err = ovl_name_real(n, OVL_UPPER, &ctx->real);
	if (!err)
		err = ovl_op_hold(ctx, &fd, link);
	if (err)
		return err;
	if ((ctx->st.stx_mode & S_IFMT) != S_IFREG)
		return OVL_AGAIN;
	r = ovl_sys(__NR_truncate, link, size);
	/* The copy had the new size already: no change to the kernel, but one to the program. */
	if (copied && (!r || has_size(ctx, link, size))) {
		(void)ovl_do_utimens(AT_FDCWD, link, now, 0); /* it is done, whatever is now */
		r = 0;
	}
	if (!r && ovl_ss->overrides)
		ovl_override_truncated(fd);
	/* It was a regular file a moment ago. */
	return r == -EINVAL || r == -ENOENT ? OVL_AGAIN : r;
}
