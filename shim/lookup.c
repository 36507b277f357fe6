/* SPDX-License-Identifier: MIT */
#include "lookup.h"

#include "dcache.h"
#include "index.h"
#include "inode.h"
#include "marks.h"
#include "ops.h"
#include "perm.h"
#include "real.h"
#include "str.h"
#include "view.h"

static bool is_dir(const struct statx *st)
{
	return (st->stx_mode & S_IFMT) == S_IFDIR;
}

/* A name that is not there, in the words of a look-up. */
static bool is_missing(int err)
{
	return err == -ENOENT || err == -ENOTDIR;
}

/* Is the object @st at real path @p in @layer a mark of something else? */
static bool is_mark(const struct ovl_path *p, int layer, const struct statx *st)
{
	return ovl_mark_is_file(layer, p->buf + ovl_path_base(p), st);
}

/* Does the directory at real path @p in @layer merge with nothing below it? */
static bool ends_here(struct ovl_path *p, int layer)
{
	return ovl_mark_is_opaque(layer, p) || ovl_mark_hides(layer, p);
}

/*
 * Go down the lowers of @mask under the path @low. *@ret_layer: the first that shows the
 * name, with its *@ret_st, or OVL_NONE. *@ret_mask: those whose directory shows, when the
 * first one is a directory. A whiteout, an opaque directory and a non-directory end it.
 */
static int scan_lowers(struct ovl_ctx *ctx, uint64_t mask, const char *low, int *ret_layer,
		       uint64_t *ret_mask, struct statx *ret_st)
{
	struct statx st;
	struct statx *to = ret_st;
	uint64_t dirs = 0;
	int layer = OVL_NONE;

	for (; mask; mask &= mask - 1) {
		int k = ovl_lower_first(mask);
		int err = ovl_layer_path(&ctx->real, k, low);

		if (!err)
			err = ovl_real_statx(&ctx->real, to);
		if (is_missing(err) || (!err && is_mark(&ctx->real, k, to))) {
			if (ovl_mark_hides(k, &ctx->real))
				break;
			continue;
		}
		if (err)
			return err;
		if (ovl_mark_is_whiteout(to))
			break;
		if (layer == OVL_NONE) {
			layer = k;
			to = &st;
			if (!is_dir(ret_st))
				break;
		} else if (!is_dir(to)) {
			break;
		}
		dirs |= 1ULL << k;
		if ((mask & (mask - 1)) && ends_here(&ctx->real, k))
			break;
	}
	*ret_layer = layer;
	*ret_mask = dirs;
	return 0;
}

/* As ovl_lookup_stack(); *@ret_hash is the table's key for the path. */
static int stack_of_path(struct ovl_ctx *ctx, const char *low, uint64_t *ret_mask,
			 uint64_t *ret_hash)
{
	uint64_t hash = ovl_hash_path(ovl_session_str(ovl_ss, ovl_ss->root), ovl_ss->root.len);
	uint64_t mask = ovl_lowers_all();
	struct ovl_path *p = &ctx->real2;
	const char *at = low;

	ovl_path_cut(p, 0);
	for (struct ovl_part c = ovl_path_next(&at); c.n; c = ovl_path_next(&at)) {
		struct statx st;
		uint64_t known;
		int layer;
		int err = ovl_path_push(p, c.name, c.n);

		hash = ovl_hash_push(hash, c.name, c.n);
		if (ovl_dirs_find(hash, &known) && (known & OVL_DIRS_LOWER)) {
			mask &= known;
			continue;
		}
		if (!err)
			err = scan_lowers(ctx, mask, p->buf, &layer, &mask, &st);
		if (err)
			return err;
	}
	*ret_mask = mask;
	*ret_hash = hash;
	return 0;
}

int ovl_lookup_stack(struct ovl_ctx *ctx, const char *low, uint64_t *ret_mask)
{
	uint64_t hash;

	return stack_of_path(ctx, low, ret_mask, &hash);
}

