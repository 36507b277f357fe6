/* SPDX-License-Identifier: MIT */
#include "remove.h"

#include "attr_copy.h"
#include "copy_up.h"
#include "dcache.h"
#include "do.h"
#include "index.h"
#include "inode.h"
#include "lock.h"
#include "lookup.h"
#include "marks.h"
#include "ops.h"
#include "perm.h"
#include "readdir.h"
#include "real.h"
#include "record.h"
#include "startfile.h"
#include "trace.h"
#include "view.h"
#include "workdir.h"

static const char *base_of(const struct ovl_name *n)
{
	return n->at.buf + ovl_path_base(&n->at);
}

/* What is @name in upper's directory @parent will hide nothing of the lowers when it goes. */
static int mark(int parent, const char *name)
{
	int err = ovl_mark_whiteout(parent, name);

	return err == -EEXIST ? 0 : err;
}

/* A whiteout takes the place of upper's file @name; a .wh. file is made before that goes. */
static int whiteout_over(struct ovl_ctx *ctx, int parent, const char *name)
{
	char temp[OVL_TEMP_NAME];
	OVL_FD tmp = -1;
	int err;

	if (ovl_mark_dots(OVL_UPPER)) {
		err = mark(parent, name);
		return err ? err : ovl_do_unlink(parent, name, 0);
	}
	tmp = ovl_workdir_open();
	if (tmp < 0)
		return tmp;
	ovl_workdir_name(temp);
	err = ovl_mark_whiteout(tmp, temp);
	if (err)
		return err;
	err = ovl_do_rename(tmp, temp, parent, name, 0);
	if (err)
		(void)ovl_workdir_discard(ctx, tmp, temp); /* swept by the next run if it stays */
	return err;
}

static int note_by_xattr(struct ovl_ctx *ctx, const struct ovl_name *n)
{
	OVL_LOC loc = OVL_LOC_INIT;
	int err = ovl_ss->flags & OVL_S_NO_XATTR ? -EOPNOTSUPP : ovl_loc_path(&ctx->real, &loc);

	return err ? err : ovl_do_setxattr(loc.name, OVL_XATTR_WAS, n->at.buf, n->at.len, 0);
}

/*
 * To descriptors of the directory @n /proc is to tell where it was, not where it ends. One that its
 * owner may not write to takes no xattr.
 */
static void note_path(struct ovl_ctx *ctx, const struct ovl_name *n)
{
	if (!ovl_name_real(n, OVL_UPPER, &ctx->real) && note_by_xattr(ctx, n) &&
	    !ovl_real_statx(&ctx->real, &ctx->st))
		ovl_record_set_path(&ctx->st, n->at.buf);
}

/*
 * Upper's directory @n in @parent becomes @temp in @tmp. The kernel moves only what may be written
 * in to another directory; rmdir(2) asks no such thing.
 */
static int take_dir(struct ovl_ctx *ctx, int tmp, const char *temp, int parent, struct ovl_name *n,
		    unsigned flags)
{
	int err;

	note_path(ctx, n);
	err = ovl_do_rename(parent, base_of(n), tmp, temp, flags);
	if (err == -EACCES && !ovl_dir_open_up(ctx, n))
		err = ovl_do_rename(parent, base_of(n), tmp, temp, flags);
	return err;
}

/*
 * The directory @name in @dir is empty in the view: it stays so, whatever becomes of its whiteouts.
 * A .wh. file beside it does that already.
 */
static int seal(int dir, const char *name)
{
	OVL_FD fd = ovl_open_beneath(dir, name, O_RDONLY | O_DIRECTORY, 0);

	return fd < 0 ? fd : ovl_mark_opaque(fd);
}

/*
 * Temporary @temp in @tmp takes the place of upper's directory @n in @parent, which is empty in
 * the view. Whoever looked before may still put something in it, until it is removed for good:
 * then it is back, with that alone, and -ENOTEMPTY. The lock is held, directories are on the move.
 */
static int replace_dir(struct ovl_ctx *ctx, int tmp, const char *temp, int parent,
		       struct ovl_name *n)
{
	int err = take_dir(ctx, tmp, temp, parent, n, RENAME_EXCHANGE);

	if (!err && ovl_workdir_discard(ctx, tmp, temp) == -ENOTEMPTY) {
		(void)seal(tmp, temp); /* else what its whiteouts hid shows again */
		err = ovl_do_rename(tmp, temp, parent, base_of(n), RENAME_EXCHANGE);
		err = err ? err : -ENOTEMPTY;
	}
	if (err)
		(void)ovl_workdir_discard(ctx, tmp, temp); /* swept by the next run if it stays */
	return err;
}

/* The marked directory @n of upper goes as replace_dir() tells, to nothing in its place. */
static int move_aside(struct ovl_ctx *ctx, int tmp, const char *temp, int parent,
		      struct ovl_name *n)
{
	int err = take_dir(ctx, tmp, temp, parent, n, 0);

