/* SPDX-License-Identifier: MIT */
/* file.c - open: which file the program's descriptor is of */
#include "aside.h"
#include "copy_up.h"
#include "create.h"
#include "do.h"
#include "early.h"
#include "fdview.h"
#include "filelock.h"
#include "held.h"
#include "hollow.h"
#include "how.h"
#include "inode.h"
#include "known.h"
#include "lookup.h"
#include "maps.h"
#include "systab.h"
#include "override.h"
#include "perm.h"
#include "real.h"
#include "tail.h"
#include "trace.h"

struct opening {
	int dirfd; /* index of the directory's argument; -1: none */
	int path;  /* index of the path's argument */
	int flags;
	unsigned mode;
};

static bool wants_write(int flags)
{
	return !(flags & O_PATH) && ((flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC));
}

/* Bits of access(2) that opening with @flags takes. */
static int access_mask(int flags)
{
	int mask = (flags & O_ACCMODE) == O_RDONLY ? 4 : (flags & O_ACCMODE) == O_WRONLY ? 2 : 6;

	return flags & O_TRUNC ? mask | 2 : mask;
}

/*
 * The program's descriptor is the lowest free number, as open(2) promises: @fd was opened
 * while one of ours was open. @is_new: the file is; so nobody has locks on it.
 */
static int settle(int fd, int flags, bool is_new)
{
	int lowest;

	if (fd < 0)
		return fd;
	lowest = (int)ovl_sys(__NR_fcntl, fd, flags & O_CLOEXEC ? F_DUPFD_CLOEXEC : F_DUPFD, 0);
	if (lowest < 0 || lowest > fd) {
		ovl_fd_drop(&lowest);
		lowest = fd;
	} else if (is_new) {
		ovl_fd_drop(&fd);
	} else {
		ovl_filelock_drop(&fd);
	}
	if (is_new)
		ovl_known_set_made(lowest);
	return lowest;
}

/* Open the real path in ctx->real, whose last component is no symlink (or is, for O_PATH). */
static long open_real(struct ovl_ctx *ctx, int flags)
{
	OVL_LOC loc = OVL_LOC_INIT;
	bool far;
	int err = ovl_loc_get(&ctx->real, &loc);
	int fd;

	if (err)
		return err;
	far = loc.fd >= 0;
	fd = ovl_open_exact(loc.fd, loc.name, flags, 0);
	ovl_loc_drop(&loc);
	loc.fd = AT_FDCWD;
	return far ? settle(fd, flags, false) : fd;
}

/* Opening it may wait for another process: let the program itself wait. */
static bool may_block(const struct ovl_name *n, int flags)
{
	unsigned type = n->st.stx_mode & S_IFMT;

	return n->known && !(flags & O_PATH) && (type == S_IFIFO || type == S_IFCHR);
}

static long open_waiting(struct ovl_ctx *ctx, int flags)
{
	struct ovl_tail *t = ctx->tail;
	OVL_FD fd = -1;
	int high;

	t->nr = __NR_openat;
	t->arg[0] = AT_FDCWD;
	t->arg[1] = (long)t->text;
	t->arg[2] = flags;
	t->arg[3] = 0;
	if (ctx->real.len < sizeof(t->text)) {
		memcpy(t->text, ctx->real.buf, ctx->real.len + 1);
		return OVL_R_TAIL;
	}
	fd = ovl_real_open(&ctx->real, O_PATH);
	if (fd < 0)
		return fd;
	/* Out of the way of the number that the program expects. */
	high = (int)ovl_sys(__NR_fcntl, fd, F_DUPFD_CLOEXEC, 256);
	if (high < 0)
		high = ovl_fd_steal(&fd);
	ovl_fd_link(high, t->text);
	t->arg[2] = flags & ~O_NOFOLLOW; /* the link in /proc is to be followed */
	t->fd = high;
	t->kind = OVL_TAIL_CLOSE;
	return OVL_R_TAIL;
}

/*
 * Does opening change the object? A FIFO's times change when something goes through it, and
 * its readers and writers must meet at one: it goes to upper with its first opener.
 */
static bool must_copy(unsigned type, int flags)
{
	if (type == S_IFIFO)
		return !(flags & O_PATH) && !ovl_read_only();
	return type == S_IFREG && wants_write(flags);
}

