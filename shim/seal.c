/* SPDX-License-Identifier: MIT */
#include "seal.h"

#include "do.h"
#include "str.h"
#include "sys.h"

#define SEAL_SIZE 72 /* three numbers */

static size_t format(const struct statx *st, char *text)
{
	size_t n = ovl_str_number(text, (uint64_t)st->stx_mtime.tv_sec, 10);

	text[n++] = ' ';
	n += ovl_str_number(text + n, st->stx_mtime.tv_nsec, 10);
	text[n++] = ' ';
	return n + ovl_str_number(text + n, st->stx_size, 10);
}

unsigned ovl_seal_bits(unsigned mode, unsigned gid)
{
	unsigned bits = mode & S_ISUID;

	/* Without x for the group it is for locking, and stays for members: as the kernel. */
	if ((mode & S_IXGRP) || gid != (unsigned)ovl_sys(__NR_getegid))
		bits |= mode & S_ISGID;
	return bits;
}

bool ovl_seal_fits(long nr, const char *path, const struct statx *st)
{
	char text[SEAL_SIZE];
	char now[SEAL_SIZE];
	long n = ovl_sys(nr, path, OVL_XATTR_SEAL, text, sizeof(text));

	return n <= 0 || ((size_t)n == format(st, now) && !memcmp(text, now, (size_t)n));
}

void ovl_seal(const char *path, bool follow)
{
	struct statx st;
	char text[SEAL_SIZE];

	if (ovl_sys(__NR_statx, AT_FDCWD, path, follow ? 0 : AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS,
		    &st))
		return;
	if (follow)
		(void)ovl_sys(__NR_setxattr, path, OVL_XATTR_SEAL, text, format(&st, text), 0);
	else
		(void)ovl_do_setxattr(path, OVL_XATTR_SEAL, text, format(&st, text), 0);
}
