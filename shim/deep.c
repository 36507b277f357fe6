/* SPDX-License-Identifier: MIT */
#include "deep.h"

#include "dirent.h"
#include "real.h"
#include "str.h"

#define PROT_R	   1 /* PROT_READ */
#define MAP_SHARE  1 /* MAP_SHARED */
#define DELETED	   " (deleted)"
#define LOOK	   (STATX_TYPE | STATX_INO)
#define LIST_LEAST 1024 /* bytes for getdents64 to work with */

/*
 * A directory on the way up. Names are gathered at the end of the path's buffer, from the last
 * to the first; what is before them is room for listings.
 */
struct climb {
	struct ovl_path *p;
	unsigned tail; /* where the names begin */
	struct statx st;
};

/* Put "/@name" before the names gathered so far. */
static int gather(struct climb *c, const char *name)
{
	unsigned n = (unsigned)strlen(name);

	if (c->tail < n + 1 + LIST_LEAST)
		return -ENAMETOOLONG;
	/* The listing that @name is in ends at least a name before. */
	memmove(c->p->buf + c->tail - n, name, n);
	c->tail -= n + 1;
	c->p->buf[c->tail] = '/';
	return 0;
}

/*
 * Is @d, in directory @dir, the one that we come from? By number first; where a file system is
 * mounted the number in the listing is that of the directory below.
 */
static bool is_it(const struct climb *c, int dir, const struct ovl_dirent *d, bool by_number)
{
	struct statx st;

	if (ovl_dirent_is_dots(d) || (d->type != OVL_DT_DIR && d->type != OVL_DT_UNKNOWN))
		return false;
	if (by_number && d->ino != c->st.stx_ino)
		return false;
	return !ovl_sys(__NR_statx, dir, d->name, AT_SYMLINK_NOFOLLOW, LOOK, &st) &&
	       ovl_is_same_object(&st, &c->st);
}

/* Search directory @dir for the one that we come from. 1: its name is gathered. */
static int search(struct climb *c, int dir, bool by_number)
{
	char *buf = c->p->buf + (-(uintptr_t)c->p->buf & 7);
	size_t room = c->tail - 8 - (NAME_MAX + 1);
	long n;

	while ((n = ovl_sys(__NR_getdents64, dir, buf, room)) > 0) {
		for (long i = 0; i < n;) {
			const struct ovl_dirent *d = (const void *)(buf + i);
			int err;

			i += d->reclen;
			if (!is_it(c, dir, d, by_number))
				continue;
			err = gather(c, d->name);
			return err ? err : 1;
		}
	}
	return (int)n;
}

/* One step: @at becomes its parent, and its name there is gathered. */
static int step_up(struct climb *c, int *at)
{
	OVL_FD dir = -1;
	int err = (int)ovl_sys(__NR_statx, *at, "", AT_EMPTY_PATH, LOOK, &c->st);

	if (err)
		return err;
	dir = ovl_open_beneath(*at, "..", O_RDONLY | O_DIRECTORY, 0);
	if (dir < 0)
		return dir;
	err = search(c, dir, true);
	if (!err)
		err = (int)ovl_sys(__NR_lseek, dir, 0, 0);
	if (!err)
		err = search(c, dir, false);
	if (err <= 0)
		return err ? err : -ESTALE;
	ovl_fd_drop(at);
	*at = ovl_fd_steal(&dir);
	return 0;
}

/* The path of directory @at before the names, if the kernel tells it. */
static long head(struct climb *c, int at)
{
	char link[OVL_FD_LINK];
	long n;

	(void)ovl_fd_link(at, link);
	n = ovl_sys(__NR_readlinkat, AT_FDCWD, link, c->p->buf, PATH_MAX);
	return n >= (long)c->tail ? -ENAMETOOLONG : n;
}

