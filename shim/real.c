/* SPDX-License-Identifier: MIT */
#include "real.h"

#include "str.h"

/* What openat2(2) takes; it refuses what open(2) ignores. */
#define OPEN_FLAGS                                                                             \
	(O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_DSYNC | \
	 O_SYNC | FASYNC | O_DIRECT | O_LARGEFILE | O_DIRECTORY | O_NOFOLLOW | O_NOATIME |     \
	 O_CLOEXEC | O_PATH | O_TMPFILE)

int ovl_open_exact(int fd, const char *name, int flags, unsigned mode)
{
	struct open_how how = {
		.flags = (unsigned)(flags & OPEN_FLAGS),
		.mode = mode,
		.resolve = RESOLVE_NO_SYMLINKS,
	};
	long r = ovl_sys(__NR_openat2, fd, name, &how, sizeof(how));

	if (r == -ENOSYS || r == -EPERM)
		r = ovl_sys(__NR_openat, fd, name, flags | O_NOFOLLOW, mode);
	return (int)r;
}

int ovl_open_beneath(int fd, const char *name, int flags, unsigned mode)
{
	return ovl_open_exact(fd, name, flags | O_CLOEXEC, mode);
}

/* Open the longest directory prefix of @text that fits a system call; *@text moves behind it. */
static int open_prefix(int fd, char **text)
{
	char *cut = *text + PATH_MAX - 1;
	int next;

	while (cut > *text && *cut != '/')
		cut--;
	if (cut == *text)
		return -ENAMETOOLONG;
	*cut = '\0';
	next = ovl_open_beneath(fd, *text, O_PATH | O_DIRECTORY, 0);
	*cut = '/';
	*text = cut + 1;
	return next;
}

/* Open directories on the way until fewer than @room bytes are left, at *@ret_text. */
static int shorten(struct ovl_path *p, size_t room, struct ovl_loc *ret, char **ret_text)
{
	char *text = p->buf;

	while ((size_t)(p->buf + p->len - text) >= room) {
		int next = open_prefix(ret->fd, &text);

		if (next < 0)
			return next;
		ovl_fd_drop(&ret->fd);
		ret->fd = next;
	}
	ret->name = *ret_text = text;
	return 0;
}

int ovl_loc_get(struct ovl_path *p, struct ovl_loc *ret)
{
	char *text;

	return shorten(p, PATH_MAX, ret, &text);
}

size_t ovl_fd_link(int fd, char *out)
{
	static const char dir[] = "/proc/self/fd/";

	memcpy(out, dir, sizeof(dir) - 1);
	return sizeof(dir) - 1 + ovl_str_number(out + sizeof(dir) - 1, (unsigned)fd, 10);
}

int ovl_loc_path(struct ovl_path *p, struct ovl_loc *ret)
{
	char link[OVL_FD_LINK];
	char *text;
	unsigned n;
	int err;

	if (p->len < PATH_MAX) {
		ret->name = p->buf;
		return 0;
	}
	err = shorten(p, PATH_MAX - OVL_FD_LINK, ret, &text);
	if (err)
		return err;
	/* At least OVL_FD_LINK bytes are before @text: that many more were opened. */
	n = (unsigned)ovl_fd_link(ret->fd, link);
	link[n++] = '/';
	ret->over = text - n;
	memcpy(ret->saved, ret->over, n);
	ret->nsaved = n;
	memcpy(ret->over, link, n);
	ret->name = ret->over;
	return 0;
}

int ovl_real_statx(struct ovl_path *p, struct statx *ret_st)
{
	OVL_LOC loc = OVL_LOC_INIT;
	int err = ovl_loc_get(p, &loc);

	if (err)
		return err;
	return (int)ovl_sys(__NR_statx, loc.fd, loc.name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
			    STATX_BASIC_STATS | STATX_BTIME, ret_st);
}

int ovl_real_readlink(struct ovl_path *p, struct ovl_path *ret)
{
	OVL_LOC loc = OVL_LOC_INIT;
	long n;
	int err = ovl_loc_get(p, &loc);

	if (err)
		return err;
	n = ovl_sys(__NR_readlinkat, loc.fd, loc.name, ret->buf, sizeof(ret->buf) - 1);
	if (n < 0)
		return (int)n;
	ovl_path_cut(ret, (unsigned)n);
	return 0;
}

int ovl_real_open(struct ovl_path *p, int flags)
{
	OVL_LOC loc = OVL_LOC_INIT;
	int err = ovl_loc_get(p, &loc);

	if (err)
		return err;
	return ovl_open_beneath(loc.fd, loc.name, flags, 0);
}
