/* SPDX-License-Identifier: MIT */
/*
 * systab.h - one row per system call that the engine handles
 *
 * systab.def and systab_legacy.def are the data; dispatch, trace, prototypes and a test
 * expand from them.
 */
#ifndef OVL_SYSTAB_H
#define OVL_SYSTAB_H

#include "ops.h"

#define OVL_NR_MAX 512

/*
 * The first number that Linux 6.18 does not have. What such a call would do to a path nobody
 * knows: it answers ENOSYS, which programs expect of a kernel older than they are.
 */
#define OVL_NR_UNKNOWN 470

/* What an argument means; OVL_A_PATH is followed at its last component, OVL_A_LPATH is not. */
enum ovl_arg_kind {
	OVL_A_NONE,
	OVL_A_AT, /* a directory descriptor or AT_FDCWD */
	OVL_A_FD, /* a descriptor */
	OVL_A_PATH,
	OVL_A_LPATH,
	OVL_A_TEXT,   /* a string that is never resolved: a symlink's text, an xattr's name */
	OVL_A_OFLAGS, /* octal */
	OVL_A_MODE,   /* octal */
	OVL_A_FLAGS,  /* hexadecimal */
	OVL_A_INT,
	OVL_A_PTR,
};

/* Without a pointer: those the dynamic linker would write in each process, on pages of its own. */
#define OVL_SYSENT_NAME 18

struct ovl_sysent {
	char name[OVL_SYSENT_NAME]; /* "": no row */
	unsigned char arg[6];
};

extern const struct ovl_sysent ovl_systab[OVL_NR_MAX];

/*
 * The engine's own errand @op, as a call that the program would trace as @c: its result or -errno.
 * -ENOSYS: @op would leave it to the program. Context: as ovl_enter().
 */
long ovl_enter_op(struct ovl_call *c, ovl_handler *op);

/* The handler of call @nr; NULL: no row. */
ovl_handler *ovl_systab_handler(long nr);

/* Each row's handler exists: a missing one fails to link. */
#define ROW(name, guard, fn, ...) ovl_handler fn;
#include "systab.def"
#include "systab_legacy.def"
#undef ROW

#endif
