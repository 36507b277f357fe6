/* SPDX-License-Identifier: MIT */
#include "deputy.h"

#include "copy_up.h"
#include "do.h"
#include "lock.h"
#include "perm.h"
#include "refd.h"
#include "systab.h"

enum { FUTEX_WAIT = 0, FUTEX_WAKE = 1 }; /* futex(2) */

static uint32_t turn_now(void)
{
	return __atomic_load_n(&ovl_ss->deputy.turn, __ATOMIC_ACQUIRE);
}

static uint32_t deputy(void)
{
	return __atomic_load_n(&ovl_ss->deputy.pid, __ATOMIC_ACQUIRE);
}

bool ovl_deputy_first(void)
{
	return deputy() && (uint32_t)ovl_sys(__NR_geteuid) != ovl_ss->deputy.uid;
}

/* Until turn @turn is over. False: ovlrun was killed, nobody will take it. */
static bool wait_for(uint32_t turn)
{
	const struct {
		int64_t sec;
		int64_t nsec;
	} second = {1, 0};

	while (turn_now() == turn) {
		long r = ovl_sys(__NR_futex, &ovl_ss->deputy.turn, FUTEX_WAIT, turn, &second);

		if (r == -ETIMEDOUT && ovl_sys(__NR_kill, deputy(), 0) == -ESRCH)
			__atomic_store_n(&ovl_ss->deputy.pid, 0, __ATOMIC_RELEASE);
		if (!deputy())
			return turn_now() != turn;
	}
	return true;
}

/* One asks at a time. */
static int ask(const struct ovl_ctx *ctx, const char *path, size_t len)
{
	struct ovl_deputy *d = &ovl_ss->deputy;
	uint32_t turn = turn_now();

	/* Whoever asked before may be dead: his turn is not ours. */
	if (turn & 1 && !wait_for(turn))
		return -EACCES;
	memcpy(d->path, path, len);
	d->path[len] = '\0';
	d->locked = ctx->locked;
	turn = __atomic_add_fetch(&d->turn, 1, __ATOMIC_ACQ_REL);
	(void)ovl_sys(__NR_futex, &d->turn, FUTEX_WAKE, INT32_MAX); /* cannot fail */
	return wait_for(turn) ? d->answer : -EACCES;
}

int ovl_deputy_ask(const struct ovl_ctx *ctx, const char *path, size_t len)
{
	OVL_FD fd = -1;
	int err;

	if (!deputy() || len >= sizeof(ovl_ss->deputy.path))
		return -EACCES;
	fd = ovl_do_open(AT_FDCWD, ovl_session_str(ovl_ss, ovl_ss->self), O_RDWR, 0);
	if (fd < 0)
		return fd;
	do {
		err = (int)ovl_sys(__NR_flock, fd, LOCK_EX);
	} while (err == -EINTR);
	if (err)
		return err;
	err = ask(ctx, path, len);
	/* Closing is not enough: a child of another thread may have the descriptor too. */
	(void)ovl_sys(__NR_flock, fd, LOCK_UN); /* nothing left to do on failure */
	return err;
}

/* May a copy of @st be given the same owner and group by us? */
static bool is_ours(struct ovl_ctx *ctx, const struct statx *st)
{
	return st->stx_uid == (unsigned)ovl_sys(__NR_geteuid) &&
	       ovl_perm_in_group(ctx, st->stx_gid);
}

bool ovl_deputy_copies(struct ovl_ctx *ctx, struct ovl_name *n)
{
	if (ctx->aside || !ovl_deputy_first() || is_ours(ctx, &n->st) ||
	    ovl_deputy_ask(ctx, n->at.buf, n->at.len))
		return false;
	/* The other process cannot do that for us. */
	if ((n->st.stx_mode & S_IFMT) != S_IFDIR && !ovl_name_real(n, OVL_UPPER, &ctx->real))
		ovl_refd(ctx, &n->st, &ctx->real);
	return true;
}

/* What the call names, whoever asks: what is copied up shows as it did. */
static long bring_up(struct ovl_ctx *ctx)
{
	struct ovl_name *n = &ctx->name[0];
	long r = ovl_op_resolve(ctx, 0, 0, 1, 0);

	if (r)
		return r;
	if (n->zone != OVL_Z_VIEW)
		return -EACCES;
	r = ovl_op_must_exist(n);
	return r ? r : ovl_copy_up(ctx, n, OVL_COPY_ALL);
}

int ovl_deputy_serve(void)
{
	struct ovl_deputy *d = &ovl_ss->deputy;
	struct ovl_call c = {.nr = __NR_fchownat,
			     .arg = {AT_FDCWD, (long)d->path, -1, -1, AT_SYMLINK_NOFOLLOW}};

	ovl_lock_lent(d->locked);
	return (int)ovl_enter_op(&c, bring_up);
}
