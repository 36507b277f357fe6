/* SPDX-License-Identifier: MIT */
#include "copy_up.h"

#include "aside.h"
#include "attr_copy.h"
#include "copy_build.h"
#include "deputy.h"
#include "do.h"
#include "fdview.h"
#include "index.h"
#include "inode.h"
#include "lock.h"
#include "lookup.h"
#include "marks.h"
#include "ops.h"
#include "perm.h"
#include "real.h"
#include "record.h"
#include "refd.h"
#include "startfile.h"
#include "trace.h"
#include "view.h"
#include "workdir.h"

/*
 * May a copy become visible as @name in the upper directory @dir? A whiteout device would be in
 * its way, a .wh. file is not: OVL_AGAIN. The lock is held.
 */
static int may_show(int dir, const char *name)
{
	if (ovl_mark_hides_at(dir, name))
		return OVL_AGAIN;
	return ovl_mark_yield(dir, name);
}

/* Make the finished object visible as @name in @dir, whose times stay what they were. */
static int publish(struct ovl_ctx *ctx, struct ovl_build *job, int dir, const char *name)
{
	bool wanted = ovl_mark_dots(OVL_UPPER) && !job->locked;
	OVL_LOCK lock = wanted ? ovl_lock_same(ctx) : -1;
	struct statx was;
	int err = wanted && lock < 0 ? lock
				     : (int)ovl_sys(__NR_statx, dir, "", AT_EMPTY_PATH,
						    STATX_BASIC_STATS, &was);

	if (!err)
		err = may_show(dir, name);
	if (!err)
		err = ovl_do_rename(job->tmp, job->name, dir, name, RENAME_NOREPLACE);
	/* A file system that has no RENAME_NOREPLACE: an empty directory may be replaced. */
	if (err == -EINVAL && (job->st->stx_mode & S_IFMT) == S_IFDIR) {
		err = ovl_do_rename(job->tmp, job->name, dir, name, 0);
	} else if (err == -EINVAL) {
		err = ovl_do_link(job->tmp, job->name, dir, name, 0);
		if (!err)
			(void)ovl_do_unlink(job->tmp, job->name, 0); /* swept by the next run */
	}
	if (err) {
		(void)ovl_workdir_discard(ctx, job->tmp, job->name); /* as above */
		return err;
	}
	/* Best effort: a copy is no change of the directory. By /proc, as @dir is O_PATH. */
	(void)ovl_attr_times(dir, ".", &was);
	return 0;
}

/* Somebody was first: with a copy of @lower, or by removing that, perhaps for something else. */
static int look_again(int dir, const char *name, const struct statx *lower)
{
	OVL_FD fd = ovl_open_beneath(dir, name, O_PATH | O_NOFOLLOW, 0);

	if (fd < 0)
		return fd == -ENOENT ? OVL_AGAIN : fd;
	return ovl_inode_is_other(fd, lower) ? OVL_AGAIN : 0;
}

/* Build what @job tells of in work. */
static int build(struct ovl_ctx *ctx, struct ovl_build *job)
{
	int err = ovl_build(ctx, job);

	if (err)
		(void)ovl_workdir_discard(ctx, job->tmp, job->name); /* swept by the next run */
	return err;
}

/* It becomes @name in the upper directory @dir; someone else's copy is as good. */
static int show(struct ovl_ctx *ctx, struct ovl_build *job, int dir, const char *name)
{
	int err = publish(ctx, job, dir, name);

	return err == -EEXIST ? look_again(dir, name, job->st) : err;
}

/* The lowers' directory for the first @len bytes of @n's path: its real path and attributes. */
static int find_lower_dir(struct ovl_ctx *ctx, const struct ovl_name *n, unsigned len,
			  struct ovl_path *ret, struct statx *ret_st)
{
	const char *low = ovl_name_low(n);
	/* Below a redirect both paths end alike: cut the same bytes from the end. */
	size_t keep = strlen(low) - (n->at.len - len);
	uint64_t mask;
	int err = ovl_path_set(&ctx->clean, low, keep);

