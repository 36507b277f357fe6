/* SPDX-License-Identifier: MIT */
/*
 * entry.h - what entry_x86_64.S and C agree on
 *
 * Every patched site owns one stub, precompiled in our own text, and one struct
 * ovl_entry in a table that runs parallel to the stubs: entry i and stub i lie at the
 * same distance for every i. The stubs' unwind information relies on that.
 */
#ifndef OVL_ENTRY_H
#define OVL_ENTRY_H

/* struct ovl_call, checked in patch.c */
#define OVL_C_NR   0
#define OVL_C_ARG  8
#define OVL_C_RET  56
#define OVL_C_TAIL 64
#define OVL_C_SIZE 80

/* struct ovl_tail */
#define OVL_T_NR  0
#define OVL_T_ARG 8

/* The only guarded call with six arguments: see ovl_guard.h. */
#define OVL_NR_SETXATTRAT 463

#define OVL_NR_CLOSE 3
#define OVL_EINTR    4

/* struct ovl_entry */
#define OVL_E_BACK   0
#define OVL_E_NATIVE 8
#define OVL_E_NR     16
#define OVL_E_FLAVOR 20
#define OVL_E_PASS   24
#define OVL_E_SIZE   32

/*
 * Flavors: what a stub does besides dispatching. CMP_*: replay that comparison before
 * returning. WATCH: the call is the door's own, see watch.c. CANCEL: the site is in the one
 * function through which glibc 2.41 and musl send calls that a thread can be cancelled in. Their
 * signal handler goes by where the thread is, so the kernel is entered from there.
 */
#define OVL_F_PLAIN    0
#define OVL_F_CMP_R000 1 /* cmp $-4096,%rax */
#define OVL_F_CMP_R001 2 /* cmp $-4095,%rax */
#define OVL_F_CMP_E000 3 /* cmp $0xfffff000,%eax */
#define OVL_F_CMP_E001 4 /* cmp $0xfffff001,%eax */
#define OVL_F_WATCH    5
#define OVL_F_CANCEL   6

/* What tells there that the thread was cancelled: glibc's bit, and musl's. */
#define OVL_CANCELED 0x9

/*
 * Stubs by class, how many of each. The first of all classes, about what glibc needs, lie side by
 * side, and then the rest of all: a start writes to two pages of entries.
 */
#define OVL_STUBS_MOV	1024 /* OVL_SITE_MOV */
#define OVL_STUBS_CMP	64   /* OVL_SITE_CMP: each of four comparisons */
#define OVL_STUBS_PREV	32   /* OVL_SITE_PREV: each of two instructions */
#define OVL_STUBS_WRAP	128  /* OVL_SITE_WRAP, OVL_SITE_NEXT: number in a register */
#define OVL_FIRST_MOV	152
#define OVL_FIRST_CMP	14
#define OVL_FIRST_PREV	4
#define OVL_FIRST_WRAP	8
#define OVL_STUBS_FIRST (OVL_FIRST_MOV + 4 * OVL_FIRST_CMP + 2 * OVL_FIRST_PREV + OVL_FIRST_WRAP)
#define OVL_STUBS	(OVL_STUBS_MOV + 4 * OVL_STUBS_CMP + 2 * OVL_STUBS_PREV + OVL_STUBS_WRAP)

#ifndef __ASSEMBLER__
#include <stdint.h>

struct ovl_entry {
	uint64_t back;	 /* where the program goes on */
	uint64_t native; /* CMP, PREV, WRAP: where a call that is not ours is made */
	int32_t nr;	 /* of stubs of OVL_SITE_MOV: the number; others find it in a register */
	uint32_t flavor;
	uint64_t pass; /* the loader's: where a call that the engine passes is made */
};

extern struct ovl_entry ovl_entries[OVL_STUBS];
/* OVL_STUBS pieces of OVL_E_SIZE bytes each, in entry_x86_64.S */
extern const unsigned char ovl_stubs[];
/* Bytes from the start of a CMP or WRAP stub to its own syscall instruction. */
#define OVL_STUB_NATIVE 12
#endif

#endif