/* Check what the kernel will not check for us, and bring to upper what has to be there. */
static int prepare(struct ovl_ctx *ctx, struct ovl_name *n, unsigned type, int flags)
{
	bool copy = n->layer != OVL_UPPER && must_copy(type, flags);
	int err = 0;

	if (copy || (n->layer == OVL_UPPER && ovl_ss->overrides && !(flags & O_PATH)))
		err = ovl_perm_access(ctx, n, access_mask(flags));
	/* A descriptor is to have a name in the view, not one in the index. */
	if (!err && (copy || n->linked) && !ovl_read_only())
		err = ovl_copy_up(ctx, n, flags & O_TRUNC ? 0 : OVL_COPY_ALL);
	if (!err && ovl_ss->overrides && n->layer == OVL_UPPER && type == S_IFREG &&
	    !(flags & O_PATH))
		err = ovl_hollow_fill(ctx, n, flags & O_TRUNC);
	return err;
}

static long open_existing(struct ovl_ctx *ctx, struct ovl_name *n, const struct opening *o)
{
	int flags = o->flags & ~(O_CREAT | O_EXCL);
	unsigned type;
	int err = ovl_lookup_stat(ctx, n);
	long r;

	if (err)
		return err;
	type = n->st.stx_mode & S_IFMT;
	if (type != S_IFDIR && (n->slash || (flags & O_DIRECTORY)))
		return -ENOTDIR;
	if (type != S_IFDIR && (o->flags & O_CREAT) && !(flags & O_PATH) && !ctx->made)
		err = ovl_perm_sticky(ctx, n);
	if (err)
		return err;
	if (type == S_IFLNK && !(flags & O_PATH))
		return -ELOOP;
	if (type == S_IFLNK)
		flags |= O_NOFOLLOW; /* a link of /proc to a symlink leads no further */
	if (type == S_IFDIR && (wants_write(flags) || (o->flags & O_CREAT)) && !(flags & O_PATH))
		return -EISDIR;
	err = prepare(ctx, n, type, flags);
	if (!err)
		err = ovl_name_real(n, n->layer, &ctx->real);
	if (err)
		return err;
	if (may_block(n, flags))
		return open_waiting(ctx, flags);
	r = open_real(ctx, flags);
	/* It went meanwhile: then it is to be made. Or a copy-up has a lease on it: held.h */
	if ((r == -ENOENT && (o->flags & O_CREAT)) ||
	    (r == -EAGAIN && (flags & O_NONBLOCK) && n->layer != OVL_UPPER && ovl_held_wait())) {
		ctx->error = (int)r;
		return OVL_AGAIN;
	}
	if (r >= 0 && (flags & O_TRUNC) && ovl_ss->overrides)
		ovl_override_truncated((int)r); /* gone: open(2) */
	return r;
}

/* A merged directory's descriptor is of the lower one: that is where its untouched names are. */
static int dir_layer(const struct ovl_name *n)
{
	return n->lowers ? ovl_lower_first(n->lowers) : n->layer;
}

/* What calls relative to it mean is known already: as ovl_walked_base() would find it. */
static void learn_dir(const struct ovl_ctx *ctx, const struct ovl_name *n, int fd)
{
	if (n->zone == OVL_Z_VIEW && !n->moved && !n->deep)
		ovl_known_learn(fd, n->hash, dir_layer(n), ovl_known_version(fd), ctx->moves);
}

static long open_dir(struct ovl_ctx *ctx, struct ovl_name *n, int flags)
{
	long fd;
	int err;

	if (wants_write(flags))
		return -EISDIR;
	if (n->layer == OVL_UPPER && !(flags & O_PATH) && (n->lowers || ovl_ss->overrides)) {
		err = ovl_perm_access(ctx, n, 4);
		if (err)
			return err;
	}
	err = ovl_name_real(n, dir_layer(n), &ctx->real);
	if (err)
		return err;
	fd = open_real(ctx, flags);
	if (fd >= 0)
		learn_dir(ctx, n, (int)fd);
	return fd;
}

/* A group that is only recorded of its directory @n the kernel cannot give @fd. Best effort. */
static void inherit_group(struct ovl_ctx *ctx, struct ovl_name *n, unsigned asked, int fd)
{
	const struct statx *st = &ctx->st;

	if (!ovl_ss->overrides)
		return;
	ovl_inode_present_name(ctx, n);
	if ((n->st.stx_mode & S_ISGID) &&
	    !ovl_sys(__NR_statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, st) &&
	    st->stx_gid != n->st.stx_gid)
		(void)ovl_override_set(fd, st->stx_uid, n->st.stx_gid,
				       ovl_perm_new_mode(ctx, n->st.stx_gid, asked, st->stx_mode));
}

