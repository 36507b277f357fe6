/* SPDX-License-Identifier: MIT */
#include "perm.h"

#include "inode.h"
#include "lookup.h"
#include "ops.h"
#include "real.h"
#include "stat_x86_64.h"
#include "view.h"

bool ovl_perm_in_group(struct ovl_ctx *ctx, unsigned gid)
{
	long n;

	if (gid == (unsigned)ovl_sys(__NR_getegid))
		return true;
	n = ovl_sys(__NR_getgroups, OVL_GROUPS_MAX, ctx->group);
	for (long i = 0; i < n; i++) {
		if (ctx->group[i] == gid)
			return true;
	}
	return false;
}

/* As path_resolution(7) tells; root may all but execute at will. */
int ovl_perm_mode(struct ovl_ctx *ctx, const struct statx *st, int mask)
{
	unsigned uid = (unsigned)ovl_sys(__NR_geteuid);
	unsigned mode = st->stx_mode;

	if (!uid) {
		bool runs = (mode & S_IFMT) == S_IFDIR || (mode & 0111);

		return (mask & 1) && !runs ? -EACCES : 0;
	}
	if (st->stx_uid == uid)
		mode >>= 6;
	else if (ovl_perm_in_group(ctx, st->stx_gid))
		mode >>= 3;
	return (mode & (unsigned)mask) == (unsigned)mask ? 0 : -EACCES;
}

int ovl_perm_fd(struct ovl_ctx *ctx, int fd, int mask)
{
	struct statx *st = &ctx->st;

	if (!ovl_ss->overrides || ovl_read_only() || !ovl_sys(__NR_geteuid) ||
	    ovl_sys(__NR_statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, st) ||
	    ovl_dev(st->stx_dev_major, st->stx_dev_minor) != ovl_ss->layer[OVL_UPPER].dev)
		return 0;
	ovl_inode_present_fd(OVL_UPPER, fd, st);
	return ovl_perm_mode(ctx, st, mask);
}

unsigned ovl_perm_new_mode(struct ovl_ctx *ctx, unsigned gid, unsigned asked, unsigned mode)
{
	if ((asked & (S_ISGID | S_IXGRP)) != (S_ISGID | S_IXGRP) || !ovl_sys(__NR_geteuid) ||
	    ovl_perm_in_group(ctx, gid))
		return mode;
	return mode & ~(unsigned)S_ISGID;
}

/* Ask the kernel about the real object; a lower on a read-only mount is no obstacle. */
static int by_kernel(struct ovl_path *p, int mask)
{
	OVL_LOC loc = OVL_LOC_INIT;
	int err = ovl_loc_get(p, &loc);

	if (err)
		return err;
	err = (int)ovl_sys(__NR_faccessat2, loc.fd, loc.name, mask,
			   AT_EACCESS | AT_SYMLINK_NOFOLLOW);
	if (err == -ENOSYS)
		err = (int)ovl_sys(__NR_faccessat, loc.fd, loc.name, mask);
	return err;
}

/* @st is presented already. */
static int check(struct ovl_ctx *ctx, int layer, struct ovl_path *p, const struct statx *st,
		 int mask)
{
	int err;

	if (layer == OVL_UPPER && ovl_ss->overrides)
		return ovl_perm_mode(ctx, st, mask);
	err = by_kernel(p, mask);
	if (err == -EROFS && layer != OVL_UPPER)
		return ovl_perm_mode(ctx, st, mask);
	return err;
}

int ovl_perm_access(struct ovl_ctx *ctx, struct ovl_name *n, int mask)
{
	int err = ovl_lookup_stat(ctx, n);

	if (err)
		return err;
	if ((mask & 2) && ovl_read_only())
		return -EROFS;
	ovl_inode_present_name(ctx, n);
	err = ovl_name_real(n, n->layer, &ctx->real);
	return err ? err : check(ctx, n->layer, &ctx->real, &n->st, mask);
}

/*
 * The directory that @n lives in, as the view shows it: *@ret_st. ctx->real becomes its real
 * path. Returns its layer.
 */
