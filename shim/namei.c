/* SPDX-License-Identifier: MIT */
#include "namei.h"

#include "bases.h"
#include "dcache.h"
#include "fdview.h"
#include "known.h"
#include "linkers.h"
#include "linktext.h"
#include "lock.h"
#include "lookup.h"
#include "ops.h"
#include "perm.h"
#include "real.h"
#include "view.h"
#include "walked.h"
#include "xdev.h"

#define LINKS_MAX 40 /* MAXSYMLINKS of the kernel: path_resolution(7) */

static bool is_link(const struct ovl_name *n)
{
	return n->known && (n->st.stx_mode & S_IFMT) == S_IFLNK;
}

static bool is_dir(const struct ovl_name *n)
{
	return !n->known || (n->st.stx_mode & S_IFMT) == S_IFDIR;
}

static bool in_view(const struct ovl_name *n)
{
	return n->zone == OVL_Z_VIEW;
}

/* The view root itself: every layer has it. */
static void enter_view(struct ovl_ctx *ctx, struct ovl_name *n)
{
	uint64_t known;

	n->via_view = true;
	if (!ovl_dirs_find(n->hash, &known))
		ovl_dirs_add(n->hash, OVL_DIRS_LOWER | ovl_lowers_all());
	n->layer = ovl_read_only() ? 1 : OVL_UPPER;
	n->in_upper = !ovl_read_only();
	n->pupper = n->in_upper;
	n->lowers = n->plowers = ovl_lowers_all();
	n->whiteout = n->marked = n->opaque = n->moved = n->redirect = n->deep = false;
	n->linked = n->known = n->shown = n->cached = false;
	n->lhash = n->hash;
	if (n->in_upper)
		ovl_lookup_root(ctx, n);
}

static int at_root(struct ovl_ctx *ctx, struct ovl_name *n)
{
	n->at.buf[0] = '/';
	ovl_path_cut(&n->at, 1);
	n->hash = OVL_HASH_ROOT;
	n->zone = ovl_zone_of("/", 1);
	n->layer = 1; /* outside the view: any number that says "there" */
	n->known = false;
	n->last = OVL_L_ROOT;
	if (in_view(n))
		enter_view(ctx, n);
	else if (n->zone == OVL_Z_OUTSIDE)
		ovl_walked_outside(n, ovl_walked_gen());
	return ovl_xdev_note(ctx, n);
}

/* Look at an object outside the view; directories reached this way are remembered. */
static int look_outside(struct ovl_name *n)
{
	uint64_t gen = ovl_walked_gen();
	uint64_t known;
	int err;

	n->known = n->shown = n->linked = n->cached = false;
	n->layer = 1;
	if (ovl_dirs_find(n->hash, &known) && known == (OVL_DIRS_OUTSIDE | gen))
		return 0;
	err = ovl_real_statx(&n->at, &n->st);
	if (err == -ENOENT) {
		n->layer = OVL_NONE;
		return 0;
	}
	if (err)
		return err;
	n->known = true;
	if (is_dir(n) && n->zone == OVL_Z_OUTSIDE)
		ovl_walked_outside(n, gen);
	return 0;
}

/*
 * May @n, an upper directory hashed @hash, have been made elsewhere and renamed to here? Such
 * a one is announced as hiding what lowers hold, like an opaque one.
 */
static bool is_whole(const struct ovl_name *n, uint64_t hash)
{
	return n->layer == OVL_UPPER && ovl_filter_maybe(&ovl_ss->hidden, hash);
}

/* As step(), whatever mount it leads to. */
static int go(struct ovl_ctx *ctx, struct ovl_name *n, const char *name, size_t len)
{
	bool was_view = in_view(n);
	uint64_t parent = n->hash;
	int err = ovl_path_push(&n->at, name, len);

	if (err)
		return err;
	n->hash = ovl_hash_push(n->hash, name, len);
	ovl_trail_add(ctx, n->hash);
	n->zone = ovl_zone_of(n->at.buf, n->at.len);
	if (n->zone == OVL_Z_HIDDEN) {
		n->layer = OVL_NONE;
		n->known = false;
		return 0;
	}
	if (!in_view(n))
		return look_outside(n);
	if (!was_view) {
		enter_view(ctx, n);
		return 0;
	}
	n->via_view = true;
	n->deep |= is_whole(n, parent);
	n->plowers = n->lowers;
	n->pupper = n->in_upper && n->layer == OVL_UPPER;
	if (n->moved)
		err = ovl_path_push(&n->low, name, len);
	if (err)
		return err;
	n->lhash = n->moved ? ovl_hash_push(n->lhash, name, len) : n->hash;
	return ovl_lookup(ctx, n);
}