static int climb(int fd, struct ovl_path *p)
{
	struct climb c = {.p = p, .tail = sizeof(p->buf) - 1};
	OVL_FD at = ovl_open_beneath(fd, ".", O_PATH | O_DIRECTORY, 0);
	unsigned names;
	long n;

	if (at < 0)
		return at;
	do {
		int err = step_up(&c, &at);

		if (err)
			return err;
		n = head(&c, at);
	} while (n == -ENAMETOOLONG);
	if (n < 0)
		return (int)n;
	if (n == 1)
		n = 0; /* "/" */
	names = (unsigned)sizeof(p->buf) - 1 - c.tail;
	memmove(p->buf + n, p->buf + c.tail, names);
	ovl_path_cut(p, (unsigned)n + names);
	return 0;
}

/* Reading /proc/self/maps: one byte after the other. */
struct reader {
	int fd;
	long n;
	long at;
	char buf[256];
};

/* The next byte, or 0 at the end. */
static char next_byte(struct reader *r)
{
	if (r->at >= r->n) {
		r->n = ovl_sys(__NR_read, r->fd, r->buf, sizeof(r->buf));
		r->at = 0;
		if (r->n <= 0)
			return 0;
	}
	return r->buf[r->at++];
}

/* A line begins with its address in hexadecimal. */
static uint64_t read_address(struct reader *r)
{
	uint64_t v = 0;

	for (;;) {
		char c = next_byte(r);

		if (c >= '0' && c <= '9')
			v = v << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			v = v << 4 | (uint64_t)(c - 'a' + 10);
		else
			return v;
	}
}

/* What is left of the line, from the first slash on, to @p; "\012" is a newline: proc(5). */
static int read_path(struct reader *r, struct ovl_path *p)
{
	char c = next_byte(r);

	ovl_path_cut(p, 0);
	while (c && c != '\n' && c != '/')
		c = next_byte(r);
	for (; c && c != '\n'; c = next_byte(r)) {
		if (ovl_path_add(p, &c, 1))
			return -ENAMETOOLONG;
		if (ovl_str_ends(p->buf, p->len, "\\012")) {
			ovl_path_cut(p, p->len - 4);
			(void)ovl_path_add(p, "\n", 1); /* there is room for it */
		}
	}
	return p->len ? 0 : -ENAMETOOLONG;
}

static int path_of_map(uint64_t address, struct ovl_path *p)
{
	OVL_FD maps = (int)ovl_sys(__NR_openat, AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC);
	struct reader r = {.fd = maps};

	if (maps < 0)
		return maps;
	while (read_address(&r) != address) {
		char c = next_byte(&r);

		while (c && c != '\n')
			c = next_byte(&r);
		if (!c)
			return -ENAMETOOLONG;
	}
	return read_path(&r, p);
}

/* A file is mapped for a moment: closing a second descriptor of it would cost its locks. */
static int map_and_ask(int fd, struct ovl_path *p)
{
	long map = ovl_sys(__NR_mmap, 0, 4096, PROT_R, MAP_SHARE, fd, 0);
	struct statx st;
	int err;

	if (ovl_is_err(map))
		return -ENAMETOOLONG;
	err = path_of_map((uint64_t)map, p);
	(void)ovl_sys(__NR_munmap, map, 4096); /* our own mapping */
	/* Removed, unless that is its name. */
	if (!err && ovl_str_ends(p->buf, p->len, DELETED) && ovl_real_statx(p, &st))
		err = -ESTALE;
	return err;
}

static int type_of(int fd)
{
	struct statx st;
	int err = (int)ovl_sys(__NR_statx, fd, "", AT_EMPTY_PATH, LOOK, &st);

	return err ? err : st.stx_mode & S_IFMT;
}

int ovl_deep_path(int fd, struct ovl_path *p)
{
	int type = type_of(fd);

	switch (type) {
	case S_IFDIR:
		return climb(fd, p);
	case S_IFREG:
		return map_and_ask(fd, p);
	default:
		return type < 0 ? type : -ENAMETOOLONG;
	}
}
