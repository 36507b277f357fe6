/* SPDX-License-Identifier: MIT */
#include "compare.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "upmark.h"

/* There is no getxattrat() on every kernel: the way through /proc serves for all. */
struct proc_path {
	char text[64 + NAME_MAX];
};

static struct proc_path name_object(const struct ovl_object *o)
{
	struct proc_path p;

	snprintf(p.text, sizeof(p.text), "/proc/self/fd/%d/%s", o->at, o->name);
	return p;
}

/* Has the file of which @st tells been written since its suid and sgid bits were recorded? */
static bool was_written(const struct proc_path *p, const struct stat *st)
{
	char now[80];
	char value[80];
	ssize_t n = S_ISREG(st->st_mode)
			    ? lgetxattr(p->text, "user.ovl.seal", value, sizeof(value) - 1)
			    : -1;

	if (n <= 0)
		return false;
	value[n] = '\0';
	snprintf(now, sizeof(now), "%lld %ld %lld", (long long)st->st_mtim.tv_sec,
		 st->st_mtim.tv_nsec, (long long)st->st_size);
	return strcmp(now, value) != 0;
}

void ovl_object_settle(struct ovl_object *o)
{
	struct proc_path p = name_object(o);
	char value[128];
	unsigned uid;
	unsigned gid;
	unsigned mode;
	ssize_t n;

	n = lgetxattr(p.text, "user.containers.override_stat", value, sizeof(value) - 1);
	if (n <= 0)
		return;
	value[n] = '\0';
	if (sscanf(value, "%u:%u:%o", &uid, &gid, &mode) != 3)
		return;
	if (was_written(&p, &o->st)) /* see shim/seal.h */
		mode &= mode & S_IXGRP ? ~(S_ISUID | S_ISGID) : ~S_ISUID;
	o->st.st_uid = uid;
	o->st.st_gid = gid;
	o->st.st_mode = (o->st.st_mode & S_IFMT) | (mode & 07777);
}

/* Read @fd until @buf is full or the file ends. */
static ssize_t read_full(int fd, char *buf, size_t size)
{
	size_t have = 0;

	while (have < size) {
		ssize_t n = read(fd, buf + have, size - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		have += (size_t)n;
	}
	return (ssize_t)have;
}

static int compare_open(int a, int b)
{
	static char x[65536];
	static char y[sizeof(x)];

	for (;;) {
		ssize_t n = read_full(a, x, sizeof(x));
		ssize_t m = read_full(b, y, sizeof(y));

		if (n < 0 || m < 0)
			return (int)(n < 0 ? n : m);
		if (n != m || memcmp(x, y, (size_t)n))
			return 1;
		if (!n)
			return 0;
	}
}

static int compare_content(const struct ovl_object *a, const struct ovl_object *b)
{
	int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int x = openat(a->at, a->name, flags);
	int y;
	int result;

	if (x < 0)
		return -errno;
	y = openat(b->at, b->name, flags);
	if (y < 0) {
		result = -errno;
	} else {
		result = compare_open(x, y);
		close(y);
	}
	close(x);
	return result;
}

static int compare_target(const struct ovl_object *a, const struct ovl_object *b)
{
	char x[PATH_MAX];
	char y[PATH_MAX];
	ssize_t n = readlinkat(a->at, a->name, x, sizeof(x));
	ssize_t m = n < 0 ? n : readlinkat(b->at, b->name, y, sizeof(y));

	if (n < 0 || m < 0)
		return -errno;
	return n != m || memcmp(x, y, (size_t)n);
}

/* The next xattr name in @list of @n bytes from *@at on that is the program's; NULL at the end. */
static const char *next_xattr(const char *list, ssize_t n, ssize_t *at)
{
	while (*at < n) {
		const char *name = list + *at;

		*at += (ssize_t)strlen(name) + 1;
		if (!ovl_upmark_private(name))
			return name;
	}
	return NULL;
}

static int count_xattrs(const char *list, ssize_t n)
{
	ssize_t at = 0;
	int count = 0;

	while (next_xattr(list, n, &at))
		count++;
	return count;
}

/* 0 when each xattr of @a in @list has the same value on @b. */
static int compare_values(const char *a, const char *b, const char *list, ssize_t n)
{
	static char x[XATTR_SIZE_MAX];
	static char y[XATTR_SIZE_MAX];
	const char *name;
	ssize_t at = 0;

	while ((name = next_xattr(list, n, &at))) {
		ssize_t i = lgetxattr(a, name, x, sizeof(x));
		ssize_t k = lgetxattr(b, name, y, sizeof(y));

		/* one that may be listed but not read differs when only one side says so */
		if (i != k || (i > 0 && memcmp(x, y, (size_t)i)))
			return 1;
	}
	return 0;
}

static int compare_xattrs(const struct ovl_object *a, const struct ovl_object *b)
{
	static char x[XATTR_LIST_MAX];
	static char y[XATTR_LIST_MAX];
	struct proc_path p = name_object(a);
	struct proc_path q = name_object(b);
	ssize_t n;
	ssize_t m;

	n = llistxattr(p.text, x, sizeof(x));
	m = llistxattr(q.text, y, sizeof(y));
	/* a layer without xattrs has none that differ */
	if (n < 0 || m < 0)
		return 0;
	if (count_xattrs(x, n) != count_xattrs(y, m))
		return 1;
	return compare_values(p.text, q.text, x, n);
}

static int compare_times(const struct ovl_object *a, const struct ovl_object *b)
{
	return a->st.st_mtim.tv_sec != b->st.st_mtim.tv_sec ||
	       a->st.st_mtim.tv_nsec != b->st.st_mtim.tv_nsec;
}

int ovl_object_compare(const struct ovl_object *a, const struct ovl_object *b)
{
	mode_t type = a->st.st_mode & S_IFMT;

	if (a->st.st_mode != b->st.st_mode || a->st.st_uid != b->st.st_uid ||
	    a->st.st_gid != b->st.st_gid || compare_xattrs(a, b))
		return 1;
	if (type == S_IFDIR)
		return 0;
	if (compare_times(a, b))
		return 1;
	if (type == S_IFREG)
		return a->st.st_size != b->st.st_size ? 1 : compare_content(a, b);
	if (type == S_IFLNK)
		return compare_target(a, b);
	return a->st.st_rdev != b->st.st_rdev;
}