/* Go from the directory @n is to the object @name in it. */
static int step(struct ovl_ctx *ctx, struct ovl_name *n, const char *name, size_t len)
{
	int err = go(ctx, n, name, len);

	return err ? err : ovl_xdev_note(ctx, n);
}

/* Walk @clean from the root: no symlink is on the way. */
static int walk_clean(struct ovl_ctx *ctx, struct ovl_name *n, const char *clean)
{
	const char *at = clean;
	int err = at_root(ctx, n);

	if (err)
		return err;
	for (struct ovl_part c = ovl_path_next(&at); c.n; c = ovl_path_next(&at)) {
		if (n->layer == OVL_NONE)
			return -ENOENT;
		if (!is_dir(n))
			return -ENOTDIR;
		err = step(ctx, n, c.name, c.n);
		if (err)
			return err;
		n->last = OVL_L_NORM;
	}
	return 0;
}

/* ".." is physical: @n->at has no symlink in it. */
static int step_up(struct ovl_ctx *ctx, struct ovl_name *n)
{
	int err = ovl_path_set(&ctx->link, n->at.buf, n->at.len);

	if (err)
		return err;
	ovl_path_pop(&ctx->link);
	return walk_clean(ctx, n, ctx->link.buf);
}

/* @n becomes the directory that relative paths start from; @named: one is about to. */
static int start(struct ovl_ctx *ctx, struct ovl_name *n, int dirfd, bool named)
{
	uint32_t version = ovl_known_version(dirfd);
	uint64_t when = 0;
	int r;

	ctx->fd_layer = OVL_NONE;
	r = ovl_fd_path(dirfd, &ctx->link, &ctx->fd_lhash);
	if (r < 0 && r != OVL_NONE)
		return r;
	ctx->fd_layer = r;
	r = ovl_path_set(&ctx->clean, ctx->link.buf, ctx->link.len);
	if (!r) {
		when = ovl_dcache_begin(ovl_hash_path(ctx->clean.buf, ctx->clean.len), ctx->moves);
		r = walk_clean(ctx, n, ctx->clean.buf);
	}
	if (!r && n->layer == OVL_NONE)
		r = -ENOENT;
	ctx->anchor = n->at.len;
	n->last = OVL_L_DOT;
	/* Removed, and another came to be there: the descriptor is of the old one. */
	if (!r && ctx->fd_layer > OVL_UPPER && in_view(n) &&
	    ((is_dir(n) && !(n->lowers >> ctx->fd_layer & 1)) || !ovl_fd_is_at(ctx, n)))
		r = -ENOENT;
	if (!r && is_dir(n)) {
		ovl_known_learn(dirfd, n->hash, ovl_walked_base(ctx, n), version, ctx->moves);
		if (named && in_view(n)) {
			ovl_base_learn(n->hash, &n->at);
			ovl_known_set_place(dirfd, n->hash, when);
		}
	}
	return r;
}

/* An absolute path or link starts at the root, unless openat2(2) was told otherwise. */
static int go_to_root(struct ovl_ctx *ctx, struct ovl_name *n)
{
	if (ctx->resolve & RESOLVE_BENEATH)
		return -EXDEV;
	if (ctx->resolve & RESOLVE_IN_ROOT)
		return start(ctx, n, ctx->start, true);
	return at_root(ctx, n);
}

/* ".." as the program means it: openat2(2) may fence it in. */
static int go_up(struct ovl_ctx *ctx, struct ovl_name *n)
{
	int err = ovl_xdev_root(ctx);

	if (err)
		return err;
	if (n->at.len == ctx->anchor) {
		if (ctx->resolve & RESOLVE_BENEATH)
			return -EXDEV;
		if (ctx->resolve & RESOLVE_IN_ROOT)
			return 0;
	}
	return step_up(ctx, n);
}

/*
 * Follow the symlink @n: what is left to walk becomes its text and *@at. 1: a link that
 * only the kernel can follow, and nothing is left to walk.
 */
