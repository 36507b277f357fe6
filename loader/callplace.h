/* SPDX-License-Identifier: MIT */
/*
 * callplace.h - places of the program, and where their system calls are made
 *
 * A call that is the program's own business is made in our text: a system call instruction and a
 * jump back, through a table. No stack is touched, nor a register that a system call leaves
 * alone, so it serves clone, vfork and goroutines alike. Syscall User Dispatch lets calls pass
 * from our text only.
 *
 * A place is the address behind a system call instruction of the program; it is found again by
 * that address, and never given back.
 */
#ifndef OVL_CALLPLACE_H
#define OVL_CALLPLACE_H

/* For callplace_x86_64.S as well. PASS: calls like read; FORK: clone and its kin. */
#define OVL_PASSES	4096 /* a power of two */
#define OVL_PASS_SIZE	16
#define OVL_PASS_NATIVE 6  /* from its start to its system call, the number in rax */
#define OVL_FORKS	64 /* a power of two */
#define OVL_FORK_SIZE	64
#define OVL_FORK_NATIVE 6
#define OVL_PLACE_SIZE	16
#define OVL_PLACE_BACK	0
#define OVL_PLACE_NR	8

#ifndef __ASSEMBLER__
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The place whose system call ends at @back: where its call @nr is made, number included.
 * 0 when there is no room left. @fork: the call makes a thread or a process, in which dispatch
 * is armed before the first instruction of the program. Context: any.
 */
uint64_t ovl_place(uint64_t back, long nr, bool fork);

/* The same for a call whose number is in rax already. */
uint64_t ovl_place_native(uint64_t back, bool fork);

/* The text that calls may come from: its first byte and its length. */
uint64_t ovl_place_range(size_t *ret_len);
#endif

#endif
