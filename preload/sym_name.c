/* SPDX-License-Identifier: MIT */
#include "sym_name.h"

#include "fdview.h"
#include "nr.h"
#include "str.h"
#include "sym_dir.h"
#include "sys.h"

#include <asm/stat.h>

/* The entry of @d that is @st: its name into @to, of NAME_MAX + 1 bytes. */
static long find_entry(struct ovl_dir *d, const struct stat *st, char *to)
{
	struct ovl_dirent *e;
	struct stat is;

	while ((e = readdir(d))) {
		if (e->ino != st->st_ino ||
		    ovl_sym(__NR_newfstatat, dirfd(d), e->name, &is, AT_SYMLINK_NOFOLLOW))
			continue;
		if (is.st_dev != st->st_dev)
			continue;
		memcpy(to, e->name, strlen(e->name) + 1);
		return 0;
	}
	return -ENOENT;
}

/* From the directory @d, which is @st, one up: it and *@st are that then. */
static long climb(struct ovl_dir **d, struct stat *st, char *ret_name)
{
	struct ovl_dir *up = ovl_dir_openat(*d ? dirfd(*d) : AT_FDCWD, "..");
	long r = up ? find_entry(up, st, ret_name) : -*ovl_sym_errno();

	if (*d)
		(void)closedir(*d); /* nothing was written */
	*d = up;
	return r ? r : ovl_sym(__NR_fstat, dirfd(up), st);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

/* The kernel tells no cwd that is longer than PATH_MAX: name after name, from its end on. */
static long long_cwd(char *to, size_t n)
{
	struct ovl_dir *d = NULL;
	struct stat root, st;
	char name[NAME_MAX + 1];
	size_t at = n;
	long r = ovl_sym(__NR_stat, "/", &root);

	if (!r)
		r = ovl_sym(__NR_stat, ".", &st);
	to[--at] = '\0';
	while (!r && !is_same(&st, &root)) {
		r = climb(&d, &st, name);
		if (!r && strlen(name) + 1 > at)
			r = -ERANGE;
		if (r)
			break;
		at -= strlen(name);
		memcpy(to + at, name, strlen(name));
		to[--at] = '/';
	}
	if (d)
		(void)closedir(d); /* nothing was written */
	if (r)
		return r;
	memmove(to, to + at, n - at);
	return (long)(n - at);
}

/* The cwd into @to, @n bytes: its length with the NUL, or -errno. */
static long cwd(char *to, size_t n)
{
	long r = ovl_sym(__NR_getcwd, to, n);

	if (r == -ENAMETOOLONG)
		return n > PATH_MAX ? long_cwd(to, n) : -ERANGE;
	/* "(unreachable)": it is outside the process's root */
	return r > 0 && *to != '/' ? -ENOENT : r;
}

/* In memory of the program's: of @n bytes, or as much as it takes. */
static char *cwd_in_new(size_t n)
{
	size_t room = n ? n : PATH_MAX;
	char *buf = ovl_sym_malloc(room);
	long r = buf ? cwd(buf, room) : -ENOMEM;

	while (r == -ERANGE && !n && room < OVL_PATH_CAP) {
		ovl_sym_free(buf);
		room *= 2;
		buf = ovl_sym_malloc(room);
		r = buf ? cwd(buf, room) : -ENOMEM;
	}
	if (r < 0) {
		ovl_sym_free(buf);
		return ovl_sym_null(r);
	}
	return n ? buf : ovl_sym_realloc(buf, (size_t)r);
}

char *getcwd(char *buf, size_t n)
{
	long r;

	if (!buf)
		return cwd_in_new(n);
	r = n ? cwd(buf, n) : -EINVAL;
	return r < 0 ? ovl_sym_null(r) : buf;
}

char *getwd(char *buf)
{
	return getcwd(buf, PATH_MAX);
}

/* PWD is the cwd's name, perhaps one with symlinks, if it leads there. */
static const char *shown_cwd(void)
{
	char **env = ovl_sym_environ();
	struct stat is, here;

	while (env && *env && !ovl_str_starts(*env, "PWD="))
		env++;
	if (!env || !*env || ovl_sym(__NR_stat, *env + 4, &is) || ovl_sym(__NR_stat, ".", &here))
		return NULL;
	return is_same(&is, &here) ? *env + 4 : NULL;
}

SYM(char *, get_current_dir_name, void)
{
	const char *shown = shown_cwd();
	size_t n = shown ? strlen(shown) + 1 : 0;
	char *copy;

	if (!shown)
		return cwd_in_new(0);
	copy = ovl_sym_malloc(n);
	if (copy)
		memcpy(copy, shown, n);
	return copy;
}

/* What the link of a descriptor of it says is the name without symlinks. */
static long find_real(const char *path, char *to, size_t n)
{
	OVL_FD fd = (int)ovl_sym(__NR_open, path, O_PATH | O_CLOEXEC);
	char link[OVL_FD_LINK];

	if (fd < 0)
		return fd;
	ovl_fd_link(fd, link);
	return ovl_sym(__NR_readlink, link, to, n);
}

char *realpath(const char *path, char *buf)
{
	char *to = buf ? buf : ovl_sym_malloc(PATH_MAX);
	long n;

	if (!path || !*path)
		n = path ? -ENOENT : -EINVAL;
	else
		n = to ? find_real(path, to, PATH_MAX) : -ENOMEM;
	if (n == PATH_MAX)
		n = -ENAMETOOLONG;
	if (n >= 0) {
		to[n] = '\0';
		return to;
	}
	if (!buf)
		ovl_sym_free(to);
	return ovl_sym_null(n);
}

SYM(char *, canonicalize_file_name, const char *path)
{
	return realpath(path, NULL);
}
