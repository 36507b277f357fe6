/* SPDX-License-Identifier: MIT */
/* rename.c - rename, NOREPLACE and EXCHANGE */
#include "catchup.h"
#include "copy_up.h"
#include "dcache.h"
#include "do.h"
#include "fastmove.h"
#include "index.h"
#include "lock.h"
#include "lookup.h"
#include "marks.h"
#include "moved.h"
#include "perm.h"
#include "plain.h"
#include "real.h"
#include "readdir.h"
#include "redirect.h"
#include "remove.h"
#include "startfile.h"
#include "systab.h"
#include "trace.h"
#include "workdir.h"

#define FLAGS_KNOWN (RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT)

/* The call, and what is found out about it on the way. */
struct renaming {
	int olddirfd, oldpath; /* indices of arguments; a negative one: there is none */
	int newdirfd, newpath;
	unsigned flags;
	int from, to;	/* the parents on upper: one descriptor, where they are the same */
	int old_covers; /* a lower name shows when the old name goes */
	int new_covers;
	bool old_dir;
	bool new_dir;
	bool plain; /* the kernel's own step is all that it takes: is_plain() */
};

static struct ovl_name *old_of(struct ovl_ctx *ctx)
{
	return &ctx->name[0];
}

static struct ovl_name *new_of(struct ovl_ctx *ctx)
{
	return &ctx->name[1];
}

static const char *base_of(const struct ovl_name *n)
{
	return n->at.buf + ovl_path_base(&n->at);
}

/* As in st_mode; what is not known is a directory. */
static unsigned type_of(const struct ovl_name *n)
{
	return n->known ? n->st.stx_mode & S_IFMT : S_IFDIR;
}

static bool exists(const struct ovl_name *n)
{
	return n->layer != OVL_NONE;
}

/* At least one name is not in the view. */
static long rename_outside(struct ovl_ctx *ctx, const struct renaming *r)
{
	struct ovl_name *old = old_of(ctx);
	struct ovl_name *new = new_of(ctx);

	if (!exists(old) || old->zone == OVL_Z_HIDDEN)
		return -ENOENT;
	if (old->zone == OVL_Z_LOCKED || new->zone == OVL_Z_LOCKED)
		return -EROFS;
	if (old->zone != new->zone)
		return -EXDEV;
	__atomic_fetch_add(&ovl_ss->outside_gen, 1, __ATOMIC_RELEASE);
	if (!old->via_view && !new->via_view)
		return OVL_R_PASS;
	return ovl_do_rename(AT_FDCWD, old->at.buf, AT_FDCWD, new->at.buf, r->flags);
}

/* What the paths alone forbid: rename(2), in the kernel's order. */
static int check_paths(struct ovl_ctx *ctx, const struct renaming *r)
{
	struct ovl_name *old = old_of(ctx);
	struct ovl_name *new = new_of(ctx);

	if (!exists(old))
		return -ENOENT;
	if ((r->flags & RENAME_NOREPLACE) && exists(new))
		return -EEXIST;
	if ((r->flags & RENAME_EXCHANGE) && !exists(new))
		return -ENOENT;
	if (!r->old_dir && (old->slash || (!(r->flags & RENAME_EXCHANGE) && new->slash)))
		return -ENOTDIR;
	if ((r->flags & RENAME_EXCHANGE) && !r->new_dir && new->slash)
		return -ENOTDIR;
	if (old->at.len == ovl_ss->root.len || new->at.len == ovl_ss->root.len)
		return -EBUSY;
	if (r->old_dir && new->at.len > old->at.len &&
	    ovl_path_below(new->at.buf, new->at.len, old->at.buf, old->at.len))
		return -EINVAL;
	if (old->at.len > new->at.len &&
	    ovl_path_below(old->at.buf, old->at.len, new->at.buf, new->at.len))
		return r->flags & RENAME_EXCHANGE ? -EINVAL : -ENOTEMPTY;
	return 0;
}

