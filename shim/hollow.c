/* SPDX-License-Identifier: MIT */
#include "hollow.h"

#include "attr_copy.h"
#include "copy_data.h"
#include "inode.h"
#include "lock.h"
#include "lookup.h"
#include "real.h"
#include "view.h"

#define X_OK 1
#define R_OK 4

#define XATTR_DATA     "user.ovl.data"
#define XATTR_METACOPY "user.overlay.metacopy"

static bool is_dir(const struct statx *st)
{
	return (st->stx_mode & S_IFMT) == S_IFDIR;
}

bool ovl_hollow_may(int dir, const char *name, const struct statx *st)
{
	unsigned uid = (unsigned)ovl_sys(__NR_geteuid);

	if (ovl_ss->flags & OVL_S_NO_XATTR)
		return false; /* nothing could say that it is one */
	/* Its owner could allow himself to read it; who may execute it would execute nothing. */
	return uid && st->stx_uid != uid &&
	       ovl_sys(__NR_faccessat2, dir, name, is_dir(st) ? R_OK : X_OK,
		       AT_EACCESS | AT_SYMLINK_NOFOLLOW) == -EACCES;
}

int ovl_hollow_make(int fd, const char *low, const struct statx *st)
{
	bool dir = is_dir(st);
	long r = ovl_sys(__NR_fsetxattr, fd, XATTR_DATA, low, strlen(low), 0);

	if (!r && !dir)
		r = ovl_sys(__NR_fsetxattr, fd, XATTR_METACOPY, "", 0, 0);
	if (!r && !dir)
		r = ovl_sys(__NR_ftruncate, fd, st->stx_size);
	return r ? (int)r : ovl_attr_times(fd, NULL, st);
}

/* Open the lower file at ctx->clean that @st, as the view shows it, was copied from. */
static int open_data(struct ovl_ctx *ctx, const struct statx *st)
{
	for (uint32_t k = 1; k <= ovl_ss->nlower; k++) {
		int err = ovl_layer_path(&ctx->real2, (int)k, ctx->clean.buf);

		if (err || ovl_real_statx(&ctx->real2, &ctx->st))
			continue;
		if (ovl_is_same_object(&ctx->st, st))
			return ovl_real_open(&ctx->real2, O_RDONLY | O_NONBLOCK);
	}
	return -ESTALE;
}

static int fill(struct ovl_ctx *ctx, struct ovl_name *n, int to)
{
	struct statx *st = &ctx->st;
	OVL_FD from = open_data(ctx, &n->st);
	long r;

	if (from < 0)
		return from;
	r = ovl_sys(__NR_statx, to, "", AT_EMPTY_PATH, STATX_BASIC_STATS, st);
	if (!r)
		r = ovl_attr_copy_xattrs(&ctx->real2, to, false);
	if (!r && !is_dir(&n->st))
		r = ovl_copy_data(ctx, from, to, (int64_t)st->stx_size);
	return r ? (int)r : ovl_attr_times(to, NULL, st);
}

/* ctx->clean becomes where the content is of upper's file at @path. -ENODATA: in itself. */
static int read_mark(struct ovl_ctx *ctx, const char *path)
{
	long n = ovl_sys(__NR_lgetxattr, path, XATTR_DATA, ctx->clean.buf,
			 sizeof(ctx->clean.buf) - 1);

	if (n < 0)
		return (int)n;
	ovl_path_cut(&ctx->clean, (unsigned)n);
	return 0;
}

int ovl_hollow_fill(struct ovl_ctx *ctx, struct ovl_name *n, bool empty)
{
	OVL_LOC loc = OVL_LOC_INIT;
	OVL_LOCK lock = -1;
	OVL_FD to = -1;
	int err = ovl_name_real(n, OVL_UPPER, &ctx->real);

	if (!err)
		err = ovl_loc_path(&ctx->real, &loc);
	if (err || read_mark(ctx, loc.name))
		return err;
	err = ovl_lookup_stat(ctx, n);
	if (err)
		return err;
	ovl_inode_present_name(ctx, n);
	lock = ovl_lock(ctx);
	if (lock < 0)
		return lock;
	err = ovl_name_real(n, OVL_UPPER, &ctx->real);
	if (err || read_mark(ctx, loc.name))
		return err; /* somebody was faster */
	to = ovl_open_beneath(AT_FDCWD, loc.name, is_dir(&n->st) ? O_RDONLY : O_RDWR, 0);
	if (to < 0)
		return to;
	err = empty ? 0 : fill(ctx, n, to);
	if (!err && !is_dir(&n->st))
		err = (int)ovl_sys(__NR_fremovexattr, to, XATTR_METACOPY);
	return err ? err : (int)ovl_sys(__NR_fremovexattr, to, XATTR_DATA);
}