static int follow(struct ovl_ctx *ctx, struct ovl_name *n, struct ovl_part part, const char **at)
{
	size_t left = strlen(*at);
	int err;
	int r;

	if (++ctx->depth > LINKS_MAX || (ctx->resolve & RESOLVE_NO_SYMLINKS))
		return -ELOOP;
	ctx->jumped = false;
	ctx->through = -1;
	r = ovl_link_text(ctx, n);
	if (r < 0)
		return r;
	err = ovl_xdev_may_follow(ctx, r || ctx->jumped);
	if (err)
		return err;
	if (!part.last) {
		ctx->jumped = false;
		ctx->through = -1;
	}
	if (r && part.last) {
		n->magic = true;
		return 1;
	}
	if (ctx->link.buf[0] != '/' && r)
		return -ENOTDIR;
	if (ctx->link.len + part.slash + left >= sizeof(ctx->rest))
		return -ENAMETOOLONG;
	memmove(ctx->rest + ctx->link.len + part.slash, *at, left + 1);
	memcpy(ctx->rest, ctx->link.buf, ctx->link.len);
	if (part.slash)
		ctx->rest[ctx->link.len] = '/';
	*at = ctx->rest;
	if (ctx->link.buf[0] == '/')
		return go_to_root(ctx, n);
	return step_up(ctx, n);
}

/* May the symlink that the path ends in be followed? */
static bool follows_last(const struct ovl_name *n, int flags)
{
	if (flags & OVL_N_FOLLOW)
		return true;
	return n->slash && !(flags & OVL_N_CREATE);
}

/*
 * May the caller look for a name in directory @n? The kernel says so when it looks at the name
 * itself, unless upper's copy has other rights than the lower directory, or upper is known not to
 * have the name, or that is "..", for which it is not asked.
 */
static int may_search(struct ovl_ctx *ctx, struct ovl_name *n, bool up)
{
	bool own = ovl_ss->overrides && (n->deep || ovl_filter_maybe(&ovl_ss->present, n->hash));
	bool narrow = n->layer == OVL_UPPER && n->known && (n->st.stx_mode & 0111) != 0111;

	/* A link of /proc leads to the object, past the directories on the way. */
	if (ctx->jumped || !in_view(n) || !(own || up || narrow) || !ovl_sys(__NR_geteuid))
		return 0;
	return ovl_perm_access(ctx, n, 1);
}

static int walk_one(struct ovl_ctx *ctx, struct ovl_name *n, struct ovl_part c, int flags)
{
	uint64_t mount = ctx->mount;
	bool slash;
	int err;

	if (n->layer == OVL_NONE) {
		ovl_walked_missing(n);
		return -ENOENT;
	}
	if (!is_dir(n))
		return -ENOTDIR;
	/* For these the kernel is not asked at all. */
	slash = (flags & OVL_N_FILE) && c.last && c.slash;
	err = may_search(
		ctx, n, slash || ovl_is_dotdot(c.name, c.n) || (c.last && ovl_is_dot(c.name, c.n)));
	if (err)
		return err;
	if (ovl_is_dot(c.name, c.n)) {
		n->last = OVL_L_DOT;
		return 0;
	}
	if (ovl_is_dotdot(c.name, c.n)) {
		err = go_up(ctx, n);
		n->last = OVL_L_DOTDOT;
		return err ? err : ovl_xdev_check(ctx, mount);
	}
	if (slash)
		return -EISDIR;
	n->last = OVL_L_NORM;
	err = step(ctx, n, c.name, c.n);
	return err ? err : ovl_xdev_check(ctx, mount);
}

/* Walk ctx->rest from the directory @n. */
static int walk(struct ovl_ctx *ctx, struct ovl_name *n, int flags)
{
	const char *at = ctx->rest;

	for (struct ovl_part c = ovl_path_next(&at); c.n; c = ovl_path_next(&at)) {
		int err = walk_one(ctx, n, c, flags);

		if (err)
			return err;
		if (c.last)
			n->slash = c.slash;
		if (n->last != OVL_L_NORM || n->layer == OVL_NONE || !is_link(n))
			continue;
		/* A link of /proc leads to the object itself, be it a symlink. */
		if (c.last && (ctx->jumped || !follows_last(n, flags)))
			continue;
		err = c.last ? ovl_perm_follow(ctx, n) : 0;
		err = err ? err : follow(ctx, n, c, &at);
		if (err)
			return err < 0 ? err : 0;
	}
	if (n->layer == OVL_NONE && (n->plowers & (n->plowers - 1)))
		ovl_walked_missing(n); /* of one lower the kernel tells */
	ovl_walked_file(n);
	return 0;
}