/* Are both names of one object? Then there is nothing to do: rename(2). */
static bool is_same(struct ovl_ctx *ctx)
{
	struct ovl_name *old = old_of(ctx);
	struct ovl_name *new = new_of(ctx);

	if (!exists(new))
		return false;
	if (old->hash == new->hash && old->at.len == new->at.len)
		return true;
	if (old->layer != new->layer || ovl_lookup_stat(ctx, old) || ovl_lookup_stat(ctx, new))
		return false;
	return ovl_is_same_object(&old->st, &new->st);
}

static bool is_same_parent(struct ovl_ctx *ctx)
{
	const struct ovl_name *old = old_of(ctx);
	const struct ovl_name *new = new_of(ctx);
	unsigned from = ovl_path_base(&old->at);

	return from == ovl_path_base(&new->at) && !memcmp(old->at.buf, new->at.buf, from);
}

/* A directory that gets another parent changes itself, its "..": rename(2), EACCES. */
static int check_moves(struct ovl_ctx *ctx, const struct renaming *r)
{
	struct ovl_name *old = old_of(ctx);
	struct ovl_name *new = new_of(ctx);
	int err = 0;

	if (is_same_parent(ctx))
		return 0;
	if (r->old_dir)
		err = ovl_perm_access(ctx, old, 2);
	if (!err && r->new_dir && (r->flags & RENAME_EXCHANGE))
		err = ovl_perm_access(ctx, new, 2);
	return err;
}

/* What the objects and the caller's rights forbid. */
static int check_objects(struct ovl_ctx *ctx, struct renaming *r)
{
	struct ovl_name *new = new_of(ctx);
	int err = ovl_perm_delete(ctx, old_of(ctx));

	if (!err && exists(new))
		err = ovl_perm_delete(ctx, new);
	else if (!err && !is_same_parent(ctx))
		err = ovl_perm_parent(ctx, new);
	if (!err && exists(new) && !(r->flags & RENAME_EXCHANGE) && r->old_dir != r->new_dir)
		return r->old_dir ? -ENOTDIR : -EISDIR;
	if (!err)
		err = check_moves(ctx, r);
	if (err || !exists(new) || (r->flags & RENAME_EXCHANGE))
		return err;
	return r->new_dir ? ovl_dir_must_be_empty(ctx, new) : 0;
}

/*
 * Is it upper's alone, no directory moves and nothing is left behind or covered? Then the kernel
 * does the same that we do, and checks for itself.
 */
static bool is_plain(struct ovl_ctx *ctx, const struct renaming *r)
{
	const struct ovl_name *old = old_of(ctx);
	const struct ovl_name *new = new_of(ctx);

	return !ovl_ss->overrides && !ovl_mark_dots(OVL_UPPER) && !r->old_dir && !r->new_dir &&
	       !r->old_covers && old->layer == OVL_UPPER && !old->linked && !new->whiteout &&
	       (!exists(new) || (new->layer == OVL_UPPER && !new->linked)) &&
	       !(r->flags & RENAME_EXCHANGE);
}

/* Both objects, as far as they are there, and both parents are on upper afterwards. */
static int bring_up(struct ovl_ctx *ctx, struct renaming *r)
{
	struct ovl_name *new = new_of(ctx);
	bool both = r->new_dir || (r->flags & RENAME_EXCHANGE);
	enum ovl_parent_use use = r->plain ? OVL_PARENT_CHANGE : OVL_PARENT_HOLD;
	int err = ovl_copy_up(ctx, old_of(ctx), OVL_COPY_NAME);

	if (!err && both && exists(new))
		err = ovl_copy_up(ctx, new, OVL_COPY_NAME);
	if (!err)
		err = ovl_copy_up_parent(ctx, old_of(ctx), use, &r->from);
	if (!err && is_same_parent(ctx))
		r->to = r->from;
	else if (!err)
		err = ovl_copy_up_parent(ctx, new, use, &r->to);
	return err;
}

