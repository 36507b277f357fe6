/* SPDX-License-Identifier: MIT */
#include "flock.h"

#include "catchup.h"
#include "copy_up.h"
#include "fdview.h"
#include "filelock.h"
#include "index.h"
#include "inode.h"
#include "known.h"
#include "lock.h"
#include "real.h"
#include "refd.h"
#include "str.h"
#include "systab.h"
#include "view.h"

/* What a call wants of the file's locks. */
enum want {
	NOTHING, /* it gives up its own, or is wrong */
	LOOK,	 /* no lock that a read-only descriptor can have, but the copy's may matter */
	TAKE,
	LEASE,
};

/* Where a descriptor is by now: what place() returns besides -errno. */
enum { STAYS, MEETS };

static enum want want_flock(const struct ovl_call *c)
{
	long op = c->arg[1] & ~(long)LOCK_NB;

	return op == LOCK_SH || op == LOCK_EX ? TAKE : NOTHING;
}

static enum want want_fcntl(const struct ovl_call *c)
{
	const struct flock *l = (const struct flock *)c->arg[2];

	switch ((unsigned)c->arg[1]) {
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		if ((unsigned long)l < 4096)
			return NOTHING;
		return l->l_type == F_RDLCK ? TAKE : LOOK;
	case F_SETLEASE:
		return c->arg[2] == F_UNLCK ? LOOK : LEASE;
	default:
		return ovl_filelock_cmd((unsigned)c->arg[1]) ? LOOK : NOTHING;
	}
}

static enum want want_of(const struct ovl_call *c)
{
	return c->nr == __NR_flock ? want_flock(c) : want_fcntl(c);
}

bool ovl_flock_meets(const struct ovl_call *c)
{
	return ovl_read_only() || ovl_known_meets((int)c->arg[0]) || want_of(c) == NOTHING;
}

/* Is @fd still of @lower? */
static bool is_still(struct ovl_ctx *ctx, int fd, const struct statx *lower)
{
	return !ovl_sys(__NR_statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &ctx->st) &&
	       ovl_is_same_object(&ctx->st, lower);
}

/* One copy among all: its number may be another's later, but not with this time of birth. */
static uint64_t key_of(const struct statx *copy)
{
	uint64_t born = (uint64_t)copy->stx_btime.tv_sec << 30 ^ copy->stx_btime.tv_nsec;

	return ovl_hash_mix(copy->stx_ino ^ ovl_hash_mix(born));
}

/* What is open of @lower becomes the copy's that is open as @fd. */
static void move_others(struct ovl_ctx *ctx, int fd, const struct statx *lower)
{
	struct ovl_origin o = ovl_origin_of(lower);

	if (ovl_catch_up_all(ctx, &o) && !ovl_fd_real(fd, &ctx->real))
		ovl_refd(ctx, lower, &ctx->real); /* those that did not */
}

/*
 * @fd is of a copy, @st. Descriptors of this process that are of the lower file still, because
 * another process made the copy, become the copy's too: what is locked is looked at next, and
 * by whatever descriptor.
 */
static void join_others(struct ovl_ctx *ctx, int fd, struct statx *st)
{
	struct ovl_origin was = ovl_origin_of(st);
	uint64_t key = key_of(st);

	if (!ovl_inode_maybe_origin(st->stx_ino) || ovl_known_joined(key))
		return;
	ovl_inode_present_fd(OVL_UPPER, fd, st);
	/* Else it was born on upper, or is not even of upper. */
	if (st->stx_ino != was.ino || st->stx_dev_major != was.major ||
	    st->stx_dev_minor != was.minor)
		move_others(ctx, fd, st);
	ovl_known_set_joined(key);
}

/* Has the parent process the file @lower by the number @fd, too? */
static bool is_inherited(struct ovl_ctx *ctx, int fd, const struct statx *lower)
{
	static const char proc[] = "/proc/";
	static const char dir[] = "/fd/";
	char link[64];
	size_t n = sizeof(proc) - 1;

	memcpy(link, proc, n);
	n += ovl_str_number(link + n, (uint64_t)ovl_sys(__NR_getppid), 10);
	memcpy(link + n, dir, sizeof(dir) - 1);
	ovl_str_number(link + n + sizeof(dir) - 1, (unsigned)fd, 10);
	return !ovl_sys(__NR_statx, AT_FDCWD, link, 0, STATX_BASIC_STATS, &ctx->st) &&
	       ovl_is_same_object(&ctx->st, lower);
}

