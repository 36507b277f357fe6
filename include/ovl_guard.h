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

#define OVL_GUARD_KEY 0x9ad3c0e5b71f2d86
/*
 * With it, in the fifth argument: past the engine, too. The key alone may be there by chance: a
 * signal's handler begins with the registers of the call that was interrupted.
 */
#define OVL_GUARD_PAST	0x51c6e90b7d38a4f2
#define OVL_GUARD_UPPER 0x9ad3c0e500000000 /* of the key */
#define OVL_GUARD_DATA	0x4f56

/* Added to a number below 512: trapped, whatever it is. See preload/far.h. */
#define OVL_GUARD_TRAP 0x10000000

/* What an open(2) that changes nothing has none of. */
#define OVL_GUARD_OFLAGS (O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY))

/* What the guard thinks of a system call: the second column of systab.def. */
#ifndef __ASSEMBLER__
enum ovl_guarded {
	OVL_G_FREE = 0, /* changes nothing */
	OVL_G_WRITE,	/* not without the key */
	OVL_G_OPEN1,	/* not with flags, in argument 1, that create, truncate or write */
	OVL_G_OPEN2,	/* the same, in argument 2 */
	OVL_G_IOCTL,	/* not with a request that changes a file: see ovl_ioctl.h */
	OVL_G_LIMIT0,	/* not for RLIMIT_CORE, in argument 0: see corefile.h */
	OVL_G_LIMIT1,	/* the same, in argument 1 */
	OVL_G_NOSYS,	/* there is no such call */
};
#endif

/* Requests of ioctl(2) that change a file through a descriptor open only for reading. */
#define OVL_GUARD_IOCTLS                                                                 \
	{                                                                                \
		0x40086602,			/* FS_IOC_SETFLAGS */                    \
			0x40046602,		/* FS_IOC32_SETFLAGS, by old programs */ \
			0x40087602,		/* FS_IOC_SETVERSION */                  \
			0x40047602,		/* FS_IOC32_SETVERSION */                \
			0x401c5820,		/* FS_IOC_FSSETXATTR */                  \
			0x40806685,		/* FS_IOC_ENABLE_VERITY */               \
			0x800c6613,		/* FS_IOC_SET_ENCRYPTION_POLICY */       \
			0x40047211,		/* FAT_IOCTL_SET_ATTRIBUTES */           \
			0x50009401, 0x50009417, /* BTRFS_IOC_SNAP_CREATE, _V2 */         \
			0x5000940e, 0x50009418, /* BTRFS_IOC_SUBVOL_CREATE, _V2 */       \
			0x5000940f, 0x5000943f, /* BTRFS_IOC_SNAP_DESTROY, _V2 */        \
			0x4008941a,		/* BTRFS_IOC_SUBVOL_SETFLAGS */          \
	}

#endif