	if (!err && ovl_workdir_discard(ctx, tmp, temp) == -ENOTEMPTY) {
		err = ovl_do_rename(tmp, temp, parent, base_of(n), RENAME_NOREPLACE);
		err = err ? err : -ENOTEMPTY;
	}
	return err;
}

static int whiteout_over_dir(struct ovl_ctx *ctx, int parent, struct ovl_name *n)
{
	char temp[OVL_TEMP_NAME];
	OVL_FD tmp = ovl_workdir_open();
	int err;

	if (tmp < 0)
		return tmp;
	ovl_workdir_name(temp);
	if (ovl_mark_dots(OVL_UPPER)) {
		err = mark(parent, base_of(n));
		return err ? err : move_aside(ctx, tmp, temp, parent, n);
	}
	err = ovl_mark_whiteout(tmp, temp);
	return err ? err : replace_dir(ctx, tmp, temp, parent, n);
}

/*
 * The whiteout that just came to be at @name shows to who watches @parent as a name that was
 * made, which is the opposite of the truth: another takes its place, so that it is seen to be
 * moved away. Best effort; the session's lock is held.
 */
static void tell_watchers(struct ovl_ctx *ctx, int parent, const char *name)
{
	char temp[OVL_TEMP_NAME];
	OVL_FD tmp = -1;

	if (!ovl_ss->watches || ovl_mark_dots(OVL_UPPER))
		return;
	tmp = ovl_workdir_open();
	if (tmp < 0)
		return;
	ovl_workdir_name(temp);
	if (!ovl_do_rename(parent, name, tmp, temp, RENAME_WHITEOUT))
		(void)ovl_workdir_discard(ctx, tmp, temp); /* swept by the next run if it stays */
}

int ovl_remove_check(struct ovl_ctx *ctx, const struct ovl_name *n, int parent)
{
	int err = (int)ovl_sys(__NR_statx, parent, base_of(n), AT_SYMLINK_NOFOLLOW,
			       STATX_BASIC_STATS | STATX_BTIME, &ctx->st);

	if (err == -ENOENT || (!err && ovl_mark_is_file(OVL_UPPER, base_of(n), &ctx->st)))
		return n->in_upper ? OVL_AGAIN : 0;
	if (err)
		return err;
	if (!n->in_upper || n->whiteout != ovl_mark_is_whiteout(&ctx->st))
		return OVL_AGAIN;
	if (n->whiteout || !n->known)
		return 0;
	return (ctx->st.stx_mode & S_IFMT) == (n->st.stx_mode & S_IFMT) ? 0 : OVL_AGAIN;
}

static int remove_file(struct ovl_ctx *ctx, struct ovl_name *n)
{
	struct ovl_origin o;
	OVL_FD parent = -1;
	OVL_LOCK lock = -1;
	int covers = ovl_lookup_covers(ctx, n);
	int err = covers < 0 ? covers : 0;

	/* Without a whiteout it is the kernel's own unlink, which checks for itself. */
	if (!err && (covers || ovl_ss->overrides))
		err = ovl_perm_delete(ctx, n);
	if (!err)
		err = ovl_copy_up_parent(ctx, n, OVL_PARENT_CHANGE, &parent);
	if (err)
		return err;
	if (!covers)
		return ovl_do_unlink(parent, base_of(n), 0);
	lock = ovl_lock_same(ctx);
	err = lock < 0 ? lock : ovl_remove_check(ctx, n, parent);
	if (err)
		return err;
	ovl_announce(n->hash, true);
	ovl_startfile_note(&n->at, false);
	ovl_note(ctx, "whiteout");
	if (n->in_upper) {
		err = whiteout_over(ctx, parent, base_of(n));
		if (!err)
			tell_watchers(ctx, parent, base_of(n));
		return err;
	}
	err = ovl_index_lose_begin(n, &o);
	if (err)
		return err;
	err = ovl_mark_whiteout(parent, base_of(n));
	if (!err)
		tell_watchers(ctx, parent, base_of(n));
	ovl_index_lose_end(n, &o);
	return err == -EEXIST ? OVL_AGAIN : err;
}

int ovl_remove_file(struct ovl_ctx *ctx, struct ovl_name *n)
{
	struct statx was = n->st;
	bool raw = n->in_upper && n->known && !n->shown;
	int err = remove_file(ctx, n);

	if (!err && raw)
		ovl_record_drop(&was);
	return err;
}

/* One step, of which only those need to know who remember directories. */
static void raise_dir_gen(struct ovl_ctx *ctx)
{
	ctx->gen += 2;
	__atomic_fetch_add(&ovl_ss->dir_gen, 2, __ATOMIC_RELEASE);
}

