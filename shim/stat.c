/* SPDX-License-Identifier: MIT */
/* stat.c - calls that look at an object: the stat family, access, readlink, statfs */
#include "exe.h"
#include "catchup.h"
#include "fdview.h"
#include "inode.h"
#include "linktext.h"
#include "lookup.h"
#include "systab.h"
#include "perm.h"
#include "real.h"
#include "stat_x86_64.h"

/* Resolve and fill in name[0].st as the view shows it. 0, or the handler's result. */
static long look(struct ovl_ctx *ctx, int dirfd, int path, int flags)
{
	struct ovl_name *n = &ctx->name[0];
	long r = ovl_op_resolve(ctx, 0, dirfd, path, flags | OVL_N_LOOK);
	int err;

	if (r)
		return r;
	if (n->zone != OVL_Z_VIEW)
		return ovl_op_outside(ctx, dirfd, path, false);
	err = ovl_op_must_exist(n);
	if (!err)
		err = ovl_lookup_stat(ctx, n);
	if (err)
		return err;
	ovl_inode_present_name(ctx, n);
	return 0;
}

static long fill(struct ovl_ctx *ctx, int arg)
{
	struct ovl_kstat *to = (struct ovl_kstat *)ovl_arg(ctx, arg);

	if ((unsigned long)to < 4096)
		return -EFAULT;
	ovl_kstat_fill(to, &ctx->name[0].st);
	return 0;
}

/* A copy whose names are still lowers' may be open by that in the index: index.h. */
static bool is_in_work(const struct ovl_path *p)
{
	struct ovl_str work = ovl_ss->work;

	return work.len && ovl_path_below(p->buf, p->len, ovl_session_str(ovl_ss, work), work.len);
}

static bool is_upper_fs(const struct statx *st)
{
	return ovl_dev(st->stx_dev_major, st->stx_dev_minor) == ovl_ss->layer[OVL_UPPER].dev;
}

/* A lower directory that the view has lost: as it is, but for its link count. */
static long stat_removed(int fd, struct statx *st)
{
	long r = ovl_sys(__NR_statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, st);

	st->stx_nlink = 0;
	return r;
}

/*
 * Attributes of the open descriptor @fd into name[0].st. A directory is looked up by its
 * name, because upper may show other attributes; anything else is what it is.
 */
static long look_fd(struct ovl_ctx *ctx, int fd)
{
	struct ovl_name *n = &ctx->name[0];
	uint32_t names;
	int layer;
	int err = (int)ovl_sys(__NR_statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME,
			       &n->st);

	if (err)
		return err;
	if ((n->st.stx_mode & S_IFMT) == S_IFDIR) {
		err = ovl_namei_fd(ctx, n, fd);
		if (err == -ESTALE && ctx->fd_layer > OVL_UPPER)
			return stat_removed(fd, &n->st);
		if (err || n->zone != OVL_Z_VIEW || n->layer == OVL_NONE)
			return OVL_R_PASS;
		err = ovl_lookup_stat(ctx, n);
		if (!err)
			ovl_inode_present_name(ctx, n);
		return err;
	}
	if (!ovl_ss->overrides && !ovl_inode_maybe_origin(n->st.stx_ino) && !ovl_inode_is_foreign())
		return OVL_R_PASS;
	ovl_catch_up(ctx, fd);
	err = (int)ovl_sys(__NR_statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME,
			   &n->st);
	if (err)
		return err;
	names = n->st.stx_nlink;
	layer = ovl_fd_path(fd, &ctx->link, NULL);
	if (layer == OVL_AGAIN)
		return layer;
	if (layer == OVL_UPPER ||
	    ((layer == -ESTALE || layer == -ENAMETOOLONG) && is_upper_fs(&n->st)) ||
	    (layer == OVL_NONE && is_in_work(&ctx->link)))
		ovl_inode_present_fd(OVL_UPPER, fd, &n->st);
	else if (layer > OVL_UPPER)
		ovl_inode_present_fd(layer, fd, &n->st);
	if (layer > OVL_UPPER && names == 1 && ovl_namei_fd(ctx, &ctx->name[1], fd) == -ESTALE)
		n->st.stx_nlink = 0;
	return 0;
}

/*
 * As look(), and of what /proc's link of a descriptor leads to, when only that does. Then *@ret_fd
 * is the descriptor, else -1.
 */