/* Copy the program's @path to ctx->rest. */
static int take(struct ovl_ctx *ctx, const char *path)
{
	size_t n;

	if ((unsigned long)path < 4096 || ovl_is_err((long)path))
		return -EFAULT;
	for (n = 0; path[n]; n++) {
		if (n == PATH_MAX - 1)
			return -ENAMETOOLONG;
		ctx->rest[n] = path[n];
	}
	ctx->rest[n] = '\0';
	return 0;
}

static void clear(struct ovl_ctx *ctx, struct ovl_name *n)
{
	ctx->depth = 0;
	n->via_view = n->magic = n->slash = false;
	n->moved = n->redirect = false;
	ctx->anchor = 0;
	ctx->jumped = ctx->rooted = false;
	ctx->through = -1;
}

/*
 * The directory that the path starts from, at ctx->clean, has been removed from the view. As of any
 * removed directory its names are gone, ".." leads to where it was, and it is still there to be
 * looked at (-ESTALE: the kernel does that). What was upper's own the kernel answers for, but
 * for "..".
 */
static int start_from_removed(struct ovl_ctx *ctx, struct ovl_name *n, int flags)
{
	int err = ctx->fd_layer == OVL_NONE ? -ESTALE : -ENOENT;
	const char *at = ctx->rest;
	struct ovl_part c = ovl_path_next(&at);

	while (c.n && ovl_is_dot(c.name, c.n))
		c = ovl_path_next(&at);
	if (!c.n)
		return flags & OVL_N_LOOK ? -ESTALE : err;
	if (!ovl_is_dotdot(c.name, c.n))
		return err;
	ovl_path_pop(&ctx->clean);
	memmove(ctx->rest, at, strlen(at) + 1);
	return walk_clean(ctx, n, ctx->clean.buf);
}

static int resolve_fd(struct ovl_ctx *ctx, struct ovl_name *n, int fd)
{
	int err;

	clear(ctx, n);
	err = start(ctx, n, fd, false);
	n->last = OVL_L_NORM;
	if (err == -ENOENT || err == -ENOTDIR)
		return -ESTALE;
	if (!err && ctx->fd_layer > OVL_UPPER && in_view(n) && !ovl_fd_is_shown(ctx, n, fd))
		return -ESTALE;
	return err;
}

static int resolve(struct ovl_ctx *ctx, struct ovl_name *n, int dirfd, const char *path, int flags)
{
	int err = 0;

	clear(ctx, n);
	if (!path && (flags & OVL_N_EMPTY))
		ctx->rest[0] = '\0';
	else
		err = take(ctx, path);
	if (err)
		return err;
	if (!ctx->rest[0] && !(flags & OVL_N_EMPTY))
		return -ENOENT;
	ctx->start = dirfd;
	if (ctx->rest[0] == '/') {
		err = go_to_root(ctx, n);
		ovl_xdev_root_here(ctx);
		return err ? err : walk(ctx, n, flags);
	}
	if (!ctx->rest[0] && dirfd != AT_FDCWD)
		return resolve_fd(ctx, n, dirfd);
	err = start(ctx, n, dirfd, true);
	err = err || is_dir(n) ? err : -ENOTDIR;
	if (err == -ENOTDIR && ctx->fd_layer != OVL_NONE && ovl_fd_is_dir(ctx, dirfd))
		err = ctx->fd_layer == OVL_UPPER ? OVL_AGAIN : -ENOENT;
	if ((err == -ENOENT && ctx->fd_layer > OVL_UPPER) ||
	    (err == -ESTALE && !ovl_fd_gone_path(ctx, dirfd, &ctx->clean)))
		err = start_from_removed(ctx, n, flags);
	if (err)
		return err;
	n->via_view = in_view(n);
	if (ctx->resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT))
		ovl_xdev_root_here(ctx);
	return walk(ctx, n, flags);
}

/* What was found is worth nothing if directories moved meanwhile. */
static int of_one_moment(const struct ovl_ctx *ctx, int err)
{
	return ovl_still(ctx) ? err : OVL_AGAIN;
}

int ovl_namei(struct ovl_ctx *ctx, struct ovl_name *n, int dirfd, const char *path, int flags)
{
	return of_one_moment(ctx,
			     ovl_fd_check_through(ctx, n, resolve(ctx, n, dirfd, path, flags)));
}

int ovl_namei_clean(struct ovl_ctx *ctx, struct ovl_name *n, const char *path)
{
	clear(ctx, n);
	return of_one_moment(ctx, walk_clean(ctx, n, path));
}

int ovl_namei_fd(struct ovl_ctx *ctx, struct ovl_name *n, int fd)
{
	return of_one_moment(ctx, resolve_fd(ctx, n, fd));
}
