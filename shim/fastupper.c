/* SPDX-License-Identifier: MIT */
#include "fastupper.h"

#include "dirent.h"
#include "filelock.h"
#include "inode.h"
#include "known.h"
#include "lane.h"
#include "marks.h"
#include "readdir.h"
#include "stat_x86_64.h"
#include "systab.h"
#include "view.h"

/* What may be opened here: the rest is rare, or means more than to open. */
#define OPEN_FLAGS                                                                               \
	(O_ACCMODE | O_CREAT | O_EXCL | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | \
	 O_NONBLOCK | O_LARGEFILE | O_SYNC | O_DSYNC | O_DIRECT | O_NOATIME)

static enum ovl_verdict done(struct ovl_call *c, long ret)
{
	c->ret = ret;
	return OVL_DONE;
}

/* The kernel says that the name is not there, and nobody else could have it. */
static bool is_missing(const struct ovl_told *t, long r)
{
	return r == -ENOENT && ovl_told_pure(t) && ovl_told_still(t);
}

/* How many names a directory tells that it has depends on whether it is merged. */
static bool count_names(const struct ovl_told *t, struct statx *st)
{
	uint64_t value;

	if ((st->stx_mode & S_IFMT) != S_IFDIR)
		return st->stx_nlink < 2;
	if (!ovl_dcache_find(t->hash, &value))
		return false;
	if (!(value & OVL_DC_PURE))
		st->stx_nlink = 1; /* not known: ovl_inode_present_name() */
	return true;
}

#define MASK_NEEDED (STATX_TYPE | STATX_MODE | STATX_NLINK | STATX_INO | STATX_BTIME)

/*
 * Attributes of @t as the view shows them, those of @mask, asked for with AT_* @flags; *@ret: the
 * kernel's answer. False: not to be told.
 */
static bool look(struct ovl_told *t, long flags, unsigned mask, long *ret)
{
	struct statx *st;

	if (!t->room)
		t->room = ovl_room_take_left();
	if (!t->room)
		return false;
	st = &t->room->st;
	*ret = ovl_sys(__NR_statx, t->dirfd, t->path, flags | AT_SYMLINK_NOFOLLOW,
		       mask | MASK_NEEDED, st);
	if (*ret)
		return is_missing(t, *ret);
	if ((!(flags & AT_SYMLINK_NOFOLLOW) && (st->stx_mode & S_IFMT) == S_IFLNK) ||
	    ovl_mark_is_whiteout(st))
		return false;
	return count_names(t, st) && ovl_inode_present_known(st) && ovl_told_still(t);
}

enum ovl_verdict ovl_fastup_stat(struct ovl_call *c, struct ovl_told *t)
{
	void *buf = (void *)t->arg[0];
	long r;

	if (!look(t, t->arg[1] | AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &r))
		return OVL_SLOW;
	if (!r && (unsigned long)buf < 4096)
		return done(c, -EFAULT);
	if (!r)
		ovl_kstat_fill(buf, &t->room->st);
	return done(c, r);
}

enum ovl_verdict ovl_fastup_statx(struct ovl_call *c, struct ovl_told *t)
{
	const long flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_SYNC_TYPE;
	struct statx *to = (struct statx *)c->arg[4];
	unsigned mask = (unsigned)c->arg[3];
	long r;

	if ((c->arg[2] & ~flags) || (mask & ~(unsigned)(STATX_BASIC_STATS | STATX_BTIME)) ||
	    (unsigned long)to < 4096 || !look(t, c->arg[2], mask, &r))
		return OVL_SLOW;
	if (!r)
		*to = t->room->st;
	if (!r && !(mask & STATX_BTIME)) {
		/* only who asks for it is told */
		to->stx_mask &= ~(unsigned)STATX_BTIME;
		memset(&to->stx_btime, 0, sizeof(to->stx_btime));
	}
	return done(c, r);
}

enum ovl_verdict ovl_fastup_access(struct ovl_call *c, struct ovl_told *t)
{
	long r;

	if (!look(t, 0, 0, &r))
		return OVL_SLOW;
	if (r || !t->arg[0])
		return done(c, r);
	/* Only the kernel knows the real ids' rights; the name was seen to be no symlink. */
	r = ovl_sys(__NR_faccessat, t->dirfd, t->path, t->arg[0]);
	return (r && r != -EACCES) || !ovl_told_still(t) ? OVL_SLOW : done(c, r);
}

