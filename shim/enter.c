/* SPDX-License-Identifier: MIT */
/*
 * enter.c - the engine's door: fast path, else a slot, a stack of our own and no signals
 */
#include "aside.h"
#include "catchup.h"
#include "fast.h"
#include "known.h"
#include "ovl_guard.h"
#include "lock.h"
#include "scratch.h"
#include "sigs.h"
#include "systab.h"
#include "tail.h"
#include "trace.h"

void ovl_init(struct ovl_session *ss)
{
	ovl_ss = ss;
}

/* What a handler may look at before it has resolved anything. */
static void reset(struct ovl_ctx *ctx, struct ovl_call *c)
{
	ctx->call = c;
	ctx->note = NULL;
	ctx->resolve = 0;
	ctx->trail = NULL;
	ctx->by_fd = false;
	ctx->error = -EIO;
	ctx->behind.ino = 0;
	ctx->locked = false;
	ctx->early = (int)c->ret;
	ctx->fd_layer = OVL_NONE;
	ctx->aside = ctx->tight = ctx->made = false;
	for (int i = 0; i < 2; i++) {
		ctx->name[i].zone = OVL_Z_OUTSIDE;
		ctx->name[i].layer = OVL_NONE;
		ctx->name[i].known = false;
	}
}

/*
 * What the handler found out is of no worth any more: upper's object became a whiteout under
 * its hands, or directories moved. An answer that says "no" did nothing: it can be had again.
 */
static bool is_outdated(struct ovl_ctx *ctx, long r)
{
	if ((!ovl_is_err(r) && r != OVL_R_PASS) || r == OVL_COPIED)
		return false;
	if (!ovl_still(ctx))
		return true;
	if (r != -EPERM && r != -EACCES && r != -ENXIO && r != -EINVAL)
		return false;
	ctx->error = (int)r;
	return ovl_op_is_hidden(ctx, &ctx->name[0]) || ovl_op_is_hidden(ctx, &ctx->name[1]);
}

static long attempt(struct ovl_ctx *ctx)
{
	long r;

	ovl_still_begin(ctx);
	r = ctx->handle ? ctx->handle(ctx) : -ENOSYS;
	return is_outdated(ctx, r) ? OVL_AGAIN : r;
}

/* Others are too busy for us: with the lock held, nothing that matters can happen. */
static long attempt_alone(struct ovl_ctx *ctx)
{
	OVL_LOCK lock = ovl_lock(ctx);
	long r;

	ctx->locked = lock >= 0;
	r = attempt(ctx);
	ctx->locked = false;
	return r;
}

static long run(struct ovl_ctx *ctx)
{
	long r;

	ctx->again = false;
	r = attempt(ctx);
	ctx->again = true;
	for (int i = 1; i < OVL_AGAIN_MAX && r == OVL_AGAIN; i++)
		r = i < OVL_AGAIN_ALONE ? attempt(ctx) : attempt_alone(ctx);
	return r == OVL_AGAIN ? ctx->error : r;
}

/* Runs on the slot's stack. */
static long dispatch(void *arg)
{
	struct ovl_slot *slot = arg;
	struct ovl_ctx *ctx = &slot->ctx;
	long r = run(ctx);

	if (OVL_UNLIKELY(r == -EMFILE))
		r = ovl_aside_call(ctx, run);
	ovl_catch_up_behind(ctx);
	ovl_trace_call(ctx, r);
	return r;
}

/* The slow path: everything that takes more than a look at the tables. */
static __attribute__((noinline)) enum ovl_verdict enter_slow(struct ovl_call *c,
							     ovl_handler *handle)
{
	struct ovl_slot *slot = ovl_slot_take();
	long r;

	if (!slot) {
		c->ret = -ENOMEM;
		return OVL_DONE;
	}
	slot->tail.fd = -1;
	slot->tail.kind = OVL_TAIL_NONE;
	slot->ctx.tail = &slot->tail;
	reset(&slot->ctx, c);
	slot->ctx.handle = handle;
	ovl_sigs_block(&slot->ctx.oldmask);
	r = ovl_on_stack(slot->stack + OVL_STACK_SIZE, dispatch, slot);
	ovl_sigs_restore(&slot->ctx.oldmask);
	if (r == OVL_R_TAIL) {
		c->tail = &slot->tail; /* the slot is given back by ovl_after() */
		return OVL_TAIL;
	}
	ovl_slot_put(slot);
	if (r == OVL_R_PASS)
		return OVL_PASS;
	c->ret = r;
	return OVL_DONE;
}

static inline bool is_ours(long nr)
{
	return (unsigned long)nr < OVL_NR_MAX && (ovl_nr_bitmap[nr / 64] >> (nr % 64) & 1);
}

enum ovl_verdict ovl_enter(struct ovl_call *c)
{
	enum ovl_verdict v;

	if (OVL_UNLIKELY(!ovl_ss) || !is_ours(c->nr))
		return OVL_PASS;
	if (OVL_UNLIKELY(c->arg[5] == (long)OVL_GUARD_KEY && c->arg[4] == (long)OVL_GUARD_PAST))
		return OVL_PASS; /* ovlrun's own, past the view: launcher/nested.c */
	c->ret = -1;		 /* no descriptor: early.h */
	v = ovl_fast(c);
	return v == OVL_SLOW ? enter_slow(c, ovl_systab_handler(c->nr)) : v;
}

long ovl_enter_op(struct ovl_call *c, ovl_handler *op)
{
	return enter_slow(c, op) == OVL_DONE ? c->ret : -ENOSYS;
}

void ovl_after(struct ovl_call *c)
{
	struct ovl_tail *t = c->tail;

	ovl_fd_drop(&t->fd);
	if (t->kind == OVL_TAIL_SOCKADDR)
		ovl_sock_after(c);
	else if (t->kind > OVL_TAIL_SOCKADDR)
		ovl_sockmsg_after(c);
	ovl_slot_put((struct ovl_slot *)((char *)t - offsetof(struct ovl_slot, tail)));
}