static void let_go(struct renaming *r)
{
	if (r->to != r->from)
		ovl_fd_drop(&r->to);
	ovl_fd_drop(&r->from);
}

/*
 * Descriptors of lower directories below the old path are found below the new one, once it is so. A
 * file that is exchanged with one does not count: there may have been another, still open.
 */
static void announce_move(struct ovl_ctx *ctx, const struct renaming *r)
{
	bool both = r->old_dir && r->new_dir && (r->flags & RENAME_EXCHANGE);
	const struct ovl_name *from = r->old_dir ? old_of(ctx) : new_of(ctx);
	const struct ovl_name *to = r->old_dir ? new_of(ctx) : old_of(ctx);
	int parent = r->old_dir ? r->from : r->to;

	if (!ovl_ss->redirects ||
	    ovl_sys(__NR_statx, parent, base_of(from), AT_SYMLINK_NOFOLLOW, STATX_INO, &ctx->st))
		return;
	ovl_moved_begin(&(struct ovl_move){
		.from = from->at.buf,
		.to = to->at.buf,
		.from_low = from->lowers,
		.to_low = to->lowers,
		.exchange = both,
		.ino = ctx->st.stx_ino,
	});
}

/* Where the file system has no RENAME_WHITEOUT: two steps, under the lock. */
static int rename_and_hide(struct ovl_ctx *ctx, const struct renaming *r)
{
	const char *old = base_of(old_of(ctx));
	int err;

	if (ovl_mark_dots(OVL_UPPER)) {
		err = ovl_mark_whiteout(r->from, old);
		return err && err != -EEXIST
			       ? err
			       : ovl_do_rename(r->from, old, r->to, base_of(new_of(ctx)), 0);
	}
	err = ovl_do_rename(r->from, old, r->to, base_of(new_of(ctx)), RENAME_WHITEOUT);
	if (err != -EINVAL)
		return err;
	err = ovl_do_rename(r->from, old, r->to, base_of(new_of(ctx)), 0);
	return err ? err : ovl_mark_whiteout(r->from, old);
}

/* A directory takes the place of a whiteout, which goes where the directory was. */
static int swap_with_whiteout(struct ovl_ctx *ctx, const struct renaming *r)
{
	const char *old = base_of(old_of(ctx));
	int err = ovl_do_rename(r->from, old, r->to, base_of(new_of(ctx)), RENAME_EXCHANGE);

	if (!err && !r->old_covers)
		(void)ovl_do_unlink(r->from, old, 0); /* it is done: one that stays hides nothing */
	return err;
}

/* The step that all can see. */
static int put(struct ovl_ctx *ctx, const struct renaming *r)
{
	const struct ovl_name *new = new_of(ctx);
	unsigned flags = new->in_upper ? 0 : RENAME_NOREPLACE;

	if (r->old_dir && new->whiteout)
		return swap_with_whiteout(ctx, r);
	if (r->old_covers)
		return rename_and_hide(ctx, r);
	return ovl_do_rename(r->from, base_of(old_of(ctx)), r->to, base_of(new), flags);
}

static int move(struct ovl_ctx *ctx, struct renaming *r)
{
	struct ovl_name *new = new_of(ctx);
	int err = 0;

	if (r->old_covers)
		ovl_note(ctx, "whiteout");
	if (r->old_dir)
		err = ovl_redirect_prepare(ctx, old_of(ctx), new, r->new_covers || new->whiteout);
	if (!err && r->new_dir && new->lowers)
		err = ovl_remove_content(ctx, new, r->to);
	if (err)
		return err;
	if (r->old_dir)
		announce_move(ctx, r);
	err = put(ctx, r);
	if ((err != -ENOTEMPTY && err != -EEXIST) || !r->new_dir || new->lowers)
		return err;
	err = ovl_remove_content(ctx, new, r->to); /* marks are left in it */
	return err ? err : put(ctx, r);
}

