/* SPDX-License-Identifier: MIT */
/*
 * lean.h - patched places that enter the engine without a byte of the program's stack
 *
 * A goroutine has less than 800 bytes left when it calls the kernel, musl's posix_spawn() child
 * little more. So a place changes to a stack of ours with nothing but the two registers that a
 * system call takes anyway.
 *
 * A stack is taken by one atomic bit and given back by another. One whose call never returns is
 * lost: a signal handler that jumped out of it. That of a vfork child that became another
 * program is found by the next exec of the same thread.
 */
#ifndef OVL_LEAN_H
#define OVL_LEAN_H

/* For lean_x86_64.S as well. */
#define OVL_LEAN_STUBS	     1024
#define OVL_LEAN_STUB_SIZE   16
#define OVL_LEAN_STACKS	     256
#define OVL_LEAN_STACK_SHIFT 16
#define OVL_LEAN_STACK_SIZE \
	(1 << OVL_LEAN_STACK_SHIFT) /* a handler of the program's may run there */

#ifndef __ASSEMBLER__
#include <stdint.h>

/*
 * The text that a place whose call ends at @back is to jump to. @nr: its number, or -1 when it is
 * in rax: then what is not the engine's is made at ovl_place_native(). @flavor: OVL_F_PLAIN or
 * OVL_F_WATCH of entry.h. 0: no room. Context: single-threaded.
 */
uint64_t ovl_lean_stub(uint64_t back, int nr, uint32_t flavor);

/* A number in rax that has to be looked at, besides the engine's. Context: single-threaded. */
void ovl_lean_want(long nr);
#endif

#endif
