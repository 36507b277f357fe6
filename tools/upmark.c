/* SPDX-License-Identifier: MIT */
#include "upmark.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

static const char *const opaque_name[] = {"user.overlay.opaque", "trusted.overlay.opaque"};
static const char *const redirect_name[] = {"user.overlay.redirect", "trusted.overlay.redirect"};

bool ovl_upmark_dot_wh(int fd)
{
	char value[8];

	return fgetxattr(fd, opaque_name[0], value, sizeof(value)) < 0 && errno == ENOTSUP;
}

bool ovl_upmark_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

bool ovl_upmark_opaque(int fd, bool dot_wh)
{
	char value[2];

	if (dot_wh)
		return !faccessat(fd, OVL_UPMARK_WH_OPQ, F_OK, AT_SYMLINK_NOFOLLOW);
	for (int i = 0; i < 2; i++) {
		if (fgetxattr(fd, opaque_name[i], value, sizeof(value)) == 1 && value[0] == 'y')
			return true;
	}
	return false;
}

bool ovl_upmark_redirect(int fd, char *ret, size_t size)
{
	for (int i = 0; i < 2; i++) {
		ssize_t n = fgetxattr(fd, redirect_name[i], ret, size - 1);

		if (n > 0) {
			ret[n] = '\0';
			return true;
		}
	}
	return false;
}

int ovl_upmark_set_opaque(int fd)
{
	char value[2];

	/* not written again when it is there: nothing changes then */
	if (fgetxattr(fd, opaque_name[0], value, sizeof(value)) == 1 && value[0] == 'y')
		return 0;
	return fsetxattr(fd, opaque_name[0], "y", 1, 0) ? -errno : 0;
}

int ovl_upmark_clear_redirect(int fd)
{
	for (int i = 0; i < 2; i++) {
		if (fgetxattr(fd, redirect_name[i], NULL, 0) >= 0 &&
		    fremovexattr(fd, redirect_name[i]))
			return -errno;
	}
	return 0;
}

bool ovl_upmark_private(const char *name)
{
	static const char *const prefix[] = {"user.overlay.", "user.ovl.", "user.containers.",
					     "trusted.overlay."};

	for (size_t i = 0; i < sizeof(prefix) / sizeof(prefix[0]); i++) {
		if (!strncmp(name, prefix[i], strlen(prefix[i])))
			return true;
	}
	return false;
}
