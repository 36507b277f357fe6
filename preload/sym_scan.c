/* SPDX-License-Identifier: MIT */
/*
 * sym_scan.c - scandir() and glob(): directories that libc reads by itself
 */
#include "sym_dir.h"
#include "symnext.h"

#include "nr.h"

typedef int filter(const struct ovl_dirent *e);
typedef int order(const void *a, const void *b);

/* Entries so far. */
struct list {
	struct ovl_dirent **entry;
	size_t n;
	size_t room;
};

static int add(struct list *l, const struct ovl_dirent *e)
{
	struct ovl_dirent *copy;

	if (l->n == l->room) {
		size_t room = l->room ? 2 * l->room : 32;
		void *more = ovl_sym_realloc(l->entry, room * sizeof(*l->entry));

		if (!more)
			return -ENOMEM;
		l->entry = more;
		l->room = room;
	}
	copy = ovl_sym_malloc(e->reclen);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, e, e->reclen);
	l->entry[l->n++] = copy;
	return 0;
}

static void drop(struct list *l)
{
	while (l->n)
		ovl_sym_free(l->entry[--l->n]);
	ovl_sym_free(l->entry);
}

/* All of @d that @want wants. errno is kept for the program's functions, and as it was. */
static int read_all(struct ovl_dir *d, filter *want, struct list *l)
{
	int *err = ovl_sym_errno();
	int was = *err;
	struct ovl_dirent *e;
	int r = 0;

	for (*err = 0; !r && (e = readdir(d)); *err = 0) {
		if (!want || want(e))
			r = add(l, e);
	}
	if (!r)
		r = -*err;
	*err = was;
	return r;
}

SYM(int, scandirat, int at, const char *path, struct ovl_dirent ***ret, filter *want, order *cmp)
{
	struct list l = {0};
	struct ovl_dir *d = ovl_dir_openat(at, path);
	int r;

	if (!d)
		return -1;
	r = read_all(d, want, &l);
	(void)closedir(d); /* nothing was written */
	if (!r && !l.entry) {
		l.entry =
			ovl_sym_malloc(sizeof(*l.entry)); /* who gets no entry frees a list, too */
		r = l.entry ? 0 : -ENOMEM;
	}
	if (r) {
		drop(&l);
		return (int)ovl_sym_ret(r);
	}
	if (cmp)
		OVL_NEXT(qsort, void(void *, size_t, size_t, order *))
	(l.entry, l.n, sizeof(*l.entry), cmp);
	*ret = l.entry;
	return (int)l.n;
}
SYM_ALIAS(scandirat64, scandirat);

SYM(int, scandir, const char *path, struct ovl_dirent ***ret, filter *want, order *cmp)
{
	return scandirat(AT_FDCWD, path, ret, want, cmp);
}
SYM_ALIAS(scandir64, scandir);

/* glibc's glob_t, and what it calls in place of its own functions when asked to. */
struct globs {
	size_t n;
	char **path;
	size_t offs;
	int flags;
	int (*closedir)(struct ovl_dir *);
	struct ovl_dirent *(*readdir)(struct ovl_dir *);
	struct ovl_dir *(*opendir)(const char *);
	int (*lstat)(const char *, void *);
	int (*stat)(const char *, void *);
};

#define GLOB_ALTDIRFUNC 0x200 /* musl has no such flag, and looks at no such fields */

static int do_stat(const char *path, void *st)
{
	return (int)ovl_sym_ret(ovl_sym(__NR_stat, path, st));
}

static int do_lstat(const char *path, void *st)
{
	return (int)ovl_sym_ret(ovl_sym(__NR_lstat, path, st));
}

SYM(int, glob, const char *pattern, int flags, int (*err)(const char *, int), struct globs *g)
{
	if (!(flags & GLOB_ALTDIRFUNC)) {
		g->closedir = closedir;
		g->readdir = readdir;
		g->opendir = opendir;
		g->lstat = do_lstat;
		g->stat = do_stat;
	}
	return OVL_NEXT(glob, int(const char *, int, int (*)(const char *, int), struct globs *))(
		pattern, flags | GLOB_ALTDIRFUNC, err, g);
}
SYM_ALIAS(glob64, glob);
