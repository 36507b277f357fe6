/* SPDX-License-Identifier: MIT */
#include "hide.h"

#include "do.h"
#include "inode.h"
#include "known.h"
#include "lane.h"
#include "lock.h"
#include "marks.h"
#include "ops.h"
#include "real.h"
#include "tell.h"
#include "trace.h"
#include "view.h"

/* Are names of upper's just what they seem: nothing is recorded of them, nobody watches? */
static bool is_plain(const struct ovl_ctx *ctx)
{
	const struct ovl_session *ss = ovl_ss;

	return !ctx->again && !ctx->aside && !ctx->tight && !ss->overrides && !ss->records &&
	       !ss->watches && !(ss->flags & (OVL_S_READ_ONLY | OVL_S_NO_XATTR | OVL_S_TRACE)) &&
	       !ovl_mark_dots(OVL_UPPER);
}

/* The directory of @up, a path of upper's: an O_PATH descriptor. OVL_AGAIN: it may be another. */
static int hold(const struct ovl_ctx *ctx, const struct ovl_told *up, uint64_t value)
{
	size_t len = strlen(up->path) - up->n;
	OVL_FD dir = -1;

	if (!up->room || len < 2)
		return -ENOENT; /* relative to a directory of upper's: fastupper.h */
	up->room->path[len - 1] = '\0';
	dir = ovl_open_beneath(AT_FDCWD, up->path, O_PATH | O_DIRECTORY, 0);
	up->room->path[len - 1] = '/';
	if (dir >= 0 && (!ovl_still(ctx) || !ovl_dcache_still(up->dir, value)))
		return OVL_AGAIN;
	return ovl_fd_steal(&dir);
}

/* The step that all can see, in the directory @dir: it becomes a whiteout, or is no more. */
static int step(const struct ovl_ctx *ctx, const struct ovl_told *t, int dir, bool hides)
{
	struct ovl_lane lane;
	int err;

	if (!ovl_lane_enter(&lane, ctx->gen))
		return OVL_AGAIN;
	err = hides ? ovl_mark_whiteout(dir, t->name) : ovl_do_unlink(dir, t->name, 0);
	ovl_lane_leave(&lane);
	return err ? OVL_HIDE_WALK : 0;
}

/* Is it a file that a whiteout alone removes? One of several names takes more. */
static bool is_single_file(const struct statx *st)
{
	return (st->stx_mode & S_IFMT) != S_IFDIR && st->stx_nlink == 1 &&
	       !ovl_mark_is_whiteout(st);
}

/* @t is of a lower, in a merged directory. */
static int hide_lower(struct ovl_ctx *ctx, const struct ovl_told *t, int dirfd, const char *path)
{
	const uint64_t other = OVL_DC_PURE | OVL_DC_OPAQUE | OVL_DC_DEEP | OVL_DC_BORDER |
			       OVL_DC_RECORD | OVL_DC_STICKY;
	OVL_TOLD up = {.room = NULL};
	OVL_FD dir = -1;
	uint64_t value;

	if (!ovl_dcache_find(t->dir, &value) || (value & other) || ovl_is_start_file(t->name) ||
	    !ovl_tell_in(&up, t, dirfd, path, OVL_UPPER) ||
	    ovl_sys(__NR_statx, t->dirfd, t->path, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
		    STATX_BASIC_STATS | STATX_BTIME, &ctx->st) ||
	    !is_single_file(&ctx->st))
		return OVL_HIDE_WALK;
	dir = hold(ctx, &up, value);
	if (dir < 0)
		return dir == OVL_AGAIN ? dir : OVL_HIDE_WALK;
	ovl_announce(t->hash, true);
	ovl_inode_note(ctx->st.stx_ino); /* a descriptor of it shows the loss: index.c */
	return step(ctx, t, dir, true);
}

/* Has the lower that is merged with @t's directory nothing of that name? */
static bool is_uppers_alone(struct ovl_ctx *ctx, const struct ovl_told *t, int dirfd,
			    const char *path)
{
	OVL_TOLD low = {.room = NULL};
	uint64_t lowers;

	if (ovl_told_pure(t))
		return true;
	if (!ovl_dirs_find(t->dir, &lowers) || !(lowers & OVL_DIRS_LOWER))
		return false;
	lowers &= OVL_DIRS_MASK;
	return lowers && !(lowers & (lowers - 1)) && !(ovl_ss->dot_wh & lowers) &&
	       ovl_tell_in(&low, t, dirfd, path, ovl_lower_first(lowers)) &&
	       ovl_sys(__NR_statx, low.dirfd, low.path, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
		       STATX_TYPE, &ctx->st) == -ENOENT;
}

/* Upper decides what @t is. */
static int unlink_upper(struct ovl_ctx *ctx, const struct ovl_told *t, int dirfd, const char *path)
{
	OVL_FD dir = -1;

	if ((t->value & OVL_DC_RECORD) || ovl_told_special(t) ||
	    !is_uppers_alone(ctx, t, dirfd, path))
		return OVL_HIDE_WALK;
	dir = hold(ctx, t, t->value);
	if (dir < 0)
		return dir == OVL_AGAIN ? dir : OVL_HIDE_WALK;
	return step(ctx, t, dir, false);
}

int ovl_hide(struct ovl_ctx *ctx, int dirfd, const char *path)
{
	OVL_TOLD t = {.room = NULL};

	if (!is_plain(ctx) || !ovl_tell(&t, dirfd, path))
		return OVL_HIDE_WALK;
	return t.tell == OVL_TELL_UPPER ? unlink_upper(ctx, &t, dirfd, path)
					: hide_lower(ctx, &t, dirfd, path);
}

static int hide_dir(struct ovl_ctx *ctx, int dirfd, const char *path)
{
	OVL_TOLD t = {.room = NULL};
	struct ovl_lane lane;
	OVL_FD dir = -1;
	bool own;
	int err;

	/* A directory that was moved there may have a part in the lowers. */
	if (!is_plain(ctx) || ovl_ss->redirects || !ovl_tell(&t, dirfd, path) ||
	    t.tell != OVL_TELL_UPPER || !ovl_told_pure(&t) || (t.value & OVL_DC_RECORD))
		return OVL_HIDE_WALK;
	own = t.base == OVL_UPPER && t.name == t.path; /* the program holds it */
	dir = own ? -1 : hold(ctx, &t, t.value);
	if (!own && dir < 0)
		return dir == OVL_AGAIN ? dir : OVL_HIDE_WALK;
	if (!ovl_lane_enter(&lane, ctx->gen))
		return OVL_AGAIN;
	err = ovl_do_unlink(own ? t.dirfd : dir, t.name, AT_REMOVEDIR);
	if (!err)
		ovl_dcache_gone(t.hash);
	ovl_lane_leave(&lane);
	return err ? OVL_HIDE_WALK : 0;
}

int ovl_hide_dir(struct ovl_ctx *ctx, int dirfd, const char *path)
{
	int r;

	ovl_known_pin(dirfd);
	r = hide_dir(ctx, dirfd, path);
	ovl_known_unpin(dirfd);
	return r;
}
