/* SPDX-License-Identifier: MIT */
#include "lock.h"

#include "dcache.h"
#include "lane.h"
#include "moved.h"
#include "ops.h"
#include "view.h"
#include "workdir.h"

#define F_OFD_SETLK_NR	37
#define F_OFD_SETLKW_NR 38
#define F_WRLCK_TYPE	1
#define F_UNLCK_TYPE	2

/* What ovl_lock() returns when the call has the lock from the start: nothing to release. */
#define HELD INT32_MAX

/* struct flock of fcntl(2) on 64-bit machines. */
struct lock {
	short type;
	short whence;
	int pad;
	int64_t start;
	int64_t length;
	int pid;
};

static bool is_lent;

void ovl_lock_lent(bool lent)
{
	is_lent = lent;
}

static uint32_t gen_now(void)
{
	return __atomic_load_n(&ovl_ss->dir_gen, __ATOMIC_ACQUIRE);
}

/* Who held the lock died while it moved a directory: that is over. */
static void recover(void)
{
	if (!(gen_now() & 1))
		return;
	ovl_moved_recover();
	ovl_dcache_moved();
	__atomic_fetch_add(&ovl_ss->dir_gen, 1, __ATOMIC_RELEASE);
}

int ovl_lock(const struct ovl_ctx *ctx)
{
	struct lock l = {.type = F_WRLCK_TYPE};
	int fd;
	long r;

	if (ctx->locked || is_lent)
		return HELD;
	fd = ovl_workdir_oplock();
	if (fd < 0)
		return fd;
	do {
		r = ovl_sys(__NR_fcntl, fd, F_OFD_SETLKW_NR, &l);
	} while (r == -EINTR);
	if (r) {
		(void)ovl_sys(__NR_close, fd); /* the lock's error counts */
		return (int)r;
	}
	recover();
	return fd;
}

int ovl_lock_same(const struct ovl_ctx *ctx)
{
	int lock = ovl_lock(ctx);

	if (lock < 0 || ovl_still(ctx))
		return lock;
	ovl_lock_drop(&lock);
	return OVL_AGAIN;
}

void ovl_lock_drop(const int *lock)
{
	struct lock l = {.type = F_UNLCK_TYPE};

	if (*lock < 0 || *lock == HELD)
		return;
	/* Closing is not enough: a child of another thread may have the descriptor too. */
	(void)ovl_sys(__NR_fcntl, *lock, F_OFD_SETLK_NR, &l); /* nothing left to do on failure */
	(void)ovl_sys(__NR_close, *lock);		      /* likewise */
}

void ovl_still_begin(struct ovl_ctx *ctx)
{
	ctx->moves = ovl_dcache_moves();
	ctx->gen = gen_now();
	if (ctx->gen & 1) {
		OVL_LOCK lock = ovl_lock(ctx);

		(void)lock; /* had or not: others' steps are seen as they are */
		ctx->moves = ovl_dcache_moves();
		ctx->gen = gen_now();
	}
}

bool ovl_still(const struct ovl_ctx *ctx)
{
	return ctx->gen == gen_now();
}

void ovl_moving(struct ovl_ctx *ctx)
{
	ctx->gen = __atomic_add_fetch(&ovl_ss->dir_gen, 1, __ATOMIC_SEQ_CST);
	ovl_lane_wait();
}

void ovl_moved(struct ovl_ctx *ctx)
{
	ctx->gen = __atomic_add_fetch(&ovl_ss->dir_gen, 1, __ATOMIC_ACQ_REL);
}