static int parent_stat(struct ovl_ctx *ctx, const struct ovl_name *n, struct statx *ret_st)
{
	int layer = OVL_UPPER;
	int err = -ENOENT;

	if (n->pupper) {
		err = ovl_layer_path(&ctx->real, OVL_UPPER, ovl_name_rel(n));
		if (err)
			return err;
		ovl_path_pop(&ctx->real);
		err = ovl_real_statx(&ctx->real, ret_st);
	}
	if (err == -ENOENT && n->plowers) {
		layer = ovl_lower_first(n->plowers);
		err = ovl_name_real(n, layer, &ctx->real);
		if (err)
			return err;
		ovl_path_pop(&ctx->real);
		err = ovl_real_statx(&ctx->real, ret_st);
	}
	if (err)
		return err;
	if ((ret_st->stx_mode & S_IFMT) != S_IFDIR)
		return OVL_AGAIN; /* it was one a moment ago */
	ovl_inode_present(layer, &ctx->real, ret_st);
	return layer;
}

/* May names of the directory at ctx->real be changed? OVL_AGAIN: it is none any more. */
static int check_dir(struct ovl_ctx *ctx, int layer, const struct statx *st)
{
	int err = check(ctx, layer, &ctx->real, st, 2 | 1);

	if (err == -EACCES && layer == OVL_UPPER &&
	    (ovl_real_statx(&ctx->real, &ctx->st) || (ctx->st.stx_mode & S_IFMT) != S_IFDIR))
		return OVL_AGAIN;
	return err;
}

int ovl_perm_parent(struct ovl_ctx *ctx, struct ovl_name *n)
{
	struct statx st;
	int layer = parent_stat(ctx, n, &st);

	return layer < 0 ? layer : check_dir(ctx, layer, &st);
}

int ovl_perm_delete(struct ovl_ctx *ctx, struct ovl_name *n)
{
	struct statx st;
	int layer = parent_stat(ctx, n, &st);
	int err;

	if (layer < 0)
		return layer;
	err = check_dir(ctx, layer, &st);
	if (err || !(st.stx_mode & S_ISVTX))
		return err;
	return st.stx_uid == (unsigned)ovl_sys(__NR_geteuid) ? 0 : ovl_perm_owner(ctx, n);
}

int ovl_perm_owner(struct ovl_ctx *ctx, struct ovl_name *n)
{
	unsigned uid = (unsigned)ovl_sys(__NR_geteuid);
	int err;

	if (!uid)
		return 0;
	err = ovl_lookup_stat(ctx, n);
	if (err)
		return err;
	ovl_inode_present_name(ctx, n);
	return n->st.stx_uid == uid ? 0 : -EPERM;
}

int ovl_perm_careful(const char *knob)
{
	char value = '0';
	OVL_FD fd = (int)ovl_sys(__NR_openat, AT_FDCWD, knob, O_RDONLY | O_CLOEXEC, 0);

	if (fd < 0 || ovl_sys(__NR_read, fd, &value, 1) != 1)
		return 0;
	return value - '0';
}

int ovl_perm_sticky(struct ovl_ctx *ctx, struct ovl_name *n)
{
	unsigned type = n->st.stx_mode & S_IFMT;
	int careful = 1; /* with all that is neither, symlinks too */
	struct statx st;
	int layer;

	if (ovl_ss->overrides)
		ovl_inode_present_name(ctx, n);
	if (n->st.stx_uid == (unsigned)ovl_sys(__NR_geteuid))
		return 0;
	layer = parent_stat(ctx, n, &st);
	if (layer < 0)
		return layer;
	if (!(st.stx_mode & S_ISVTX) || st.stx_uid == n->st.stx_uid || !(st.stx_mode & 022))
		return 0;
	if (type == S_IFREG)
		careful = ovl_perm_careful("/proc/sys/fs/protected_regular");
	else if (type == S_IFIFO)
		careful = ovl_perm_careful("/proc/sys/fs/protected_fifos");
	return careful > (st.stx_mode & 2 ? 0 : 1) ? -EACCES : 0;
}

int ovl_perm_follow(struct ovl_ctx *ctx, struct ovl_name *n)
{
	if (!(ovl_ss->flags & OVL_S_LINKS_CAREFUL) || n->zone != OVL_Z_VIEW)
		return 0;
	return ovl_perm_sticky(ctx, n);
}
