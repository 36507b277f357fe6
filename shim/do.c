/* SPDX-License-Identifier: MIT */
#include "do.h"

/* A call that a signal could not interrupt here, but a network file system may. */
static int retry(long nr, long a, long b, long c, long d, long e)
{
	long r;

	do {
		r = ovl_sys(nr, a, b, c, d, e);
	} while (r == -EINTR);
	return (int)r;
}

#define RETRY(...) RETRY_PAD(__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define RETRY_PAD(nr, a, b, c, d, e, ...) \
	retry(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e))

int ovl_do_open(int dir, const char *name, int flags, unsigned mode)
{
	return RETRY(__NR_openat, dir, name, flags | O_CLOEXEC, mode);
}

int ovl_do_mkdir(int dir, const char *name, unsigned mode)
{
	return RETRY(__NR_mkdirat, dir, name, mode);
}

int ovl_do_mknod(int dir, const char *name, unsigned mode, uint64_t dev)
{
	return RETRY(__NR_mknodat, dir, name, mode, dev);
}

int ovl_do_symlink(const char *text, int dir, const char *name)
{
	return RETRY(__NR_symlinkat, text, dir, name);
}

int ovl_do_unlink(int dir, const char *name, int flags)
{
	return RETRY(__NR_unlinkat, dir, name, flags);
}

int ovl_do_link(int from, const char *oldname, int to, const char *newname, int flags)
{
	return RETRY(__NR_linkat, from, oldname, to, newname, flags);
}

int ovl_do_rename(int from, const char *oldname, int to, const char *newname, unsigned flags)
{
	if (!flags)
		return RETRY(__NR_renameat, from, oldname, to, newname);
	return RETRY(__NR_renameat2, from, oldname, to, newname, flags);
}

int ovl_do_chmod(int dir, const char *name, unsigned mode)
{
	return RETRY(__NR_fchmodat, dir, name, mode);
}

int ovl_do_chown(int dir, const char *name, unsigned uid, unsigned gid, int flags)
{
	return RETRY(__NR_fchownat, dir, name, uid, gid, flags);
}

int ovl_do_utimens(int dir, const char *name, const void *times, int flags)
{
	return RETRY(__NR_utimensat, dir, name, times, flags);
}

int ovl_do_setxattr(const char *path, const char *name, const void *v, size_t n, int flags)
{
	return RETRY(__NR_lsetxattr, path, name, v, n, flags);
}

int ovl_do_setxattr_held(const char *link, const char *name, const void *v, size_t n, int flags)
{
	return RETRY(__NR_setxattr, link, name, v, n, flags);
}

int ovl_do_removexattr_held(const char *link, const char *name)
{
	return RETRY(__NR_removexattr, link, name);
}
