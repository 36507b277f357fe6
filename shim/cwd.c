/* SPDX-License-Identifier: MIT */
/*
 * cwd.c - chdir, fchdir, getcwd, chroot
 *
 * The kernel's cwd is a real directory: that of the top lower which has it, else upper's. What
 * it is in the view is asked from the kernel each time it matters: fdview.c.
 */
#include "fdview.h"
#include "known.h"
#include "lookup.h"
#include "perm.h"
#include "real.h"
#include "systab.h"

/* Go to the directory name[0] of the view. */
static long go(struct ovl_ctx *ctx)
{
	struct ovl_name *n = &ctx->name[0];
	OVL_FD dir = -1;
	int layer = n->lowers ? ovl_lower_first(n->lowers) : n->layer;
	int err = ovl_op_is_dir(ctx, n);

	if (err <= 0)
		return err ? err : -ENOTDIR;
	/* The merged directory's rights are upper's, where it has a copy, or what is recorded. */
	err = n->layer == OVL_UPPER && (layer != OVL_UPPER || ovl_ss->overrides)
		      ? ovl_perm_access(ctx, n, 1)
		      : 0;
	if (!err)
		err = ovl_name_real(n, layer, &ctx->real);
	if (err)
		return err;
	if (ctx->real.len < PATH_MAX) {
		err = (int)ovl_sys(__NR_chdir, ctx->real.buf);
	} else {
		dir = ovl_real_open(&ctx->real, O_PATH | O_DIRECTORY);
		err = dir < 0 ? dir : (int)ovl_sys(__NR_fchdir, dir);
	}
	ovl_known_forget(AT_FDCWD);
	return err;
}

long ovl_op_chdir(struct ovl_ctx *ctx)
{
	struct ovl_name *n = &ctx->name[0];
	long r = ovl_op_resolve(ctx, 0, -1, 0, OVL_N_FOLLOW | OVL_N_LOOK);

	if (r)
		return r;
	if (n->zone == OVL_Z_VIEW)
		return n->layer == OVL_NONE ? -ENOENT : go(ctx);
	if (n->zone == OVL_Z_HIDDEN)
		return -ENOENT;
	r = ovl_sys(__NR_chdir, n->at.buf);
	ovl_known_forget(AT_FDCWD);
	if (!r && n->zone == OVL_Z_LOCKED)
		ovl_known_set_locked(AT_FDCWD, &n->at);
	return r;
}

/*
 * A descriptor of a directory is of the one that chdir would go to. Of a lower one that upper has
 * a copy of, the copy's rights count.
 */
long ovl_op_fchdir(struct ovl_ctx *ctx)
{
	struct ovl_name *n = &ctx->name[0];
	int fd = ovl_arg_fd(ctx, 0);
	long r = ovl_namei_fd(ctx, n, fd);

	if (!r && n->zone == OVL_Z_VIEW && n->layer == OVL_UPPER && ctx->fd_layer > OVL_UPPER)
		r = ovl_perm_access(ctx, n, 1);
	else if (ovl_perm_fd(ctx, fd, 1))
		r = (ctx->st.stx_mode & S_IFMT) == S_IFDIR ? -EACCES : -ENOTDIR;
	else
		r = 0;
	if (r)
		return r;
	ovl_known_forget(AT_FDCWD);
	r = ovl_sys(__NR_fchdir, fd);
	ovl_known_forget(AT_FDCWD);
	return r;
}

long ovl_op_getcwd(struct ovl_ctx *ctx)
{
	struct ovl_name *n = &ctx->name[0];
	char *to = (char *)ovl_arg(ctx, 0);
	size_t size = (size_t)ovl_arg(ctx, 1);
	int layer = ovl_fd_path(AT_FDCWD, &ctx->link, NULL);

	if (layer == OVL_NONE)
		(void)ovl_namei_fd(ctx, n, AT_FDCWD); /* to be known the next time */
	if (layer == OVL_NONE || (layer < 0 && layer != -ESTALE))
		return OVL_R_PASS;
	if (layer == -ESTALE || ovl_namei_fd(ctx, n, AT_FDCWD))
		return -ENOENT;
	if (n->layer == OVL_UPPER && !n->lowers && layer != OVL_UPPER)
		return -ENOENT; /* removed, and made anew: ours is the old one */
	if (n->at.len + 1 > PATH_MAX)
		return -ENAMETOOLONG;
	if (n->at.len + 1 > size)
		return -ERANGE;
	if ((unsigned long)to < 4096)
		return -EFAULT;
	memcpy(to, n->at.buf, n->at.len + 1);
	return (long)n->at.len + 1;
}

/* As an unprivileged caller is answered: a root directory of one's own would leave the view. */
long ovl_op_chroot(struct ovl_ctx *ctx)
{
	long r = ovl_op_resolve(ctx, 0, -1, 0, OVL_N_FOLLOW | OVL_N_LOOK);

	if (r)
		return r == OVL_R_PASS ? -EPERM : r;
	if (ctx->name[0].layer == OVL_NONE)
		return -ENOENT;
	r = ovl_op_is_dir(ctx, &ctx->name[0]);
	return r < 0 ? r : r ? -EPERM : -ENOTDIR;
}