/* @n is an upper directory with a redirect: its lower part is elsewhere. */
static int follow_redirect(struct ovl_ctx *ctx, struct ovl_name *n)
{
	struct ovl_path *to = &ctx->target;
	int err = ovl_mark_redirect(&ctx->real, to);

	if (err == -ENODATA || err == -EOPNOTSUPP)
		return -ENODATA;
	if (is_missing(err))
		return OVL_AGAIN;
	if (err)
		return -EIO;
	n->covers = ovl_lookup_covers(ctx, n) != 0;
	if (to->buf[0] != '/') {
		/* Beside its own lower place: the parent's lower path and another name. */
		const char *low = ovl_name_low(n);
		size_t keep = strlen(low);

		while (keep && low[keep - 1] != '/')
			keep--;
		if (to->len + keep >= sizeof(to->buf))
			return -EIO;
		memmove(to->buf + keep, to->buf, to->len + 1);
		memcpy(to->buf, low, keep);
		to->len += (unsigned)keep;
	}
	err = stack_of_path(ctx, to->buf, &n->lowers, &n->lhash);
	if (err)
		return err;
	n->moved = n->redirect = true;
	return ovl_path_set(&n->low, to->buf, to->len);
}

/* Look through the lowers for @n; a directory is remembered. */
static int look_lowers(struct ovl_ctx *ctx, struct ovl_name *n, int *ret_layer,
		       struct statx *ret_st)
{
	int err;

	*ret_layer = OVL_NONE;
	n->lowers = 0;
	if (!n->plowers)
		return 0;
	err = scan_lowers(ctx, n->plowers, ovl_name_low(n), ret_layer, &n->lowers, ret_st);
	if (!err && n->lowers)
		ovl_dirs_add(n->lhash, OVL_DIRS_LOWER | n->lowers);
	return err;
}

/* May something in upper hide what lowers hold at @n? */
static bool may_hide(const struct ovl_name *n)
{
	return n->deep || ovl_filter_maybe(&ovl_ss->hidden, n->hash);
}

/* Does a .wh. file of upper hide what lowers hold at @n? Asked at most once for a name. */
static bool is_marked(struct ovl_ctx *ctx, struct ovl_name *n)
{
	if (!n->marked && ovl_mark_dots(OVL_UPPER) && n->pupper && may_hide(n) &&
	    !ovl_layer_path(&ctx->real, OVL_UPPER, ovl_name_rel(n)))
		n->marked = ovl_mark_hides(OVL_UPPER, &ctx->real);
	return n->marked;
}

/* Upper itself is not there any more: what it held must not show as the lowers have it. */
static bool is_upper_gone(struct ovl_ctx *ctx)
{
	const struct ovl_layer *up = &ovl_ss->layer[OVL_UPPER];

	return ovl_sys(__NR_statx, AT_FDCWD, ovl_session_str(ovl_ss, up->path), 0, STATX_INO,
		       &ctx->st) ||
	       ctx->st.stx_ino != up->ino;
}

/* Upper may hold @n: look. 1: it decides; 0: it has nothing of that name. */
static int look_upper(struct ovl_ctx *ctx, struct ovl_name *n)
{
	int err = ovl_name_real(n, OVL_UPPER, &ctx->real);

	if (!err)
		err = ovl_real_statx(&ctx->real, &n->st);
	if (err == -ENOENT && is_upper_gone(ctx))
		return err;
	if (is_missing(err) || (!err && is_mark(&ctx->real, OVL_UPPER, &n->st)))
		return is_marked(ctx, n);
	if (err)
		return err;
	n->in_upper = true;
	if (ovl_mark_is_whiteout(&n->st)) {
		n->whiteout = true;
		return 1;
	}
	n->layer = OVL_UPPER;
	n->known = true;
	if (!is_dir(&n->st))
		return 1;
	if (!may_hide(n))
		return 1;
	n->opaque = ovl_mark_is_opaque(OVL_UPPER, &ctx->real);
	if (n->opaque)
		return 1;
	err = ovl_ss->redirects ? follow_redirect(ctx, n) : -ENODATA;
	if (err == -ENODATA)
		n->opaque = is_marked(ctx, n);
	return err && err != -ENODATA ? err : 1;
}

/* An upper directory that is neither opaque nor moved: what shows below it? */
static int merge_lowers(struct ovl_ctx *ctx, struct ovl_name *n)
{
	uint64_t known;
	struct statx st;
	int layer;
	int err;

	if (n->plowers && ovl_dirs_find(n->lhash, &known) && (known & OVL_DIRS_LOWER)) {
		n->lowers = known & n->plowers;
		return 0;
	}
	err = look_lowers(ctx, n, &layer, &st);
	if (!err && n->plowers && !n->lowers)
		ovl_dirs_add(n->lhash, OVL_DIRS_LOWER); /* none has it, and none ever will */
	return err;
}

