/* SPDX-License-Identifier: MIT */
/*
 * trap.h - a system call that was caught by a signal: seccomp's trap or user dispatch
 *
 * Inside the handler of SIGSYS:
 *
 *   ovl_trap_call(uc)     the interrupted call goes to the engine. What the engine did itself
 *                         is in the registers when the handler returns. What has to be made in
 *                         the program's own context, because it may block, is not made here:
 *                         the program goes on at a relay, which makes the call, restores
 *                         the registers and goes back behind the program's own instruction.
 *   ovl_trap_relay(uc, c) the second half alone, for a call that is not the engine's
 *
 * The handler is to be installed with an empty mask and SA_NODEFER, so that the program's mask
 * holds in it: execve is made from inside; and with SA_ONSTACK, for stacks that are too small
 * for a signal. Neither this nor a relay touches the program's stack.
 *
 * Calls that are about the very registers, stack or thread that they are made from cannot be
 * relayed: clone, fork, vfork, rt_sigreturn. seccomp's trap, as the guard sets it, never brings
 * them; a door that uses user dispatch looks for them first.
 *
 * Context: handler of SIGSYS, in any thread or vfork child.
 */
#ifndef OVL_TRAP_H
#define OVL_TRAP_H

/* Of a relay's memory, for relay_x86_64.S; checked in trap_x86_64.c. */
#define OVL_RELAY_BACK 0
#define OVL_RELAY_BUSY 8
#define OVL_RELAY_CALL 16
#define OVL_RELAY_SIZE 128
#define OVL_RELAYS     64

#ifndef __ASSEMBLER__
#include "ovl.h"

struct ucontext; /* the kernel's, <asm/ucontext.h>: the third argument of a signal handler */

/* The call that was caught, as the registers in @uc have it, OVL_GUARD_TRAP taken off the number.
 */
void ovl_trap_read(const struct ucontext *uc, struct ovl_call *ret);

/* The program goes on behind its call, which answered @value. */
void ovl_trap_answer(struct ucontext *uc, long value);

void ovl_trap_call(struct ucontext *uc);

/*
 * @c->tail, or else the call itself, is made in the program's own context. Relays are few, and
 * one whose call never returns (longjmp, a thread that was canceled) is lost: without a free one
 * the call is made here and now.
 */
void ovl_trap_relay(struct ucontext *uc, const struct ovl_call *c);

/* The sa_restorer of a handler of ours, which the kernel wants: rt_sigreturn. */
void ovl_trap_restorer(void);
#endif

#endif