static long open_tmpfile(struct ovl_ctx *ctx, struct ovl_name *n, const struct opening *o)
{
	OVL_LOC loc = OVL_LOC_INIT;
	int err;

	if (n->layer == OVL_NONE)
		return -ENOENT;
	if (!ovl_op_is_dir(ctx, n))
		return -ENOTDIR;
	err = ovl_perm_access(ctx, n, 2 | 1);
	if (!err)
		err = ovl_copy_up(ctx, n, 0);
	if (!err)
		err = ovl_name_real(n, OVL_UPPER, &ctx->real);
	if (!err)
		err = ovl_loc_get(&ctx->real, &loc);
	if (err)
		return err;
	err = (int)ovl_sys(__NR_openat, loc.fd, loc.name, o->flags, o->mode);
	if (err >= 0)
		inherit_group(ctx, n, o->mode, err);
	if (loc.fd < 0)
		return err;
	ovl_loc_drop(&loc);
	loc.fd = AT_FDCWD;
	return settle(err, o->flags, true);
}

/* May a file made with @mode be opened once more as @flags want? */
static bool can_reopen(unsigned mode, int flags)
{
	unsigned need = (unsigned)access_mask(flags & ~O_TRUNC) << 6;

	return (mode & need) == need || !ovl_sys(__NR_geteuid);
}

/* In a child: the directory comes to upper; what replaces a whiteout is made here. */
static long make_aside(struct ovl_ctx *ctx, struct ovl_name *n, const struct ovl_maker *m)
{
	OVL_FD fd = -1;
	int err = 0;

	if (!n->whiteout)
		err = ovl_copy_up_parent(ctx, n, OVL_PARENT_CHANGE, &fd);
	else if (can_reopen(m->mode, m->flags))
		err = fd = ovl_create(ctx, n, m);
	else
		err = -EMFILE;
	ctx->made = err >= 0 && n->whiteout;
	return err < 0 ? err : OVL_COPIED;
}

/* After that: with the one number that is the program's. */
static int make_tight(struct ovl_ctx *ctx, struct ovl_name *n, const struct opening *o)
{
	OVL_LOC loc = OVL_LOC_INIT;
	int err = ovl_name_real(n, OVL_UPPER, &ctx->real);

	if (!err)
		err = ovl_loc_get(&ctx->real, &loc);
	if (err)
		return err;
	ovl_announce(n->hash, true);
	ovl_announce_type(n->hash, S_IFREG);
	return ovl_open_exact(loc.fd, loc.name, o->flags, o->mode);
}

static long open_new(struct ovl_ctx *ctx, struct ovl_name *n, const struct opening *o)
{
	struct ovl_maker m = {.make = ovl_make_file, .flags = o->flags, .mode = o->mode};
	int fd;

	if (n->whiteout)
		m.flags |= O_EXCL;
	if (ctx->aside)
		return make_aside(ctx, n, &m);
	if (ctx->tight && !n->whiteout)
		fd = make_tight(ctx, n, o);
	else
		fd = ovl_create(ctx, n, &m);
	if (fd == -ELOOP)
		return OVL_AGAIN; /* somebody made a link of that name */
	return settle(fd, o->flags, true);
}

/* By a lower layer's own path: what is below stays that, and not the view's. */
static long open_locked(struct ovl_ctx *ctx, const struct ovl_name *n, int flags)
{
	long fd = ovl_path_set(&ctx->real, n->at.buf, n->at.len);

	if (!fd)
		fd = open_real(ctx, flags);
	if (fd >= 0)
		ovl_known_set_locked((int)fd, &n->at);
	return fd;
}

static int follow_flags(int flags)
{
	bool exclusive = (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);

	if (flags & O_PATH)
		return OVL_N_LOOK | (flags & O_NOFOLLOW ? 0 : OVL_N_FOLLOW);
	return (exclusive || (flags & O_NOFOLLOW) ? 0 : OVL_N_FOLLOW) |
	       (flags & O_CREAT ? OVL_N_FILE : 0) | (wants_write(flags) ? 0 : OVL_N_LOOK);
}

/* What openat2(2) was told of the way is done with: only the object is left to be opened. */
static long open_outside(struct ovl_ctx *ctx, const struct opening *o, bool mutates)
{
	struct ovl_call *c = ctx->call;

	if (!mutates && !(o->flags & O_PATH) && ovl_maps_is(&ctx->name[0]))
		return ovl_maps_open(ctx, o->flags);
	/* The kernel opens what has no name by the copy's mode, which may allow more. */
	if (ctx->name[0].magic && ovl_ss->overrides && !(o->flags & O_PATH)) {
		int fd = ovl_fd_of_link(ctx->name[0].at.buf);
		int err = fd < 0 ? 0 : ovl_perm_fd(ctx, fd, access_mask(o->flags));

		if (err && (o->flags & O_DIRECTORY) && (ctx->st.stx_mode & S_IFMT) != S_IFDIR)
			return -ENOTDIR;
		if (err)
			return err;
	}
	if (ctx->resolve && ctx->name[0].via_view) {
		c->nr = __NR_openat;
		c->arg[2] = o->flags;
		c->arg[3] = o->mode;
	}
	return ovl_op_outside(ctx, o->dirfd, o->path, mutates);
}

