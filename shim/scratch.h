/* SPDX-License-Identifier: MIT */
/*
 * scratch.h - workspaces and stacks for slow calls
 *
 * A slot is claimed by one atomic exchange and given back by one store; when all are busy
 * more are mapped, never unmapped. With signals blocked nothing of the program runs between
 * claim and return, so a slot cannot be lost. A call that may block in the program's own context
 * keeps its slot meanwhile: one that ends by longjmp or cancellation loses it. And
 * there is another exception: a vfork child that execs
 * never comes back, and its slot is the parent's memory. ovl_slot_exec() marks such a slot;
 * it is free again when its thread enters the engine as another process.
 */
#ifndef OVL_SCRATCH_H
#define OVL_SCRATCH_H

#include "ctx.h"

#define OVL_STACK_SIZE (32 * 1024)

struct ovl_slot {
	uint32_t busy;	   /* atomic: 0 free, 1 in use, 2 in use by an exec */
	uint32_t exec_pid; /* the process that was about to exec, when busy is 2 */
	uint64_t thread;   /* its thread pointer: a vfork child has its parent's */
	void *exec_map;	   /* memory that the exec had mapped, to be given back */
	size_t exec_size;
	struct ovl_tail tail;
	struct ovl_ctx ctx;
	char stack[OVL_STACK_SIZE] __attribute__((aligned(16)));
};

/* A free slot, now the caller's; NULL when there is no memory. Context: any. */
struct ovl_slot *ovl_slot_take(void);

/* Give @slot back. Context: any. */
void ovl_slot_put(struct ovl_slot *slot);

/*
 * The process is about to exec from @ctx's slot: it may never come back. @map of @size bytes
 * is unmapped when the slot is reclaimed. ovl_slot_exec_failed() takes it back.
 */
void ovl_slot_exec(struct ovl_ctx *ctx, void *map, size_t size);
void ovl_slot_exec_failed(struct ovl_ctx *ctx);

#endif
