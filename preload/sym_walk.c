/* SPDX-License-Identifier: MIT */
/*
 * sym_walk.c - ftw() and nftw(): libc's own read directories by themselves
 */
#include "sym_dir.h"

#include "nr.h"

#include <asm/stat.h>

/* What a file is, FTW_*; the flags of nftw(); what it is told to do next. */
enum { FILE_OTHER, FILE_DIR, FILE_UNREAD, FILE_NO_STAT, FILE_LINK, FILE_DIR_LEFT, FILE_DANGLING };
enum { FLAG_PHYS = 1, FLAG_MOUNT = 2, FLAG_CHDIR = 4, FLAG_DEPTH = 8, FLAG_ACTION = 16 };
enum { GO_ON, STOP, SKIP_SUBTREE, SKIP_SIBLINGS };

#define OPEN_MAX 64 /* directories that one walk holds open: deeper ones make it fail */
#define FAILED                                                                            \
	(1L << 40) /* the walk's answer is an error of ours: no function of the program's \
		    * answers that */

struct place {
	int base;
	int level;
};

typedef int visit(const char *path, const struct stat *st, int what, struct place *where);
typedef int visit_old(const char *path, const struct stat *st, int what);

/* A directory above, so that a link back to it is not followed. */
struct above {
	uint64_t dev, ino;
};

struct walk {
	visit *fn;
	visit_old *old; /* ftw()'s: no place, and links are never told of */
	int flags;
	uint64_t dev;
	char *path; /* OVL_PATH_CAP bytes */
	size_t len;
	struct place at;
	struct above *above; /* OPEN_MAX of them */
	long err;	     /* with FAILED */
};

static long fail(struct walk *w, long err)
{
	w->err = err;
	return FAILED;
}

static long call(struct walk *w, const struct stat *st, int what)
{
	if (w->old)
		return w->old(w->path, st, what);
	return w->fn(w->path, st, what, &w->at);
}

/* The name to ask the kernel for: with FTW_CHDIR the last component, from its directory. */
static const char *name_of(const struct walk *w)
{
	return w->flags & FLAG_CHDIR && w->at.level ? w->path + w->at.base : w->path;
}

/* What it is, FTW_*, or -errno. */
static long look(const struct walk *w, struct stat *st)
{
	const char *name = name_of(w);
	bool phys = w->flags & FLAG_PHYS;
	long r = ovl_sym(phys ? __NR_lstat : __NR_stat, name, st);

	if (r == -ENOENT && !phys && !ovl_sym(__NR_lstat, name, st) &&
	    (st->st_mode & S_IFMT) == S_IFLNK)
		return w->old ? FILE_NO_STAT : FILE_DANGLING;
	if (r == -EACCES || (r == -ENOENT && w->at.level))
		return FILE_NO_STAT;
	if (r)
		return r;
	if ((st->st_mode & S_IFMT) == S_IFDIR)
		return FILE_DIR;
	return (st->st_mode & S_IFMT) == S_IFLNK ? FILE_LINK : FILE_OTHER;
}

/* Is it one of those above it, reached again by a link? */
static bool is_above(const struct walk *w, const struct stat *st)
{
	for (int i = 0; i < w->at.level; i++) {
		if (w->above[i].dev == st->st_dev && w->above[i].ino == st->st_ino)
			return true;
	}
	return false;
}

static bool push(struct walk *w, const char *name)
{
	size_t n = strlen(name);
	bool slash = w->len && w->path[w->len - 1] == '/';

	if (w->len + n + 2 > OVL_PATH_CAP)
		return false;
	if (!slash)
		w->path[w->len++] = '/';
	w->at.base = (int)w->len;
	memcpy(w->path + w->len, name, n + 1);
	w->len += n;
	return true;
}