/*
 * Does somebody hold a flock on the lower file open as @fd? Asked by trying, one at a time: two
 * that asked at once would take each other for a holder.
 */
static bool is_held(const struct ovl_ctx *ctx, int fd)
{
	OVL_LOCK lock = ovl_lock(ctx);
	OVL_FD other = -1;
	char link[OVL_FD_LINK];

	if (lock < 0)
		return false;
	ovl_fd_link(fd, link);
	other = (int)ovl_sys(__NR_openat, AT_FDCWD, link, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0);
	return other >= 0 && ovl_sys(__NR_flock, other, LOCK_EX | LOCK_NB) == -EAGAIN;
}

/* Is a flock on @fd, which is of the lower file @st, one that must be there? */
static bool is_bound(struct ovl_ctx *ctx, int fd, const struct statx *st)
{
	return is_inherited(ctx, fd, st) || (ctx->name[0].layer != OVL_UPPER && is_held(ctx, fd));
}

/* @fd, of @lower, is to be of name[0]'s copy. */
static int move_to_copy(struct ovl_ctx *ctx, int fd, const struct statx *lower)
{
	struct ovl_name *n = &ctx->name[0];
	int err = ovl_copy_up(ctx, n, OVL_COPY_ALL);

	if (err || !is_still(ctx, fd, lower))
		return err;
	/* The copy was there before, or made by another of the file's names. */
	err = ovl_name_real(n, OVL_UPPER, &ctx->real);
	if (!err)
		ovl_refd(ctx, lower, &ctx->real);
	return err || !is_still(ctx, fd, lower) ? err : -EMFILE;
}

/* The regular file @st, open as @fd: STAYS, MEETS, or what the handler returns. */
static int place(struct ovl_ctx *ctx, int fd, struct statx *st, enum want want)
{
	struct ovl_name *n = &ctx->name[0];
	long r = ovl_namei_fd(ctx, n, fd);
	int err;

	if (ctx->fd_layer == OVL_UPPER)
		join_others(ctx, fd, st);
	if (ctx->fd_layer <= OVL_UPPER)
		return r ? STAYS : MEETS;
	/* No name leads to it any more: who has it, has it like this. */
	if (r || n->zone != OVL_Z_VIEW)
		return STAYS;
	if (want == LOOK && n->layer != OVL_UPPER)
		return STAYS;
	if (ctx->call->nr == __NR_flock && is_bound(ctx, fd, st))
		return STAYS;
	err = move_to_copy(ctx, fd, st);
	if (!err)
		return MEETS;
	if (err != OVL_AGAIN && want == LEASE)
		return -EAGAIN; /* nobody would break it */
	return err == OVL_AGAIN ? err : STAYS;
}

static long prepare(struct ovl_ctx *ctx)
{
	struct statx *st = &ctx->name[1].st; /* that name is not needed here */
	int fd = ovl_arg_fd(ctx, 0);
	uint32_t version = ovl_known_version(fd);
	long flags;
	int r = MEETS;

	if (ovl_flock_meets(ctx->call))
		return OVL_R_PASS;
	flags = ovl_sys(__NR_fcntl, fd, F_GETFL);
	if (flags < 0 || (flags & O_PATH) ||
	    ovl_sys(__NR_statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, st))
		return OVL_R_PASS; /* EBADF */
	if ((st->stx_mode & S_IFMT) == S_IFREG) {
		/* What can be written to is of no lower file. */
		if ((flags & O_ACCMODE) == O_RDONLY)
			r = place(ctx, fd, st, want_of(ctx->call));
		else
			join_others(ctx, fd, st);
	}
	if (r < 0)
		return r;
	if (r == MEETS)
		ovl_known_set_meets(fd, version);
	return OVL_R_PASS;
}

long ovl_op_fcntl(struct ovl_ctx *ctx)
{
	return prepare(ctx);
}

long ovl_op_flock(struct ovl_ctx *ctx)
{
	return prepare(ctx);
}