static int exchange(struct ovl_ctx *ctx, struct renaming *r)
{
	int err = 0;

	if (r->old_dir)
		err = ovl_redirect_prepare(ctx, old_of(ctx), new_of(ctx), r->new_covers);
	if (!err && r->new_dir)
		err = ovl_redirect_prepare(ctx, new_of(ctx), old_of(ctx), r->old_covers);
	if (err)
		return err;
	if (r->old_dir || r->new_dir)
		announce_move(ctx, r);
	return ovl_do_rename(r->from, base_of(old_of(ctx)), r->to, base_of(new_of(ctx)),
			     RENAME_EXCHANGE);
}

/* May one of the directories be a merged one, or hold one that was renamed before? */
static bool may_hold_moved(struct ovl_ctx *ctx)
{
	return ovl_ss->redirects || old_of(ctx)->lowers || new_of(ctx)->lowers;
}

/* What cannot be recorded must not happen: descriptors would be taken for others. */
static int make_room(struct ovl_ctx *ctx)
{
	if (!may_hold_moved(ctx))
		return 0;
	return ovl_moved_room(old_of(ctx)->at.len, new_of(ctx)->at.len) ? -EXDEV : 0;
}

/* Everything is allowed and checked: do it. The lock keeps others from the same names. */
static int perform(struct ovl_ctx *ctx, struct renaming *r)
{
	struct ovl_name *old = old_of(ctx);
	struct ovl_name *new = new_of(ctx);
	bool moves = r->old_dir || r->new_dir;
	bool loses = exists(new) && !(r->flags & RENAME_EXCHANGE);
	struct ovl_origin o;
	/* Even for a file: without, it could be a directory by now, whose move nobody would note.
	 */
	OVL_LOCK lock = ovl_lock_same(ctx);
	int err = lock < 0 ? lock : ovl_remove_check(ctx, old, r->from);

	/* The kernel alone decides what becomes of a new name that takes but one step. */
	if (!err && (r->old_covers || moves || new->whiteout || (r->flags & RENAME_EXCHANGE) ||
		     (loses && ovl_index_loses(new))))
		err = ovl_remove_check(ctx, new, r->to);
	if (err)
		return err;
	/* What is in a directory is not announced anew: the directory itself stands for it. */
	ovl_announce(new->hash, true);
	ovl_announce_type(new->hash, type_of(old));
	ovl_startfile_note(&new->at, moves);
	ovl_startfile_note(&old->at, moves);
	if (r->old_covers || (r->flags & RENAME_EXCHANGE))
		ovl_announce(old->hash, true);
	if (r->flags & RENAME_EXCHANGE)
		ovl_announce_type(old->hash, type_of(new));
	err = new->in_upper ? 0 : ovl_mark_yield(r->to, base_of(new));
	if (!err && loses)
		err = ovl_index_lose_begin(new, &o);
	if (err)
		return err;
	if (moves) {
		ovl_moving(ctx);
		ovl_dcache_moved();
		err = make_room(ctx);
	}
	if (!err)
		err = r->flags & RENAME_EXCHANGE ? exchange(ctx, r) : move(ctx, r);
	if (moves) {
		ovl_moved_end(!err);
		ovl_dcache_moved();
		ovl_moved(ctx);
	}
	if (loses)
		ovl_index_lose_end(new, &o);
	if (!err)
		ovl_catch_up_note(ctx, old, new, r->to);
	if (!err && (r->flags & RENAME_EXCHANGE))
		ovl_catch_up_note(ctx, new, old, r->from);
	return err;
}

