/* SPDX-License-Identifier: MIT */
/*
 * lock.h - the session's lock, and whether directories of the view stood still
 *
 * A path is resolved step by step, and the steps belong together only while no directory of
 * the view is renamed or removed. The session's dir_gen counts that: odd while one is being
 * moved, by who holds the lock; even otherwise. A call remembers it when it begins (ctx->gen);
 * what the call found out is good while the number is the same. So readers take no lock: they
 * look again. Who moves directories takes it, and so does what needs several steps.
 *
 * The kernel releases the lock when its holder dies; the next one makes the number even.
 * Context: any (entry: signals blocked).
 */
#ifndef OVL_LOCK_H
#define OVL_LOCK_H

#include "ctx.h"

/*
 * Exclude every other process and thread that takes the lock. Returns what releases it, at the
 * end of an OVL_LOCK's scope. Held for system calls only. -errno when it cannot be had.
 */
int ovl_lock(const struct ovl_ctx *ctx);

/* The same for a call that has looked around: OVL_AGAIN when directories moved since. */
int ovl_lock_same(const struct ovl_ctx *ctx);

/* The calls of this process are made for somebody who has the lock, or are not: deputy.h. */
void ovl_lock_lent(bool lent);

/* Release the lock: for children that were forked meanwhile, too. */
void ovl_lock_drop(const int *lock);

#define OVL_LOCK __attribute__((cleanup(ovl_lock_drop))) int

/* @ctx's call begins (again): what it is going to find out is of now. Waits for a move. */
void ovl_still_begin(struct ovl_ctx *ctx);

/* Did all directories stay where they were since the call began? */
bool ovl_still(const struct ovl_ctx *ctx);

/* From here on and until _moved() directories are on the move; the lock is held. */
void ovl_moving(struct ovl_ctx *ctx);
void ovl_moved(struct ovl_ctx *ctx);

#endif
