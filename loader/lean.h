/* SPDX-License-Identifier: MIT */
/*
 * lean.h - patched places that enter the engine without a byte of the program's stack
 *
 * A goroutine has less than 800 bytes left when it calls the kernel, musl's posix_spawn() child
 * little more. So a place changes to a stack of ours with nothing but the two registers that a
 * system call takes anyway.
 *
 * A stack is taken by one atomic bit and given back by another. A call that may wait is made with
 * the program's own stack pointer, so that a handler of the program's runs where it would run
 * otherwise, but for a call with the guard's key or the engine's arguments the stack is kept
 * meanwhile. One whose call never returns, because a handler jumped out of it, is found when
 * there is no other left; that of a vfork child that became another program by the next exec of
 * the same thread.
 */
#ifndef OVL_LEAN_H
#define OVL_LEAN_H

/* For lean_x86_64.S as well. */
#define OVL_LEAN_STUBS	     1024
#define OVL_LEAN_STUB_SIZE   16
#define OVL_LEAN_STACKS	     512 /* more calls that wait make all others wait */
#define OVL_LEAN_STACK_SHIFT 15
#define OVL_LEAN_STACK_SIZE \
	(1 << OVL_LEAN_STACK_SHIFT) /* a handler of the program's may run there, if it must */
#define OVL_LEAN_CALL_SIZE 16

/* Verdicts besides the engine's: OVL_PASS, and the guard asks for no key; look for a stack again.
 */
#define OVL_LEAN_FREE  3
#define OVL_LEAN_AGAIN 4

/* From a stack's first byte: the fields of struct frame, lean.c. */
#define OVL_LEAN_CALL	(OVL_LEAN_STACK_SIZE - 112)
#define OVL_LEAN_THREAD (OVL_LEAN_STACK_SIZE - 32)
#define OVL_LEAN_OFFSET (OVL_LEAN_STACK_SIZE - 24)
#define OVL_LEAN_ENTRY	(OVL_LEAN_STACK_SIZE - 16)
#define OVL_LEAN_RSP	(OVL_LEAN_STACK_SIZE - 8)

#ifndef __ASSEMBLER__
#include <stdint.h>

/*
 * The text that a place whose call ends at @back is to jump to. @nr: its number, or -1 when it is
 * in rax: then what nobody wants is made at @native. @flavor: OVL_F_PLAIN or OVL_F_WATCH of
 * entry.h. 0: no room. Context: single-threaded.
 */
uint64_t ovl_lean_stub(uint64_t back, int nr, uint64_t native, uint32_t flavor);

/* The processor tells the thread pointer (rdfsbase): lost stacks can be told. Context: start. */
void ovl_lean_use_rdfsbase(void);

/* A number in rax that has to be looked at, besides the engine's. Context: single-threaded. */
void ovl_lean_want(long nr);
#endif

#endif