/* The lower object @n may have been copied up by another of its names. */
static int follow_link(struct ovl_ctx *ctx, struct ovl_name *n)
{
	int err;

	n->from = ovl_origin_of(&n->st);
	if (n->st.stx_nlink < 2 || is_dir(&n->st) || !ovl_index_maybe(&n->from))
		return 0;
	err = ovl_index_path(&n->from, &ctx->real);
	if (!err)
		err = ovl_real_statx(&ctx->real, &ctx->st);
	if (err)
		return is_missing(err) ? 0 : err;
	n->st = ctx->st;
	n->layer = OVL_UPPER;
	n->linked = true;
	return 0;
}

/* Is one of the paths in @list that of a name in the directory @n? */
static bool holds_one(const struct ovl_name *n, const struct ovl_str *list, uint32_t count)
{
	unsigned dir = n->at.len == 1 ? 0 : n->at.len;

	for (uint32_t i = 0; i < count; i++) {
		const char *path = ovl_session_str(ovl_ss, list[i]);

		if (list[i].len > dir && path[dir] == '/' && !memcmp(path, n->at.buf, dir) &&
		    !ovl_str_has(path + dir + 1, "/"))
			return true;
	}
	return false;
}

/* Does the directory @n hold a name of another zone? */
static bool holds_border(const struct ovl_name *n)
{
	return holds_one(n, ovl_ss->pass, ovl_ss->npass) ||
	       holds_one(n, ovl_ss->hide, ovl_ss->nhide);
}

static bool has_same_rights(const struct statx *a, const struct statx *b)
{
	return a->stx_mode == b->stx_mode && a->stx_uid == b->stx_uid && a->stx_gid == b->stx_gid;
}

static bool kernel_lets(struct ovl_ctx *ctx, const struct ovl_name *n, int layer)
{
	OVL_LOC loc = OVL_LOC_INIT;

	return !ovl_name_real(n, layer, &ctx->real) && !ovl_loc_get(&ctx->real, &loc) &&
	       !ovl_sys(__NR_faccessat2, loc.fd, loc.name, 1, AT_EACCESS | AT_SYMLINK_NOFOLLOW);
}

/* May we, who stand for all, search @n by the view's rules and the kernel's? */
static bool may_search(struct ovl_ctx *ctx, struct ovl_name *n)
{
	return !ovl_perm_access(ctx, n, 1) && kernel_lets(ctx, n, OVL_UPPER) &&
	       (!n->lowers || kernel_lets(ctx, n, ovl_lower_first(n->lowers)));
}

/*
 * May upper's directory @n be searched by whom the view shows that it may? The same of the lower
 * one, where lower names are found. *@ret_recorded: upper's own rights are not those shown.
 */
static bool is_fair(struct ovl_ctx *ctx, struct ovl_name *n, bool *ret_recorded)
{
	struct statx *shown = &ctx->st;

	*shown = n->st;
	if (ovl_ss->acls || ovl_name_real(n, OVL_UPPER, &ctx->real))
		return false;
	ovl_inode_present(OVL_UPPER, &ctx->real, shown);
	*ret_recorded = !has_same_rights(shown, &n->st);
	if (ovl_ss->flags & OVL_S_ONE_USER)
		return may_search(ctx, n);
	if ((shown->stx_mode & 0111) == 0111)
		return true;
	return !*ret_recorded &&
	       (!n->lowers ||
		(!ovl_name_real(n, ovl_lower_first(n->lowers), &ctx->real) &&
		 !ovl_real_statx(&ctx->real, shown) && has_same_rights(shown, &n->st)));
}

/* @n was found to be a directory of upper; @value is from before that. */
static void remember_dir(struct ovl_ctx *ctx, struct ovl_name *n, uint64_t value)
{
	bool deep = n->deep || may_hide(n);
	bool recorded = false;

	if (ovl_ss->overrides && n->fair)
		n->fair = is_fair(ctx, n, &recorded);
	if (!n->fair || n->moved || n->redirect || n->zone != OVL_Z_VIEW || (deep && n->lowers))
		return;
	ovl_dcache_add(n->hash,
		       value | (n->lowers ? 0 : OVL_DC_PURE) | (n->opaque ? OVL_DC_OPAQUE : 0) |
			       ((n->st.stx_mode & 0111) != 0111 ? OVL_DC_NARROW : 0) |
			       (!n->known || (n->st.stx_mode & S_ISVTX) ? OVL_DC_STICKY : 0) |
			       (holds_border(n) ? OVL_DC_BORDER : 0) | (deep ? OVL_DC_DEEP : 0) |
			       (recorded ? OVL_DC_RECORD : 0));
}

