/* SPDX-License-Identifier: MIT */
#include "marks.h"

#include "real.h"
#include "str.h"

#define S_IFWHT S_IFCHR

enum mark { M_OPAQUE, M_REDIRECT };

/* Each mark in the namespace of ordinary users first, then in root's. */
static const char *const mark_name[][2] = {
	[M_OPAQUE] = {"user.overlay.opaque", "trusted.overlay.opaque"},
	[M_REDIRECT] = {"user.overlay.redirect", "trusted.overlay.redirect"},
};

bool ovl_mark_is_whiteout(const struct statx *st)
{
	return (st->stx_mode & S_IFMT) == S_IFWHT && !st->stx_rdev_major && !st->stx_rdev_minor;
}

/* The value of @mark on @p into @buf, or -errno; -ENODATA when it is in neither namespace. */
static long get(struct ovl_path *p, enum mark mark, char *buf, size_t size)
{
	long n = -ENODATA;

	for (int i = 0; i < 2 && n < 0; i++) {
		OVL_FD dir = -1;

		if (p->len < PATH_MAX) {
			n = ovl_sys(__NR_lgetxattr, p->buf, mark_name[mark][i], buf, size);
			continue;
		}
		dir = ovl_real_open(p, O_RDONLY | O_DIRECTORY);
		if (dir < 0)
			return dir;
		n = ovl_sys(__NR_fgetxattr, dir, mark_name[mark][i], buf, size);
	}
	return n;
}

bool ovl_mark_is_opaque(struct ovl_path *p)
{
	char value[2];

	return get(p, M_OPAQUE, value, sizeof(value)) == 1 && value[0] == 'y';
}

int ovl_mark_opaque(int fd)
{
	return (int)ovl_sys(__NR_fsetxattr, fd, mark_name[M_OPAQUE][0], "y", 1, 0);
}

int ovl_mark_whiteout(int fd, const char *name)
{
	return (int)ovl_sys(__NR_mknodat, fd, name, S_IFWHT | 0, 0);
}

int ovl_mark_redirect(struct ovl_path *p, struct ovl_path *ret)
{
	long n = get(p, M_REDIRECT, ret->buf, sizeof(ret->buf) - 1);

	if (n < 0)
		return (int)n;
	ovl_path_cut(ret, (unsigned)n);
	if (!n || ovl_str_has(ret->buf, "/../"))
		return -EINVAL;
	return 0;
}

int ovl_mark_redirect_set(int fd, const char *text, size_t n)
{
	return (int)ovl_sys(__NR_fsetxattr, fd, mark_name[M_REDIRECT][0], text, n, 0);
}

bool ovl_mark_private(const char *name)
{
	return ovl_str_starts(name, "user.overlay.") || ovl_str_starts(name, "user.ovl.") ||
	       ovl_str_starts(name, "trusted.overlay.") || ovl_str_equal(name, OVL_XATTR_OVERRIDE);
}