enum ovl_verdict ovl_fastup_readlink(struct ovl_call *c, struct ovl_told *t)
{
	long r = ovl_sys(__NR_readlinkat, t->dirfd, t->path, t->arg[0], (int)t->arg[1]);

	/* EINVAL: it may be a whiteout */
	if (r < 0 ? !is_missing(t, r) : !ovl_told_still(t))
		return OVL_SLOW;
	return done(c, r);
}

/* May the file be made if it is not there? Then others are told of it before. */
static bool announce(const struct ovl_told *t)
{
	if (!ovl_told_pure(t) || (t->value & OVL_DC_RECORD) || ovl_is_start_file(t->name))
		return false;
	ovl_announce(t->hash, true);
	ovl_announce_type(t->hash, S_IFREG);
	return true;
}

/* Was there never anything of upper's at that name? */
static bool is_fresh(const struct ovl_told *t)
{
	return !(t->value & OVL_DC_DEEP) && !ovl_filter_maybe(&ovl_ss->present, t->hash);
}

bool ovl_fastup_plain(struct ovl_told *t)
{
	long r;

	return !ovl_ss->overrides || look(t, 0, 0, &r) || r == -ENOENT;
}

/* Of a path that is the program's own another thread may make one that leads out of upper. */
static uint64_t way_of(const struct ovl_told *t)
{
	bool own = !t->room || t->path != t->room->path;

	return RESOLVE_NO_SYMLINKS | (own ? RESOLVE_BENEATH : 0);
}

/* Open what is there; *@ret_missing: nothing is. */
static enum ovl_verdict open_existing(struct ovl_call *c, const struct ovl_told *t, long flags,
				      bool *ret_missing)
{
	struct open_how how = {.flags = (uint64_t)flags, .resolve = way_of(t)};
	int fd = (int)ovl_sys(__NR_openat2, t->dirfd, t->path, &how, sizeof(how));

	*ret_missing = is_missing(t, fd);
	if (*ret_missing)
		return done(c, -ENOENT);
	if (fd >= 0 && ovl_told_still(t))
		return done(c, fd);
	ovl_filelock_drop(&fd);
	return OVL_SLOW;
}

/*
 * Make it, in a lane: the directory is what it was found to be. Where the lane was taken away the
 * slow path is handed the descriptor: see early.h. What the slow path answers for itself, errors
 * among it, it finds out anew.
 */
static enum ovl_verdict open_new(struct ovl_call *c, const struct ovl_told *t, long flags)
{
	struct open_how how = {.flags = (uint64_t)(flags | O_EXCL),
			       .mode = (uint64_t)t->arg[1] & 07777,
			       .resolve = way_of(t)};
	struct ovl_lane lane;

	if (!announce(t) ||
	    !ovl_lane_enter(&lane, __atomic_load_n(&ovl_ss->dir_gen, __ATOMIC_ACQUIRE)))
		return OVL_SLOW;
	if (ovl_told_still(t))
		c->ret = ovl_sys(__NR_openat2, t->dirfd, t->path, &how, sizeof(how));
	if (!ovl_lane_leave(&lane) || c->ret < 0)
		return OVL_SLOW;
	ovl_known_set_made((int)c->ret);
	return OVL_DONE;
}

/*
 * Open @t to read it, if it is known to be a directory that upper alone has. What is relative to it
 * is known, then, too.
 */
static enum ovl_verdict open_dir(struct ovl_call *c, const struct ovl_told *t)
{
	struct open_how how = {.flags = (uint64_t)t->arg[0], .resolve = RESOLVE_NO_SYMLINKS};
	uint64_t value;
	int fd;

	if ((t->arg[0] & (O_ACCMODE | O_CREAT | O_TRUNC)) != O_RDONLY || ovl_ss->overrides ||
	    !ovl_dcache_find(t->hash, &value) || !(value & OVL_DC_PURE))
		return OVL_SLOW;
	fd = (int)ovl_sys(__NR_openat2, t->dirfd, t->path, &how, sizeof(how));
	if (fd >= 0 && ovl_told_still(t) && ovl_dcache_still(t->hash, value)) {
		ovl_known_learn(fd, t->hash, OVL_UPPER, ovl_known_version(fd), t->moves);
		return done(c, fd);
	}
	ovl_filelock_drop(&fd);
	return OVL_SLOW;
}