static long look_through(struct ovl_ctx *ctx, int dirfd, int path, int flags, int *ret_fd)
{
	struct ovl_name *n = &ctx->name[0];
	long r = look(ctx, dirfd, path, flags);

	*ret_fd = (r == OVL_R_PASS || r == OVL_R_TAIL) && n->magic ? ovl_fd_of_link(n->at.buf) : -1;
	if (*ret_fd < 0)
		return r;
	return look_fd(ctx, *ret_fd);
}

long ovl_op_stat(struct ovl_ctx *ctx)
{
	int fd;
	long r = look_through(ctx, -1, 0, OVL_N_FOLLOW, &fd);

	return r ? r : fill(ctx, 1);
}

long ovl_op_lstat(struct ovl_ctx *ctx)
{
	long r = look(ctx, -1, 0, 0);

	return r ? r : fill(ctx, 1);
}

long ovl_op_fstat(struct ovl_ctx *ctx)
{
	long r = look_fd(ctx, ovl_arg_fd(ctx, 0));

	return r ? r : fill(ctx, 1);
}

long ovl_op_newfstatat(struct ovl_ctx *ctx)
{
	long flags = ovl_arg(ctx, 3);
	int fd;
	long r;

	if ((unsigned)flags &
	    ~(unsigned)(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE))
		r = -EINVAL;
	else if (ovl_op_is_fd(ctx, 0, 1, ovl_op_at_flags(flags)))
		r = look_fd(ctx, ovl_arg_fd(ctx, 0));
	else
		r = look_through(ctx, 0, 1, ovl_op_at_flags(flags), &fd);
	return r ? r : fill(ctx, 2);
}

/* statx has more fields than the look-up takes: ask again for all, then put ours in. */
static long statx_again(struct ovl_ctx *ctx, int fd, const char *path, long flags)
{
	struct statx *to = (struct statx *)ovl_arg(ctx, 4);
	const struct statx *st = &ctx->name[0].st;
	long r = ovl_sys(__NR_statx, fd, path, flags, ovl_arg(ctx, 3), to);

	if (r)
		return r;
	to->stx_ino = st->stx_ino;
	to->stx_dev_major = st->stx_dev_major;
	to->stx_dev_minor = st->stx_dev_minor;
	to->stx_nlink = st->stx_nlink;
	to->stx_mode = st->stx_mode;
	to->stx_uid = st->stx_uid;
	to->stx_gid = st->stx_gid;
	return 0;
}

long ovl_op_statx(struct ovl_ctx *ctx)
{
	struct ovl_name *n = &ctx->name[0];
	long flags = ovl_arg(ctx, 2);
	OVL_LOC loc = OVL_LOC_INIT;
	int fd = ovl_arg_fd(ctx, 0);
	long r;

	if (ovl_op_is_fd(ctx, 0, 1, ovl_op_at_flags(flags)))
		r = look_fd(ctx, fd);
	else
		r = look_through(ctx, 0, 1, ovl_op_at_flags(flags), &fd);
	if (r)
		return r;
	if (fd >= 0 && (n->st.stx_mode & S_IFMT) != S_IFDIR)
		return statx_again(ctx, fd, "", flags | AT_EMPTY_PATH);
	r = ovl_name_real(n, n->layer, &ctx->real);
	if (!r)
		r = ovl_loc_get(&ctx->real, &loc);
	if (r)
		return r;
	flags &= ~AT_EMPTY_PATH;
	return statx_again(ctx, loc.fd, loc.name, flags | AT_SYMLINK_NOFOLLOW);
}

static long access_at(struct ovl_ctx *ctx, int dirfd, int path, int mask, long flags)
{
	struct ovl_name *n = &ctx->name[0];
	OVL_LOC loc = OVL_LOC_INIT;
	long r;

	if ((mask & ~7) ||
	    ((unsigned)flags & ~(unsigned)(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)))
		return -EINVAL;
	r = look(ctx, dirfd, path, ovl_op_at_flags(flags));
	if (r)
		return r;
	if (!mask)
		return 0;
	if (ovl_read_only() || (flags & AT_EACCESS) || ovl_ss->overrides)
		return ovl_perm_access(ctx, n, mask);
	r = ovl_name_real(n, n->layer, &ctx->real);
	if (!r)
		r = ovl_loc_get(&ctx->real, &loc);
	if (r)
		return r;
	if ((n->st.stx_mode & S_IFMT) == S_IFLNK)
		return 0; /* all may read, write and execute a symlink: symlink(7) */
	/* By the real ids, which only the kernel judges; no symlink is left to follow. */
	r = ovl_sys(__NR_faccessat, loc.fd, loc.name, mask);
	return r == -EROFS ? ovl_perm_access(ctx, n, mask) : r;
}