static bool is_dots(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

static long walk_one(struct walk *w);

/* All in the directory @d: what is there to do after it, GO_ON or one that ends the walk. */
static long walk_entries(struct walk *w, struct ovl_dir *d)
{
	struct place was = w->at;
	size_t len = w->len;
	struct ovl_dirent *e;
	long r = GO_ON;

	while (!r && (e = readdir(d))) {
		if (is_dots(e->name))
			continue;
		w->at.level = was.level + 1;
		r = push(w, e->name) ? walk_one(w) : fail(w, -ENAMETOOLONG);
		w->len = len;
		w->path[len] = '\0';
		w->at = was;
		if (w->flags & FLAG_ACTION && r == SKIP_SUBTREE)
			r = GO_ON;
	}
	return w->flags & FLAG_ACTION && r == SKIP_SIBLINGS ? GO_ON : r;
}

static long walk_dir(struct walk *w, const struct stat *st)
{
	struct ovl_dir *d;
	long r = 0;

	if (w->at.level == OPEN_MAX)
		return fail(w, -EMFILE);
	d = opendir(name_of(w));
	if (!d)
		return *ovl_sym_errno() == EACCES ? call(w, st, FILE_UNREAD)
						  : fail(w, -*ovl_sym_errno());
	if (!(w->flags & FLAG_DEPTH))
		r = call(w, st, FILE_DIR);
	if (!r && w->flags & FLAG_CHDIR && ovl_sym(__NR_fchdir, dirfd(d)))
		r = fail(w, -EACCES);
	if (!r) {
		w->above[w->at.level].dev = st->st_dev;
		w->above[w->at.level].ino = st->st_ino;
		r = walk_entries(w, d);
	}
	(void)closedir(d); /* nothing was written */
	if (w->flags & FLAG_CHDIR && w->at.level && r != FAILED && ovl_sym(__NR_chdir, ".."))
		r = fail(w, -ENOENT);
	if (!r && w->flags & FLAG_DEPTH)
		r = call(w, st, FILE_DIR_LEFT);
	return r;
}

static long walk_one(struct walk *w)
{
	struct stat st = {0};
	long what = look(w, &st);

	if (what < 0)
		return fail(w, what);
	if (what != FILE_NO_STAT && w->flags & FLAG_MOUNT && w->at.level && st.st_dev != w->dev)
		return GO_ON;
	if (what == FILE_LINK && w->old)
		what = FILE_OTHER;
	if (what != FILE_DIR)
		return call(w, &st, (int)what);
	if (!w->at.level)
		w->dev = st.st_dev;
	return !(w->flags & FLAG_PHYS) && is_above(w, &st) ? GO_ON : walk_dir(w, &st);
}

/* @w stands at @path, as it was given but for slashes at its end. */
static void begin(struct walk *w, const char *path, size_t len)
{
	w->len = len;
	memcpy(w->path, path, len + 1);
	while (w->len > 1 && w->path[w->len - 1] == '/')
		w->path[--w->len] = '\0';
	for (size_t i = 0; i + 1 < w->len; i++) {
		if (path[i] == '/')
			w->at.base = (int)i + 1;
	}
}

/* The same from the cwd, and back to it. */
static long walk_from_cwd(struct walk *w)
{
	long cwd = ovl_sym(__NR_open, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long r;

	if (cwd < 0)
		return fail(w, cwd);
	r = walk_one(w);
	(void)ovl_sym(__NR_fchdir, cwd); /* libc's function does not tell of it, either */
	(void)ovl_sym(__NR_close, cwd);
	return r;
}

/* The walk from @path on: what ended it, or -1. */
static int start(struct walk *w, const char *path)
{
	size_t len = strlen(path);
	long r;

	if (!len || len >= PATH_MAX)
		return (int)ovl_sym_ret(len ? -ENAMETOOLONG : -ENOENT);
	w->above = ovl_sym_malloc(OPEN_MAX * sizeof(*w->above) + OVL_PATH_CAP);
	if (!w->above)
		return (int)ovl_sym_ret(-ENOMEM);
	w->path = (char *)(w->above + OPEN_MAX);
	begin(w, path, len);
	r = w->flags & FLAG_CHDIR ? walk_from_cwd(w) : walk_one(w);
	ovl_sym_free(w->above);
	if (r == FAILED)
		return (int)ovl_sym_ret(w->err);
	return w->flags & FLAG_ACTION && r > STOP && r <= SKIP_SIBLINGS ? GO_ON : (int)r;
}

SYM(int, nftw, const char *path, visit *fn, int fds, int flags)
{
	struct walk w = {.fn = fn, .flags = flags};

	(void)fds; /* it is never more than directories are deep */
	return start(&w, path);
}
SYM_ALIAS(nftw64, nftw);

SYM(int, ftw, const char *path, visit_old *fn, int fds)
{
	struct walk w = {.old = fn};

	(void)fds;
	return start(&w, path);
}
SYM_ALIAS(ftw64, ftw);
