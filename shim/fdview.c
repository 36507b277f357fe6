/* SPDX-License-Identifier: MIT */
#include "fdview.h"

#include "deep.h"
#include "inode.h"
#include "known.h"
#include "lookup.h"
#include "marks.h"
#include "str.h"
#include "view.h"

bool ovl_fd_is_removed(const struct ovl_path *p)
{
	struct statx st;

	if (!ovl_str_ends(p->buf, p->len, " (deleted)"))
		return false;
	return ovl_sys(__NR_statx, AT_FDCWD, p->buf, AT_SYMLINK_NOFOLLOW, 0, &st) < 0;
}

int ovl_fd_follow(struct ovl_path *at, struct ovl_path *ret)
{
	OVL_FD fd = -1;
	int err = ovl_real_readlink(at, ret);

	if (err != -ENAMETOOLONG)
		return err;
	fd = (int)ovl_sys(__NR_openat, AT_FDCWD, at->buf, O_PATH | O_CLOEXEC);
	return fd < 0 ? fd : ovl_deep_path(fd, ret);
}

int ovl_fd_real(int fd, struct ovl_path *p)
{
	char link[OVL_FD_LINK];
	long n;

	if (fd == AT_FDCWD) {
		n = ovl_sys(__NR_readlinkat, AT_FDCWD, "/proc/self/cwd", p->buf,
			    sizeof(p->buf) - 1);
	} else {
		if (fd < 0)
			return -EBADF;
		ovl_fd_link(fd, link);
		n = ovl_sys(__NR_readlinkat, AT_FDCWD, link, p->buf, sizeof(p->buf) - 1);
	}
	if (n == -ENOENT)
		return fd == AT_FDCWD ? -ESTALE : -EBADF;
	if (n == -ENAMETOOLONG) {
		n = ovl_deep_path(fd, p);
		if (n)
			return (int)n;
	} else if (n < 0) {
		return (int)n;
	} else {
		ovl_path_cut(p, (unsigned)n);
		if (p->buf[0] != '/' || ovl_fd_is_removed(p))
			return -ESTALE;
	}
	return 0;
}

int ovl_fd_path(int fd, struct ovl_path *p, uint64_t *ret_lhash)
{
	int err = ovl_fd_real(fd, p);

	if (err)
		return err;
	return ovl_known_is_locked(fd, p) ? OVL_NONE : ovl_view_from_real(p, ret_lhash);
}

int ovl_fd_gone_path(struct ovl_ctx *ctx, int fd, struct ovl_path *p)
{
	struct ovl_str work = ovl_ss->work;
	char link[OVL_FD_LINK] = "/proc/self/cwd";
	long n;

	if (fd != AT_FDCWD)
		ovl_fd_link(fd, link);
	n = ovl_sys(__NR_readlinkat, AT_FDCWD, link, p->buf, sizeof(p->buf) - 1);
	if (n < 0 || !ovl_fd_is_dir(ctx, fd))
		return -ESTALE;
	ovl_path_cut(p, (unsigned)n);
	if (p->buf[0] != '/' || !ovl_fd_is_removed(p))
		return -ESTALE;
	ovl_path_cut(p, p->len - (unsigned)strlen(" (deleted)"));
	if (!ovl_path_below(p->buf, p->len, ovl_session_str(ovl_ss, work), work.len))
		return ovl_view_from_real(p, NULL) == OVL_UPPER ? 0 : -ESTALE;
	n = ovl_sys(__NR_getxattr, link, OVL_XATTR_WAS, p->buf, sizeof(p->buf) - 1);
	if (n <= 0)
		return -ESTALE;
	ovl_path_cut(p, (unsigned)n);
	return 0;
}

bool ovl_fd_is_shown(struct ovl_ctx *ctx, struct ovl_name *n, int fd)
{
	if (n->layer == OVL_NONE || !ovl_fd_is_at(ctx, n))
		return false;
	if (n->layer == ctx->fd_layer || (n->lowers >> ctx->fd_layer & 1))
		return true;
	if (n->layer != OVL_UPPER ||
	    ovl_sys(__NR_statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &ctx->st) ||
	    (ctx->st.stx_mode & S_IFMT) == S_IFDIR || ovl_lookup_stat(ctx, n))
		return false;
	ovl_inode_present_name(ctx, n);
	return n->st.stx_ino == ctx->st.stx_ino;
}

int ovl_fd_check_through(struct ovl_ctx *ctx, struct ovl_name *n, int err)
{
	if (ctx->through < 0 || (err && err != -ENOENT) || n->zone != OVL_Z_VIEW ||
	    (!err && ovl_fd_is_shown(ctx, n, ctx->through)))
		return err;
	return -ESTALE;
}

bool ovl_fd_is_dir(struct ovl_ctx *ctx, int fd)
{
	return !ovl_sys(__NR_statx, fd, "", AT_EMPTY_PATH, STATX_TYPE, &ctx->st) &&
	       (ctx->st.stx_mode & S_IFMT) == S_IFDIR;
}

bool ovl_fd_is_path(int fd)
{
	long flags = ovl_sys(__NR_fcntl, fd, F_GETFL);

	return flags >= 0 && (flags & O_PATH);
}

/* *@at moves behind @text. False: it is not there. */
static bool skip(const char **at, const char *text)
{
	if (!ovl_str_starts(*at, text))
		return false;
	*at += strlen(text);
	return true;
}

int ovl_fd_of_link(const char *path)
{
	uint64_t pid;
	uint64_t id;

	if (!skip(&path, "/proc/") || !ovl_str_parse(&path, &pid) ||
	    pid != (uint64_t)ovl_sys(__NR_getpid))
		return -1;
	if (skip(&path, "/task/") && !ovl_str_parse(&path, &id))
		return -1;
	if (!skip(&path, "/fd/") || !ovl_str_parse(&path, &id) || *path || id > INT32_MAX)
		return -1;
	return (int)id;
}