/* Is @n a directory that upper is known to have? */
static bool is_cached_dir(const struct ovl_ctx *ctx, struct ovl_name *n, bool *ret_merged)
{
	uint64_t value;

	if (ctx->again || n->moved || !ovl_dcache_find(n->hash, &value) || (value & OVL_DC_NARROW))
		return false;
	n->layer = OVL_UPPER;
	n->in_upper = true;
	n->opaque = value & OVL_DC_OPAQUE;
	n->cached = true;
	*ret_merged = !(value & OVL_DC_PURE);
	return true;
}

void ovl_lookup_root(struct ovl_ctx *ctx, struct ovl_name *n)
{
	uint64_t value;

	n->fair = true;
	if (ovl_dcache_find(n->hash, &value))
		return;
	n->fair = !ovl_ss->overrides || !ovl_lookup_stat(ctx, n);
	remember_dir(ctx, n, ovl_dcache_begin(n->hash, ctx->moves));
}

/* Upper may hold @n, and what it holds may decide: 1. */
static int try_upper(struct ovl_ctx *ctx, struct ovl_name *n)
{
	uint64_t value;
	bool merged;
	int r;

	if (is_cached_dir(ctx, n, &merged)) {
		r = merged ? merge_lowers(ctx, n) : 0;
		return r ? r : 1;
	}
	value = ovl_dcache_begin(n->hash, ctx->moves);
	r = look_upper(ctx, n);
	if (r <= 0 || n->layer != OVL_UPPER || !is_dir(&n->st))
		return r;
	r = n->opaque || n->redirect ? 0 : merge_lowers(ctx, n);
	if (r)
		return r;
	remember_dir(ctx, n, value);
	return 1;
}

int ovl_lookup(struct ovl_ctx *ctx, struct ovl_name *n)
{
	uint64_t known;
	int r;

	n->layer = OVL_NONE;
	n->in_upper = n->whiteout = n->marked = n->opaque = n->redirect = false;
	n->linked = n->shared = n->known = n->shown = n->cached = false;
	n->lowers = 0;
	if (n->pupper && (n->deep || ovl_filter_maybe(&ovl_ss->present, n->hash))) {
		r = try_upper(ctx, n);
		if (r)
			return r < 0 ? r : 0;
	}
	if (ovl_dirs_find(n->lhash, &known) && (known & OVL_DIRS_LOWER)) {
		n->lowers = known & n->plowers;
		if (n->lowers)
			n->layer = ovl_lower_first(n->lowers);
		if (n->lowers || (known & OVL_DIRS_MISSING))
			return 0;
	}
	r = look_lowers(ctx, n, &n->layer, &n->st);
	if (r)
		return r;
	n->known = n->layer != OVL_NONE;
	return n->known ? follow_link(ctx, n) : 0;
}

int ovl_lookup_covers(struct ovl_ctx *ctx, struct ovl_name *n)
{
	struct statx st;
	uint64_t mask;
	int layer = OVL_NONE;
	int err;

	if (n->redirect)
		return n->covers;
	/* A lower's is what shows, or a part of it. */
	if (n->lowers || (n->layer > OVL_UPPER && !n->in_upper))
		return 1;
	if (!n->plowers || is_marked(ctx, n))
		return 0;
	err = scan_lowers(ctx, n->plowers, ovl_name_low(n), &layer, &mask, &st);
	return err ? err : layer != OVL_NONE;
}

int ovl_lookup_stat(struct ovl_ctx *ctx, struct ovl_name *n)
{
	int err;

	if (n->known)
		return 0;
	err = ovl_name_real(n, n->layer, &ctx->real);
	if (!err)
		err = ovl_real_statx(&ctx->real, &n->st);
	/* It went meanwhile: who remembers it is about to be told. */
	if (n->cached && (is_missing(err) || (!err && !is_dir(&n->st))))
		return OVL_AGAIN;
	n->known = !err;
	n->shown = false;
	return err;
}