long ovl_op_access(struct ovl_ctx *ctx)
{
	return access_at(ctx, -1, 0, (int)ovl_arg(ctx, 1), 0);
}

long ovl_op_faccessat(struct ovl_ctx *ctx)
{
	return access_at(ctx, 0, 1, (int)ovl_arg(ctx, 2), 0);
}

long ovl_op_faccessat2(struct ovl_ctx *ctx)
{
	return access_at(ctx, 0, 1, (int)ovl_arg(ctx, 2), ovl_arg(ctx, 3));
}

/* Give the program the first @size bytes of @p, as readlink(2) does. */
static long give_link(const struct ovl_path *p, char *to, long size)
{
	long n = p->len < size ? (long)p->len : size;

	memcpy(to, p->buf, (size_t)n);
	return n;
}

/* A link of /proc may tell a real path: the program is to see the view's. */
static long readlink_outside(struct ovl_ctx *ctx, int dirfd, int path)
{
	struct ovl_name *n = &ctx->name[0];
	char *to = (char *)ovl_arg(ctx, path + 1);
	long size = ovl_arg(ctx, path + 2);
	int err;

	if (n->zone == OVL_Z_HIDDEN || size <= 0 || ovl_op_must_exist(n))
		return ovl_op_outside(ctx, dirfd, path, false);
	err = ovl_link_tell(ctx, n);
	if (err)
		return err == -ENAMETOOLONG || err == OVL_AGAIN
			       ? err
			       : ovl_op_outside(ctx, dirfd, path, false);
	if (ctx->link.len >= PATH_MAX)
		return -ENAMETOOLONG;
	return give_link(&ctx->link, to, size);
}

static long readlink_at(struct ovl_ctx *ctx, int dirfd, int path)
{
	struct ovl_name *n = &ctx->name[0];
	long size = ovl_arg(ctx, path + 2);
	int flags = dirfd >= 0 && ovl_arg_path(ctx, path) ? OVL_N_EMPTY : 0; /* NULL: EFAULT */
	long r = ovl_op_resolve(ctx, 0, dirfd, path, flags | OVL_N_LOOK);

	if (r)
		return r;
	if ((int)size <= 0)
		return -EINVAL;
	if (n->zone != OVL_Z_VIEW)
		return readlink_outside(ctx, dirfd, path);
	r = ovl_op_must_exist(n);
	if (!r)
		r = ovl_lookup_stat(ctx, n);
	if (r)
		return r;
	if ((n->st.stx_mode & S_IFMT) != S_IFLNK)
		return dirfd >= 0 && !*ovl_arg_path(ctx, path) ? -ENOENT : -EINVAL;
	r = ovl_name_real(n, n->layer, &ctx->real);
	if (!r)
		r = ovl_real_readlink(&ctx->real, &ctx->link);
	if (r == -EINVAL)
		return OVL_AGAIN; /* it was a link a moment ago */
	return r ? r : give_link(&ctx->link, (char *)ovl_arg(ctx, path + 1), (int)size);
}

long ovl_op_readlink(struct ovl_ctx *ctx)
{
	return readlink_at(ctx, -1, 0);
}

long ovl_op_readlinkat(struct ovl_ctx *ctx)
{
	return readlink_at(ctx, 0, 1);
}

/* Changes take space on upper: its figures are the ones that count. */
static long statfs_layer(struct ovl_ctx *ctx, void *to)
{
	struct ovl_name *n = &ctx->name[0];
	int layer = ovl_read_only() ? n->layer : OVL_UPPER;
	OVL_LOC loc = OVL_LOC_INIT;
	int err = layer == OVL_UPPER ? ovl_layer_path(&ctx->real, OVL_UPPER, "")
				     : ovl_name_real(n, layer, &ctx->real);

	if (!err)
		err = ovl_loc_path(&ctx->real, &loc);
	return err ? err : ovl_sys(__NR_statfs, loc.name, to);
}

long ovl_op_statfs(struct ovl_ctx *ctx)
{
	long r = look(ctx, -1, 0, OVL_N_FOLLOW);

	return r ? r : statfs_layer(ctx, (void *)ovl_arg(ctx, 1));
}

long ovl_op_fstatfs(struct ovl_ctx *ctx)
{
	int err = ovl_namei_fd(ctx, &ctx->name[0], ovl_arg_fd(ctx, 0));

	if (err || ctx->name[0].zone != OVL_Z_VIEW || ctx->name[0].layer == OVL_NONE)
		return OVL_R_PASS;
	return statfs_layer(ctx, (void *)ovl_arg(ctx, 1));
}