static int find_out(struct ovl_ctx *ctx, struct renaming *r)
{
	struct ovl_name *new = new_of(ctx);
	int dir = exists(old_of(ctx)) ? ovl_op_is_dir(ctx, old_of(ctx)) : 0;

	if (dir < 0)
		return dir;
	r->old_dir = dir;
	dir = exists(new) ? ovl_op_is_dir(ctx, new) : 0;
	if (dir < 0)
		return dir;
	r->new_dir = dir;
	return 0;
}

static int find_covers(struct ovl_ctx *ctx, struct renaming *r)
{
	r->old_covers = ovl_lookup_covers(ctx, old_of(ctx));
	if (r->old_covers < 0)
		return r->old_covers;
	r->new_covers = ovl_lookup_covers(ctx, new_of(ctx));
	return r->new_covers < 0 ? r->new_covers : 0;
}

static long rename_in_view(struct ovl_ctx *ctx, struct renaming *r)
{
	bool done = false;
	int err = find_out(ctx, r);

	if (!err)
		err = check_paths(ctx, r);
	if (err)
		return err;
	if (is_same(ctx))
		return 0;
	if (ovl_read_only())
		return -EROFS;
	err = find_covers(ctx, r);
	r->plain = !err && is_plain(ctx, r);
	if (!err && !r->plain)
		err = check_objects(ctx, r);
	if (err)
		return err;
	err = bring_up(ctx, r);
	if (!err && r->plain)
		err = ovl_plain_rename(ctx, r->from, r->to, &done);
	if (!err && !done)
		err = perform(ctx, r);
	let_go(r);
	return err;
}

static long rename_once(struct ovl_ctx *ctx, struct renaming *r)
{
	const struct ovl_name *old = old_of(ctx);
	const struct ovl_name *new = new_of(ctx);
	bool early = ctx->early == OVL_EARLY_MOVED;
	long res = ovl_op_resolve(ctx, 0, r->olddirfd, r->oldpath, OVL_N_CREATE);

	if (!res)
		res = ovl_op_resolve(ctx, 1, r->newdirfd, r->newpath, OVL_N_CREATE);
	if (early && res != OVL_AGAIN) {
		ctx->early = -1;
		return res ? 0 : ovl_plain_early(ctx);
	}
	if (res)
		return res;
	if (old->last != OVL_L_NORM || new->last != OVL_L_NORM)
		return (r->flags & RENAME_NOREPLACE) && old->last == OVL_L_NORM ? -EEXIST : -EBUSY;
	if (old->zone != OVL_Z_VIEW || new->zone != OVL_Z_VIEW)
		return rename_outside(ctx, r);
	return rename_in_view(ctx, r);
}

static long do_rename(struct ovl_ctx *ctx, struct renaming r)
{
	long res;

	if ((r.flags & ~(unsigned)FLAGS_KNOWN) ||
	    ((r.flags & RENAME_EXCHANGE) && (r.flags & (RENAME_NOREPLACE | RENAME_WHITEOUT))))
		return -EINVAL;
	r.from = r.to = -1;
	res = rename_once(ctx, &r);
	/* Taken meanwhile, and the caller did not ask that it be free: look again. */
	return res == -EEXIST && !(r.flags & RENAME_NOREPLACE) ? OVL_AGAIN : res;
}

long ovl_op_rename(struct ovl_ctx *ctx)
{
	struct renaming r = {.olddirfd = -1, .oldpath = 0, .newdirfd = -1, .newpath = 1};

	return do_rename(ctx, r);
}

long ovl_op_renameat(struct ovl_ctx *ctx)
{
	struct renaming r = {.olddirfd = 0, .oldpath = 1, .newdirfd = 2, .newpath = 3};

	return do_rename(ctx, r);
}

long ovl_op_renameat2(struct ovl_ctx *ctx)
{
	struct renaming r = {.olddirfd = 0,
			     .oldpath = 1,
			     .newdirfd = 2,
			     .newpath = 3,
			     .flags = (unsigned)ovl_arg(ctx, 4)};

	return do_rename(ctx, r);
}
