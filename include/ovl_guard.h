/* SPDX-License-Identifier: MIT */
/*
 * ovl_guard.h - how the guard, an inherited seccomp filter, knows the engine's own calls
 *
 * A system call that can change a file is let through if its sixth argument, which none of
 * them has, is OVL_GUARD_KEY. setxattrat has six: there the upper half of its directory
 * descriptor, which the kernel ignores, is that of the key. Neither is anything that a program
 * passes by chance: the upper half is that of no address and of no number.
 * Every other call of that kind is trapped: SIGSYS with si_errno OVL_GUARD_DATA.
 *
 * A key, and not an address to call from: a call that blocks has to be entered from text that
 * has unwind information, which a page at a fixed address can not have, and to map one costs
 * every start 36 us.
 */
#ifndef OVL_GUARD_H
#define OVL_GUARD_H

#define OVL_GUARD_KEY	0x9ad3c0e5b71f2d86
#define OVL_GUARD_UPPER 0x9ad3c0e500000000 /* of the key */
#define OVL_GUARD_DATA	0x4f56

/* What the guard thinks of a system call: the second column of systab.def. */
#ifndef __ASSEMBLER__
enum ovl_guarded {
	OVL_G_FREE = 0, /* changes nothing */
	OVL_G_WRITE,	/* not without the key */
	OVL_G_OPEN1,	/* not with flags, in argument 1, that create, truncate or write */
	OVL_G_OPEN2,	/* the same, in argument 2 */
	OVL_G_IOCTL,	/* not with a request that changes a file: see ovl_ioctl.h */
	OVL_G_NOSYS,	/* there is no such call */
};
#endif

#endif
