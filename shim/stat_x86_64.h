/* SPDX-License-Identifier: MIT */
/*
 * stat_x86_64.h - struct stat as x86-64's stat, lstat, fstat and newfstatat fill it
 * (Linux, arch/x86/include/uapi/asm/stat.h)
 */
#ifndef OVL_STAT_X86_64_H
#define OVL_STAT_X86_64_H

#include "ovl_base.h"

struct ovl_kstat {
	uint64_t dev;
	uint64_t ino;
	uint64_t nlink;
	uint32_t mode;
	uint32_t uid;
	uint32_t gid;
	uint32_t pad;
	uint64_t rdev;
	int64_t size;
	int64_t blksize;
	int64_t blocks;
	uint64_t atime, atime_nsec;
	uint64_t mtime, mtime_nsec;
	uint64_t ctime, ctime_nsec;
	int64_t unused[3];
};

_Static_assert(sizeof(struct ovl_kstat) == 144, "struct stat of x86-64");

/* The kernel's encoding of a device number: new_encode_dev() of linux/kdev_t.h. */
static inline uint64_t ovl_dev(uint32_t major, uint32_t minor)
{
	return (minor & 0xff) | (uint64_t)major << 8 | (uint64_t)(minor & ~0xffU) << 12;
}

/* Field by field: to clear it first takes longer than the rest. */
static inline void ovl_kstat_fill(struct ovl_kstat *to, const struct statx *st)
{
	to->dev = ovl_dev(st->stx_dev_major, st->stx_dev_minor);
	to->ino = st->stx_ino;
	to->nlink = st->stx_nlink;
	to->mode = st->stx_mode;
	to->uid = st->stx_uid;
	to->gid = st->stx_gid;
	to->pad = 0;
	to->rdev = ovl_dev(st->stx_rdev_major, st->stx_rdev_minor);
	to->size = (int64_t)st->stx_size;
	to->blksize = st->stx_blksize;
	to->blocks = (int64_t)st->stx_blocks;
	to->atime = (uint64_t)st->stx_atime.tv_sec;
	to->atime_nsec = st->stx_atime.tv_nsec;
	to->mtime = (uint64_t)st->stx_mtime.tv_sec;
	to->mtime_nsec = st->stx_mtime.tv_nsec;
	to->ctime = (uint64_t)st->stx_ctime.tv_sec;
	to->ctime_nsec = st->stx_ctime.tv_nsec;
	to->unused[0] = to->unused[1] = to->unused[2] = 0;
}

#endif
