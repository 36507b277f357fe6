/* SPDX-License-Identifier: MIT */
/*
 * sym_attr.c - mode and times, and making and removing names, where the function is not the call
 */
#include "sym.h"

#include "nr.h"

struct time {
	int64_t s;
	int64_t sub; /* nanoseconds, or microseconds */
};

SYM(int, fchmodat, int fd, const char *path, unsigned mode, int flags)
{
	if (!flags)
		return (int)ovl_sym_ret(ovl_sym(__NR_fchmodat, fd, path, mode));
	return (int)ovl_sym_ret(ovl_sym(__NR_fchmodat2, fd, path, mode, flags));
}

SYM(int, lchmod, const char *path, unsigned mode)
{
	return fchmodat(AT_FDCWD, path, mode, AT_SYMLINK_NOFOLLOW);
}

SYM(int, utimensat, int fd, const char *path, const struct time *t, int flags)
{
	/* without a name the call is futimens(), but not libc's function */
	if (!path)
		return (int)ovl_sym_ret(-EINVAL);
	return (int)ovl_sym_ret(ovl_sym(__NR_utimensat, fd, path, t, flags));
}

SYM(int, futimens, int fd, const struct time *t)
{
	if (fd < 0)
		return (int)ovl_sym_ret(-EBADF); /* AT_FDCWD is none here */
	return (int)ovl_sym_ret(ovl_sym(__NR_utimensat, fd, NULL, t, 0));
}

static long set_times(int fd, const char *path, const struct time *micro, int flags)
{
	struct time nano[2];

	for (int i = 0; i < 2 && micro; i++) {
		if (micro[i].sub < 0 || micro[i].sub >= 1000000)
			return -EINVAL;
		nano[i] = (struct time){micro[i].s, micro[i].sub * 1000};
	}
	return ovl_sym(__NR_utimensat, fd, path, micro ? nano : NULL, flags);
}

SYM(int, futimes, int fd, const struct time *t)
{
	return (int)ovl_sym_ret(fd < 0 ? -EBADF : set_times(fd, NULL, t, 0));
}

SYM(int, lutimes, const char *path, const struct time *t)
{
	return (int)ovl_sym_ret(set_times(AT_FDCWD, path, t, AT_SYMLINK_NOFOLLOW));
}

SYM(int, mkfifo, const char *path, unsigned mode)
{
	return (int)ovl_sym_ret(ovl_sym(__NR_mknod, path, mode | S_IFIFO, 0));
}

SYM(int, mkfifoat, int fd, const char *path, unsigned mode)
{
	return (int)ovl_sym_ret(ovl_sym(__NR_mknodat, fd, path, mode | S_IFIFO, 0));
}

SYM(int, __xmknod, int version, const char *path, unsigned mode, const uint64_t *dev)
{
	(void)version;
	return (int)ovl_sym_ret(ovl_sym(__NR_mknod, path, mode, *dev));
}

SYM(int, __xmknodat, int version, int fd, const char *path, unsigned mode, const uint64_t *dev)
{
	(void)version;
	return (int)ovl_sym_ret(ovl_sym(__NR_mknodat, fd, path, mode, *dev));
}

SYM(int, remove, const char *path)
{
	long r = ovl_sym(__NR_unlink, path);

	if (r == -EISDIR || r == -EPERM) {
		long dir = ovl_sym(__NR_rmdir, path);

		r = dir == -ENOTDIR ? r : dir;
	}
	return (int)ovl_sym_ret(r);
}

SYM(int, umount, const char *path)
{
	return (int)ovl_sym_ret(ovl_sym(__NR_umount2, path, 0));
}

/* <fcntl.h> has no other lock than this one's. */
SYM(int, lockf, int fd, int what, int64_t len)
{
	struct flock l = {.l_type = F_WRLCK, .l_whence = 1 /* SEEK_CUR */, .l_len = len};
	int cmd = F_SETLK;
	long r;

	switch (what) {
	case 0: /* F_ULOCK */
		l.l_type = F_UNLCK;
		break;
	case 1: /* F_LOCK */
		cmd = F_SETLKW;
		break;
	case 2: /* F_TLOCK */
		break;
	case 3: /* F_TEST */
		l.l_type = F_RDLCK;
		cmd = F_GETLK;
		break;
	default:
		return (int)ovl_sym_ret(-EINVAL);
	}
	r = ovl_sym_point(__NR_fcntl, fd, cmd, (long)&l, 0, 0, 0);
	if (!r && cmd == F_GETLK && l.l_type != F_UNLCK)
		r = -EACCES;
	return (int)ovl_sym_ret(r);
}
SYM_ALIAS(lockf64, lockf);