static long open_once(struct ovl_ctx *ctx, const struct opening *o)
{
	struct ovl_name *n = &ctx->name[0];
	long r = ovl_op_resolve(ctx, 0, o->dirfd, o->path, follow_flags(o->flags));
	bool creates = (o->flags & O_CREAT) && !(o->flags & O_PATH);

	if (r)
		return r;
	if (n->zone == OVL_Z_LOCKED && n->layer != OVL_NONE && !wants_write(o->flags) && !creates)
		return open_locked(ctx, n, o->flags);
	if (n->zone != OVL_Z_VIEW)
		return open_outside(ctx, o,
				    wants_write(o->flags) || (creates && n->layer == OVL_NONE));
	if (ovl_read_only() && (wants_write(o->flags) || (o->flags & OVL_TMPFILE_BIT)))
		return n->layer == OVL_NONE && !creates ? -ENOENT : -EROFS;
	if (o->flags & OVL_TMPFILE_BIT)
		return open_tmpfile(ctx, n, o);
	if (n->layer == OVL_NONE)
		return creates ? open_new(ctx, n, o) : -ENOENT;
	if (creates && (o->flags & O_EXCL) && !ctx->made)
		return -EEXIST;
	r = ovl_op_is_dir(ctx, n);
	if (r < 0)
		return r;
	return r && !creates ? open_dir(ctx, n, o->flags) : open_existing(ctx, n, o);
}

static bool is_upper_file(const struct ovl_name *n)
{
	return n->zone == OVL_Z_VIEW && n->layer == OVL_UPPER && n->known &&
	       (n->st.stx_mode & S_IFMT) == S_IFREG;
}

/* A file without a name is for a directory, and to be written: open(2). */
static bool is_wrong_tmpfile(int flags)
{
	return (flags & OVL_TMPFILE_BIT) &&
	       ((flags & (O_TMPFILE | O_CREAT)) != O_TMPFILE || !(flags & O_ACCMODE));
}

static long open_at(struct ovl_ctx *ctx, struct opening o)
{
	long r = ovl_early(ctx, o.dirfd < 0 ? AT_FDCWD : ovl_arg_fd(ctx, o.dirfd),
			   ovl_arg_path(ctx, o.path));

	if (r >= 0)
		return r;
	if (o.flags & O_PATH)
		o.flags &= OVL_PATH_FLAGS;
	else if ((o.flags & (O_CREAT | O_DIRECTORY)) == (O_CREAT | O_DIRECTORY))
		return -EINVAL; /* since Linux 6.4; before, it made a file, perhaps a lower one */
	if (is_wrong_tmpfile(o.flags))
		return -EINVAL;
	r = open_once(ctx, &o);
	if (ctx->aside && (r >= 0 || r == OVL_R_TAIL))
		return -EMFILE; /* one of the child's is of no use */
	if (r == -EEXIST && !(o.flags & O_EXCL))
		return OVL_AGAIN;
	/* It was a regular file a moment ago, and is a whiteout now, or a link. */
	if ((r == -ENXIO || r == -ELOOP || r == -EINVAL) && is_upper_file(&ctx->name[0])) {
		ctx->error = (int)r;
		return OVL_AGAIN;
	}
	return r;
}

long ovl_op_openat(struct ovl_ctx *ctx)
{
	struct opening o = {0, 1, (int)ovl_arg(ctx, 2), (unsigned)ovl_arg(ctx, 3) & 07777};

	return open_at(ctx, o);
}

long ovl_op_open(struct ovl_ctx *ctx)
{
	struct opening o = {-1, 0, (int)ovl_arg(ctx, 1), (unsigned)ovl_arg(ctx, 2) & 07777};

	return open_at(ctx, o);
}

long ovl_op_creat(struct ovl_ctx *ctx)
{
	struct opening o = {-1, 0, O_CREAT | O_WRONLY | O_TRUNC, (unsigned)ovl_arg(ctx, 1) & 07777};

	return open_at(ctx, o);
}

long ovl_op_openat2(struct ovl_ctx *ctx)
{
	const struct open_how *how = (const struct open_how *)ovl_arg(ctx, 2);
	struct opening o = {.dirfd = 0, .path = 1};
	long err = ovl_how_check(how, (size_t)ovl_arg(ctx, 3));

	if (err)
		return err;
	ctx->resolve = how->resolve;
	o.flags = (int)how->flags;
	o.mode = (unsigned)how->mode & 07777;
	return open_at(ctx, o);
}
