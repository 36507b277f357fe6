/* SPDX-License-Identifier: MIT */
#include "holds.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "say.h"
#include "upmark.h"

int ovl_holds_whiteout(const char *dir)
{
	char *node = ovl_text("%s/probe", dir);
	int err = mknod(node, S_IFCHR, 0) ? -errno : 0;

	(void)unlink(node); /* was perhaps not made */
	free(node);
	return err;
}

int ovl_holds_xattr(const char *dir)
{
	static const char name[] = "user.overlay.opaque";
	int err = setxattr(dir, name, "y", 1, 0) ? -errno : 0;

	(void)removexattr(dir, name); /* likewise */
	return err;
}

int ovl_holds_links(const char *dir)
{
	char *node = ovl_text("%s/probe", dir);
	char *other = ovl_text("%s/probe2", dir);
	int err = symlink("x", node) || link(node, other) ? -errno : 0;

	(void)unlink(node); /* likewise */
	(void)unlink(other);
	free(node);
	free(other);
	return err;
}

int ovl_holds_dot_wh(const char *dir)
{
	char *path = ovl_text("%s/probe", dir);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 01400);
	struct stat st;
	int err = fd < 0 || fstat(fd, &st) ? -errno : 0;

	if (!err && !ovl_upmark_is_file(".wh.x", &st))
		err = -EOPNOTSUPP;
	if (fd >= 0)
		close(fd);
	(void)unlink(path);
	free(path);
	return err;
}

/* A file called @name with something in it; it has no name any more. A descriptor or -errno. */
static int make_file(const char *dir, const char *name)
{
	char *path = ovl_text("%s/%s", dir, name);
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int err = fd < 0 ? -errno : 0;

	if (!err) {
		(void)unlink(path); /* nobody else is here */
		if (write(fd, name, 1) != 1) {
			err = -errno;
			close(fd);
		}
	}
	free(path);
	return err ? err : fd;
}

int ovl_holds_clone(const char *dir)
{
	int from = make_file(dir, "from");
	int to = from < 0 ? from : make_file(dir, "to");
	int err = to < 0 ? to : 0;

	if (!err && ioctl(to, FICLONE, from))
		err = -errno;
	if (from >= 0)
		close(from);
	if (to >= 0)
		close(to);
	return err;
}

int ovl_holds_tmpfile(const char *dir)
{
	int fd = open(dir, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}