/* Are the @n bytes of records at @buf what the view shows, as upper's directory has them? */
static bool are_shown(char *buf, long n)
{
	bool foreign = ovl_inode_is_foreign();
	struct ovl_dirent *d;

	for (long i = 0; i < n; i += d->reclen) {
		d = (struct ovl_dirent *)(void *)(buf + i);
		if (ovl_dirent_is_dots(d))
			continue;
		if (d->type == OVL_DT_CHR || d->type == OVL_DT_UNKNOWN ||
		    ovl_inode_maybe_origin(d->ino))
			return false;
		if (foreign)
			d->ino |= OVL_INO_FOREIGN;
	}
	return true;
}

enum ovl_verdict ovl_fastup_list(struct ovl_call *c, uint64_t hash)
{
	int fd = (int)c->arg[0];
	char *buf = (char *)c->arg[1];
	uint64_t value;
	long at;
	long n;

	if (!ovl_dcache_find(hash, &value) || !(value & OVL_DC_PURE) || (value & OVL_DC_BORDER) ||
	    ovl_mark_dots(OVL_UPPER) || (unsigned long)buf < 4096)
		return OVL_SLOW;
	ovl_known_set_listing(fd, ovl_dir_tag(hash));
	at = ovl_sys(__NR_lseek, fd, 0, 1); /* SEEK_CUR */
	n = ovl_sys(__NR_getdents64, fd, buf, c->arg[2]);
	if (n <= 0 || (are_shown(buf, n) && ovl_dcache_still(hash, value)))
		return done(c, n);
	(void)ovl_sys(__NR_lseek, fd, at, 0); /* it is looked at closer, from there on */
	return OVL_SLOW;
}

enum ovl_verdict ovl_fastup_open(struct ovl_call *c, struct ovl_told *t)
{
	long flags = t->arg[0];
	bool creates = flags & O_CREAT;
	bool missing = creates && is_fresh(t);
	enum ovl_verdict v = OVL_SLOW;

	if (flags & ~(long)(OPEN_FLAGS | O_DIRECTORY))
		return OVL_SLOW;
	if ((flags & O_DIRECTORY) || ovl_told_special(t))
		return open_dir(c, t);
	if (!(creates && (flags & O_EXCL)) && !missing)
		v = open_existing(c, t, flags & ~(long)(O_CREAT | O_EXCL), &missing);
	return creates && (missing || (flags & O_EXCL)) ? open_new(c, t, flags) : v;
}

/*
 * One name in a directory that is held by the program itself: whatever becomes of its path, it is
 * that directory, and nothing of a lower's will show there. What is recorded of an object goes with
 * it.
 */
enum ovl_verdict ovl_fastup_unlink(struct ovl_call *c, struct ovl_told *t)
{
	if (t->tell != OVL_TELL_UPPER || t->base != OVL_UPPER || t->name != t->path ||
	    !ovl_told_pure(t) || ovl_told_special(t) || ovl_ss->overrides || ovl_ss->records)
		return OVL_SLOW;
	return ovl_sys(__NR_unlinkat, t->dirfd, t->path, 0) ? OVL_SLOW : done(c, 0);
}

enum ovl_verdict ovl_fastup_getcwd(struct ovl_call *c)
{
	struct ovl_str upper = ovl_ss->layer[OVL_UPPER].path;
	struct ovl_str root = ovl_ss->root;
	unsigned keep = root.len == 1 ? 0 : root.len;
	OVL_TOLD t;
	char *to = (char *)c->arg[0];
	char *real;
	long n;

	t.room = ovl_room_take();
	if (!t.room)
		return OVL_SLOW;
	real = t.room->path;
	n = ovl_sys(__NR_getcwd, real, OVL_ROOM_PATH); /* with the NUL */
	if (n == -ENOENT)
		return done(c, n);
	if (n < 0 ||
	    !ovl_path_below(real, (size_t)n - 1, ovl_session_str(ovl_ss, upper), upper.len) ||
	    (unsigned)n <= upper.len + 1 || (unsigned long)to < 4096)
		return OVL_SLOW;
	n -= upper.len;
	if ((size_t)c->arg[1] < keep + (size_t)n)
		return done(c, -ERANGE);
	memcpy(to, ovl_session_str(ovl_ss, root), keep);
	memcpy(to + keep, real + upper.len, (size_t)n);
	return done(c, keep + n);
}