	if (!err)
		err = ovl_lookup_stack(ctx, ctx->clean.buf, &mask);
	if (!err && !mask)
		err = -ENOENT;
	if (!err)
		err = ovl_layer_path(ret, ovl_lower_first(mask), ctx->clean.buf);
	return err ? err : ovl_real_statx(ret, ret_st);
}

/* Make the directory that ends at byte @len of @n's path, in the upper directory @dir. */
static int make_dir(struct ovl_ctx *ctx, struct ovl_name *n, unsigned len, int dir)
{
	/* Not into a directory that has come to where another one was. */
	OVL_LOCK lock = ovl_lock_same(ctx);
	OVL_FD tmp = ovl_workdir_open();
	struct statx st;
	struct ovl_build job = {
		.from = &ctx->real, .st = &st, .low = ctx->clean.buf, .tmp = tmp, .locked = true};
	int err = lock < 0 ? lock : tmp < 0 ? tmp : find_lower_dir(ctx, n, len, &ctx->real, &st);
	uint64_t hash;

	if (!err)
		err = ovl_path_set(&ctx->temp, n->at.buf, len);
	if (err)
		return err;
	hash = ovl_hash_path(ctx->temp.buf, len);
	ovl_announce(hash, false);
	ovl_announce_type(hash, S_IFDIR);
	err = build(ctx, &job);
	return err ? err : show(ctx, &job, dir, ctx->temp.buf + ovl_path_base(&ctx->temp));
}

/* Open (made if missing) the directory ending at byte @len of @n's path; @dir is its parent. */
static int open_or_make(struct ovl_ctx *ctx, struct ovl_name *n, unsigned start, unsigned len,
			int dir)
{
	int err = ovl_path_set(&ctx->temp, n->at.buf + start, len - start);
	int fd;

	if (err)
		return err;
	fd = ovl_open_beneath(dir, ctx->temp.buf, O_PATH | O_DIRECTORY, 0);
	if (fd != -ENOENT)
		return fd;
	err = make_dir(ctx, n, len, dir);
	if (err)
		return err;
	err = ovl_path_set(&ctx->temp, n->at.buf + start, len - start);
	return err ? err : ovl_open_beneath(dir, ctx->temp.buf, O_PATH | O_DIRECTORY, 0);
}

/* Walk upper from its root to @n's parent, making what is missing. Returns the descriptor. */
static int make_parents(struct ovl_ctx *ctx, struct ovl_name *n)
{
	unsigned end = ovl_path_base(&n->at) - 1;
	unsigned at = n->at.len - (unsigned)strlen(ovl_name_rel(n));
	OVL_FD dir = -1;
	int err = ovl_layer_path(&ctx->real, OVL_UPPER, "");

	if (err)
		return err;
	dir = ovl_real_open(&ctx->real, O_PATH | O_DIRECTORY);
	while (dir >= 0 && at < end) {
		unsigned start = at + 1;
		int next;

		for (at = start; at < end && n->at.buf[at] != '/'; at++)
			;
		next = open_or_make(ctx, n, start, at, dir);
		ovl_fd_drop(&dir);
		dir = next;
	}
	return ovl_fd_steal(&dir);
}

/*
 * Give the name @n, which is still a lower's, its own link to the copy in the index. -EEXIST: there
 * is a copy of that name.
 */