/* The directory is on upper and lowers show through, or would show when it goes. Locked. */
static int remove_merged(struct ovl_ctx *ctx, struct ovl_name *n, int parent, int covers)
{
	int err = ovl_remove_check(ctx, n, parent);

	if (err)
		return err;
	ovl_moving(ctx);
	err = ovl_dir_must_be_empty(ctx, n);
	if (!err && covers)
		err = whiteout_over_dir(ctx, parent, n);
	else if (!err)
		err = seal(parent, base_of(n));
	if (!err && !covers)
		err = ovl_workdir_discard(ctx, parent, base_of(n));
	if (!err && covers)
		tell_watchers(ctx, parent, base_of(n));
	/* Before others may look again. What is back merges with nothing. */
	ovl_dcache_gone(n->hash);
	ovl_moved(ctx);
	return err;
}

/*
 * The directory is on upper. Without the lock another one could be in its place by now, whose
 * lower part the kernel does not see.
 */
static int remove_upper(struct ovl_ctx *ctx, struct ovl_name *n, int parent, int covers)
{
	OVL_LOCK lock = ovl_lock_same(ctx);
	int err = lock < 0 ? lock : 0;

	if (!err && !covers && !n->lowers) {
		err = ovl_do_unlink(parent, base_of(n), AT_REMOVEDIR);
		if (!err)
			ovl_dcache_gone(n->hash);
		if (err != -ENOTEMPTY && err != -EEXIST)
			return err;
		err = 0;
	}
	return err ? err : remove_merged(ctx, n, parent, covers);
}

/* The directory is the lowers' alone. */
static int hide_dir(struct ovl_ctx *ctx, struct ovl_name *n, int parent)
{
	/* A whiteout cannot be made where a copy is; a .wh. file could. */
	bool dots = ovl_mark_dots(OVL_UPPER);
	bool watched = ovl_ss->watches;
	OVL_LOCK lock = dots ? ovl_lock_same(ctx) : watched ? ovl_lock(ctx) : -1;
	int err = (dots || watched) && lock < 0 ? lock : 0;

	if (!err && dots)
		err = ovl_remove_check(ctx, n, parent);
	if (!err)
		err = ovl_mark_whiteout(parent, base_of(n));
	if (!err && watched)
		tell_watchers(ctx, parent, base_of(n));
	if (!err)
		raise_dir_gen(ctx);
	return err == -EEXIST ? OVL_AGAIN : err;
}

static int remove_dir(struct ovl_ctx *ctx, struct ovl_name *n)
{
	OVL_FD parent = -1;
	int covers = ovl_lookup_covers(ctx, n);
	int err = covers < 0 ? covers : 0;

	if (!err && (covers || ovl_ss->overrides))
		err = ovl_perm_delete(ctx, n);
	if (!err && (covers || n->lowers))
		err = ovl_dir_must_be_empty(ctx, n);
	if (!err)
		err = ovl_copy_up_parent(ctx, n, OVL_PARENT_CHANGE, &parent);
	if (err)
		return err;
	if (covers) {
		ovl_announce(n->hash, true);
		ovl_note(ctx, "whiteout");
	}
	return n->in_upper ? remove_upper(ctx, n, parent, covers) : hide_dir(ctx, n, parent);
}

int ovl_remove_dir(struct ovl_ctx *ctx, struct ovl_name *n)
{
	struct statx was = n->st;
	bool raw = n->in_upper && n->known && !n->shown;
	int err = remove_dir(ctx, n);

	if (!err && raw)
		ovl_record_drop(&was);
	return err;
}

/*
 * The empty directory open as @dir, which is to take the place of @n, will merge with nothing. A
 * .wh. file in it would keep rename(2) from replacing it: there it is one beside it.
 */
static int cut_off(struct ovl_ctx *ctx, struct ovl_name *n, int parent, int dir)
{
	if (!ovl_mark_dots(OVL_UPPER))
		return ovl_mark_opaque(dir);
	if (!ovl_lookup_covers(ctx, n))
		return 0;
	return mark(parent, base_of(n));
}

int ovl_remove_content(struct ovl_ctx *ctx, struct ovl_name *n, int parent)
{
	char temp[OVL_TEMP_NAME];
	OVL_FD tmp = ovl_workdir_open();
	OVL_FD dir = -1;
	int err;

	if (tmp < 0)
		return tmp;
	ovl_workdir_name(temp);
	err = ovl_dir_must_be_empty(ctx, n);
	if (!err)
		err = ovl_lookup_stat(ctx, n);
	if (err)
		return err;
	ovl_inode_present_name(ctx, n);
	err = ovl_name_real(n, OVL_UPPER, &ctx->real);
	if (!err)
		err = ovl_do_mkdir(tmp, temp, 0700);
	if (err)
		return err;
	dir = ovl_open_beneath(tmp, temp, O_RDONLY | O_DIRECTORY, 0);
	err = dir < 0 ? dir : ovl_attr_copy(&ctx->real, dir, &n->st);
	if (!err)
		err = cut_off(ctx, n, parent, dir);
	if (!err)
		return replace_dir(ctx, tmp, temp, parent, n);
	(void)ovl_workdir_discard(ctx, tmp, temp); /* swept by the next run if it stays */
	return err;
}
