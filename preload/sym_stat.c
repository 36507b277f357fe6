/* SPDX-License-Identifier: MIT */
/*
 * sym_stat.c - what is asked of a name, where the function is not the call itself
 */
#include "sym.h"

#include "nr.h"
#include "symnext.h"

#include <asm/stat.h>
#include <asm/statfs.h>

/* <sys/statvfs.h>, which belongs to libc. */
struct statvfs {
	uint64_t bsize, frsize, blocks, bfree, bavail, files, ffree, favail, fsid, flag, namemax;
	uint32_t type;
	int spare[5];
};

#define ST_VALID 0x20 /* struct statfs has flags: Linux 2.6.36 */

/* Programs made before glibc 2.33 have these; the version is always that of the kernel's struct. */
SYM(int, __xstat, int version, const char *path, void *st)
{
	(void)version;
	return (int)ovl_sym_ret(ovl_sym(__NR_stat, path, st));
}
SYM_ALIAS(__xstat64, __xstat);

SYM(int, __lxstat, int version, const char *path, void *st)
{
	(void)version;
	return (int)ovl_sym_ret(ovl_sym(__NR_lstat, path, st));
}
SYM_ALIAS(__lxstat64, __lxstat);

SYM(int, __fxstat, int version, int fd, void *st)
{
	(void)version;
	return (int)ovl_sym_ret(ovl_sym(__NR_fstat, fd, st));
}
SYM_ALIAS(__fxstat64, __fxstat);

SYM(int, __fxstatat, int version, int fd, const char *path, void *st, int flags)
{
	(void)version;
	return (int)ovl_sym_ret(ovl_sym(__NR_newfstatat, fd, path, st, flags));
}
SYM_ALIAS(__fxstatat64, __fxstatat);

SYM(int, faccessat, int fd, const char *path, int mode, int flags)
{
	if (!flags)
		return (int)ovl_sym_ret(ovl_sym(__NR_faccessat, fd, path, mode));
	return (int)ovl_sym_ret(ovl_sym(__NR_faccessat2, fd, path, mode, flags));
}

SYM(int, euidaccess, const char *path, int mode)
{
	return (int)ovl_sym_ret(ovl_sym(__NR_faccessat2, AT_FDCWD, path, mode, AT_EACCESS));
}
SYM_ALIAS(eaccess, euidaccess);

SYM(int, ftok, const char *path, int project)
{
	struct stat st;
	long r = ovl_sym(__NR_stat, path, &st);

	if (r)
		return (int)ovl_sym_ret(r);
	return (int)((st.st_ino & 0xffff) | (st.st_dev & 0xff) << 16 | (unsigned)project << 24);
}

static int answer(long r, const struct statfs *s, struct statvfs *ret)
{
	if (!r)
		*ret = (struct statvfs){
			.bsize = (uint64_t)s->f_bsize,
			.frsize = (uint64_t)(s->f_frsize ? s->f_frsize : s->f_bsize),
			.blocks = (uint64_t)s->f_blocks,
			.bfree = (uint64_t)s->f_bfree,
			.bavail = (uint64_t)s->f_bavail,
			.files = (uint64_t)s->f_files,
			.ffree = (uint64_t)s->f_ffree,
			.favail = (uint64_t)s->f_ffree,
			.fsid = (uint32_t)s->f_fsid.val[0] | (uint64_t)s->f_fsid.val[1] << 32,
			.flag = (uint64_t)s->f_flags & ~(uint64_t)ST_VALID,
			.namemax = (uint64_t)s->f_namelen,
			.type = (uint32_t)s->f_type,
		};
	return (int)ovl_sym_ret(r);
}

SYM(int, statvfs, const char *path, struct statvfs *ret)
{
	struct statfs s;

	return answer(ovl_sym(__NR_statfs, path, &s), &s, ret);
}
SYM_ALIAS(statvfs64, statvfs);

SYM(int, fstatvfs, int fd, struct statvfs *ret)
{
	struct statfs s;

	return answer(ovl_sym(__NR_fstatfs, fd, &s), &s, ret);
}
SYM_ALIAS(fstatvfs64, fstatvfs);

SYM(long, pathconf, const char *path, int what)
{
	long fd = ovl_sym(__NR_open, path, O_PATH | O_CLOEXEC);
	long r;

	if (fd < 0)
		return ovl_sym_ret(fd);
	r = OVL_NEXT(fpathconf, long(int, int))((int)fd, what);
	(void)ovl_sym(__NR_close, fd); /* it was only looked at */
	return r;
}