static int link_up(struct ovl_ctx *ctx, struct ovl_name *n, int parent)
{
	const char *name = n->at.buf + ovl_path_base(&n->at);
	OVL_LOC loc = OVL_LOC_INIT;
	int err = ovl_index_path(&n->from, &ctx->real);

	if (!err)
		err = ovl_loc_get(&ctx->real, &loc);
	if (!err)
		err = (int)ovl_sys(__NR_statx, parent, "", AT_EMPTY_PATH, STATX_BASIC_STATS,
				   &ctx->st);
	if (!err)
		err = may_show(parent, name);
	/* The index stood for it before: the copy has one name more, the lower one less. */
	if (!err)
		err = ovl_index_cover(&n->from, n->st.stx_nlink, ovl_name_rel(n));
	if (err)
		return err;
	err = ovl_do_link(loc.fd, loc.name, parent, name, 0);
	if (!err) /* a copy is no change of the directory */
		(void)ovl_attr_times(parent, ".", &ctx->st);
	(void)ovl_index_settle(&n->from); /* as it is it tells the same */
	return err;
}

/* Has the index a copy of @o? Its path is in ctx->temp. */
static bool is_in_index(struct ovl_ctx *ctx, const struct ovl_origin *o)
{
	return !ovl_index_path(o, &ctx->temp) && !ovl_real_statx(&ctx->temp, &ctx->st);
}

/* The finished copy goes to the index; @names: how many names of @o show. The lock is held. */
static int enter(struct ovl_ctx *ctx, struct ovl_build *job, const struct ovl_origin *o,
		 uint32_t names)
{
	/* The count first: without one, the copy's own links would be all that show. */
	int err = ovl_index_begin(o, names);

	if (!err)
		err = ovl_index_enter(o, job->tmp, job->name);
	(void)ovl_workdir_discard(ctx, job->tmp, job->name); /* if it is there still */
	return err;
}

/* The index has the copy of @o, whoever made it; its path is in ctx->temp. The lock is held. */
static int build_in_index(struct ovl_ctx *ctx, struct ovl_build *job, const struct ovl_origin *o,
			  uint32_t names)
{
	int err;

	if (is_in_index(ctx, o))
		return 0;
	err = build(ctx, job);
	return err ? err : enter(ctx, job, o, names);
}

/*
 * A lower inode of several names: one copy in the index, whoever comes first, and a link to it
 * for each name that is copied up. Whole, because all names show it before the caller truncates.
 */
static int copy_linked(struct ovl_ctx *ctx, struct ovl_name *n, int64_t size, int parent)
{
	struct ovl_build job = {.from = &ctx->real,
				.st = &n->st,
				.size = size == OVL_COPY_NAME ? size : OVL_COPY_ALL,
				.low = ovl_name_low(n)};
	OVL_LOCK lock = ovl_lock_same(ctx);
	OVL_FD tmp = ovl_workdir_open();
	int err;

	if (lock < 0 || tmp < 0)
		return lock < 0 ? lock : tmp;
	n->from = ovl_origin_of(&n->st);
	job.tmp = tmp;
	err = ovl_name_real(n, n->layer, &ctx->real);
	if (!err)
		err = build_in_index(ctx, &job, &n->from, n->st.stx_nlink);
	if (!err)
		err = link_up(ctx, n, parent);
	return err == -EEXIST ? 0 : err;
}

/* @n->linked: no copy is to be made, but the name on upper. */
static int link_name(struct ovl_ctx *ctx, struct ovl_name *n, int parent)
{
	OVL_LOCK lock = ovl_lock_same(ctx);
	int err = lock < 0 ? lock : link_up(ctx, n, parent);

	return err == -EEXIST ? 0 : err;
}

/*
 * Others have the lower file open, of one name as it is: its copy gets another in the index, by
 * which they find it whatever becomes of the first (catchup.c).
 */
static int show_to_holders(struct ovl_ctx *ctx, struct ovl_build *job, struct ovl_name *n,
			   int parent)
{
	OVL_LOCK lock = ovl_lock_same(ctx);
	bool first;
	int err = lock < 0 ? lock : 0;

	n->from = ovl_origin_of(&n->st);
	n->shared = true;
	first = !err && !is_in_index(ctx, &n->from);
	if (first)
		err = enter(ctx, job, &n->from, n->st.stx_nlink);
	else
		(void)ovl_workdir_discard(ctx, job->tmp, job->name); /* swept by the next run */
	if (!err)
		err = link_up(ctx, n, parent);
	if (err && first)
		ovl_index_drop(&n->from);
	return err == -EEXIST ? look_again(parent, n->at.buf + ovl_path_base(&n->at), &n->st) : err;
}

