/* SPDX-License-Identifier: MIT */
#include "fdview.h"

#include "known.h"
#include "str.h"
#include "view.h"

size_t ovl_fd_link(int fd, char *out)
{
	static const char dir[] = "/proc/self/fd/";

	memcpy(out, dir, sizeof(dir) - 1);
	return sizeof(dir) - 1 + ovl_str_number(out + sizeof(dir) - 1, (unsigned)fd, 10);
}

bool ovl_fd_is_removed(const struct ovl_path *p)
{
	struct statx st;

	if (!ovl_str_ends(p->buf, p->len, " (deleted)"))
		return false;
	return ovl_sys(__NR_statx, AT_FDCWD, p->buf, AT_SYMLINK_NOFOLLOW, 0, &st) < 0;
}

int ovl_fd_path(int fd, struct ovl_path *p)
{
	char link[32];
	long n;

	if (fd == AT_FDCWD) {
		n = ovl_sys(__NR_readlinkat, AT_FDCWD, "/proc/self/cwd", p->buf,
			    sizeof(p->buf) - 1);
	} else {
		if (fd < 0)
			return -EBADF;
		ovl_fd_link(fd, link);
		n = ovl_sys(__NR_readlinkat, AT_FDCWD, link, p->buf, sizeof(p->buf) - 1);
	}
	if (n == -ENOENT)
		return fd == AT_FDCWD ? -ESTALE : -EBADF;
	if (n < 0)
		return (int)n;
	ovl_path_cut(p, (unsigned)n);
	if (p->buf[0] != '/' || ovl_fd_is_removed(p))
		return -ESTALE;
	return ovl_known_is_locked(fd) ? OVL_NONE : ovl_view_from_real(p);
}