static int copy_single(struct ovl_ctx *ctx, struct ovl_name *n, int64_t size, int parent)
{
	OVL_FD tmp = ovl_workdir_open();
	struct ovl_build job = {
		.from = &ctx->real, .st = &n->st, .size = size, .low = ovl_name_low(n), .tmp = tmp};
	int err = tmp < 0 ? tmp : ovl_name_real(n, n->layer, &ctx->real);

	if (!err)
		err = build(ctx, &job);
	if (err)
		return err;
	if (job.held)
		return show_to_holders(ctx, &job, n, parent);
	return show(ctx, &job, parent, n->at.buf + ovl_path_base(&n->at));
}

/* The same by whoever may. */
static int have_parents(struct ovl_ctx *ctx, struct ovl_name *n)
{
	int fd = ovl_deputy_first() ? -EACCES : make_parents(ctx, n);

	if (fd != -EACCES)
		return fd;
	fd = ovl_deputy_ask(ctx, n->at.buf, ovl_path_base(&n->at) - 1);
	return fd && fd != -EACCES ? fd : make_parents(ctx, n);
}

int ovl_copy_up_parent(struct ovl_ctx *ctx, struct ovl_name *n, enum ovl_parent_use use,
		       int *ret_fd)
{
	int fd;
	int err;

	if (ovl_read_only())
		return -EROFS;
	err = ovl_layer_path(&ctx->real, OVL_UPPER, ovl_name_rel(n));
	if (err)
		return err;
	ovl_path_pop(&ctx->real);
	fd = ovl_real_open(&ctx->real, O_PATH | O_DIRECTORY);
	/* The kernel checks what is on upper, unless what the view shows is only recorded. */
	if (use == OVL_PARENT_CHANGE && (fd == -ENOENT || ovl_ss->overrides)) {
		err = ovl_perm_parent(ctx, n);
		if (err) {
			ovl_fd_drop(&fd);
			return err;
		}
	}
	if (fd == -ENOENT)
		fd = have_parents(ctx, n);
	/* It was a directory a moment ago. */
	if (fd == -ELOOP || fd == -ENOTDIR)
		return OVL_AGAIN;
	if (fd < 0)
		return fd;
	/* Is that the directory which the name was found in? */
	if (!ovl_still(ctx)) {
		ovl_fd_drop(&fd);
		return OVL_AGAIN;
	}
	*ret_fd = fd;
	return 0;
}

/*
 * Descriptors of the lower object @n, of @layer, are of its copy from now on. What was opened by
 * another of its names is to have that name on upper: at the end of the call (catchup.h).
 */
static void repoint(struct ovl_ctx *ctx, const struct ovl_name *n, int layer)
{
	struct ovl_origin o = ovl_origin_of(&n->st);

	if (ovl_name_real(n, OVL_UPPER, &ctx->real))
		return;
	if (n->st.stx_nlink < 2 || ctx->tight || ctx->behind.ino ||
	    ovl_name_real(n, layer, &ctx->temp))
		ovl_refd(ctx, &n->st, &ctx->real);
	else if (ovl_refd_named(ctx, &n->st, &ctx->real, &ctx->temp))
		ctx->behind = o;
}

int ovl_copy_up(struct ovl_ctx *ctx, struct ovl_name *n, int64_t size)
{
	int layer = n->layer;
	OVL_FD parent = -1;
	bool was_linked;
	bool dir;
	int err;

	if (ovl_read_only())
		return -EROFS;
	if (n->layer == OVL_UPPER && !n->linked)
		return 0;
	if (ctx->aside)
		size = OVL_COPY_ALL; /* the call begins anew: it is to find what it would have */
	err = ovl_lookup_stat(ctx, n);
	if (!err && ovl_deputy_copies(ctx, n))
		return OVL_AGAIN;
	if (!err)
		err = ovl_copy_up_parent(ctx, n, OVL_PARENT_HOLD, &parent);
	if (err)
		return err;
	dir = (n->st.stx_mode & S_IFMT) == S_IFDIR;
	ovl_announce(n->hash, !dir);
	ovl_announce_type(n->hash, n->st.stx_mode & S_IFMT);
	if (!dir)
		ovl_startfile_note(&n->at, false);
	ovl_inode_note(n->st.stx_ino); /* descriptors of it: catchup.h */
	if (n->linked)
		err = link_name(ctx, n, parent);
	else if (!dir && n->st.stx_nlink > 1)
		err = copy_linked(ctx, n, size, parent);
	else
		err = copy_single(ctx, n, size, parent);
	if (err)
		return err;
	n->layer = OVL_UPPER;
	n->in_upper = true;
	was_linked = n->linked;
	n->linked = false;
	ovl_note(ctx, "copied_up");
	if (dir || was_linked)
		return 0;
	if (ctx->aside) {
		ctx->copied = n;
		return OVL_COPIED;
	}
	repoint(ctx, n, layer);
	return 0;
}

/* What /proc is to tell of the copy @st, which is not open by the name that it had. */
static void note_path(struct ovl_ctx *ctx, const struct ovl_build *job, const struct statx *st)
{
	if (!ovl_path_set(&ctx->link, job->from->buf, job->from->len) &&
	    ovl_view_from_real(&ctx->link, NULL) > OVL_UPPER)
		ovl_record_set_path(st, ctx->link.buf);
}

/*
 * The name that the descriptor was opened by is lost: others may show and change with it, and
 * other processes may have the object open.
 */
static int copy_lost(struct ovl_ctx *ctx, struct ovl_build *job)
{
	struct ovl_origin o = ovl_origin_of(job->st);
	uint32_t names = job->st->stx_nlink;
	OVL_LOCK lock = ovl_lock(ctx);
	int err = lock < 0 ? lock : build_in_index(ctx, job, &o, names > 1 ? names : 0);

	if (!err)
		err = ovl_index_path(&o, &ctx->temp);
	if (!err) {
		ovl_refd(ctx, job->st, &ctx->temp);
		if (!ovl_real_statx(&ctx->temp, &ctx->st))
			note_path(ctx, job, &ctx->st);
	}
	return err;
}

static int copy_lost_dir(struct ovl_ctx *ctx, struct ovl_build *job)
{
	int err = build(ctx, job);

	if (!err)
		err = ovl_workdir_path(&ctx->real, job->name);
	if (!err) {
		ovl_refd(ctx, job->st, &ctx->real);
		/* What is known of it is for descriptors. */
		if (!ovl_real_statx(&ctx->real, &ctx->st)) {
			ovl_record_drop(&ctx->st);
			note_path(ctx, job, &ctx->st);
		}
	}
	(void)ovl_workdir_discard(ctx, job->tmp, job->name); /* the descriptors hold it */
	return err;
}

int ovl_copy_up_lost(struct ovl_ctx *ctx, int fd)
{
	struct statx *st = &ctx->name[1].st;
	struct ovl_build job = {.from = &ctx->clean, .st = st, .size = OVL_COPY_ALL};
	OVL_FD tmp = ovl_workdir_open();
	int err = (int)ovl_sys(__NR_statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, st);

	if (ctx->aside)
		return -EMFILE; /* @fd is to become another object here, not there */
	if (err || tmp < 0)
		return err ? err : tmp;
	err = ovl_fd_real(fd, &ctx->clean);
	if (err)
		return err;
	job.tmp = tmp;
	ovl_inode_note(st->stx_ino); /* descriptors of others: catchup.h */
	return (st->stx_mode & S_IFMT) == S_IFDIR ? copy_lost_dir(ctx, &job) : copy_lost(ctx, &job);
}
