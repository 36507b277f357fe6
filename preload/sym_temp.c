/* SPDX-License-Identifier: MIT */
/*
 * sym_temp.c - mkstemp() and its kin
 */
#include "sym_file.h"

#include "nr.h"

#define TRIES	62 * 62 * 62
#define LETTERS 6

/* Make what @pattern names by now; -EEXIST: another name has to be tried. */
typedef long maker(const char *path, int flags);

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/* @pattern's Xs become names at random, until @make has made one. */
static long try_names(char *pattern, int suffix, int flags, maker *make)
{
	size_t len = strlen(pattern);
	char *x;
	long r = -EEXIST;

	if (suffix < 0 || len < LETTERS + (size_t)suffix)
		return -EINVAL;
	x = pattern + len - (size_t)suffix - LETTERS;
	for (int i = 0; i < LETTERS; i++) {
		if (x[i] != 'X')
			return -EINVAL;
	}
	for (int i = 0; i < TRIES && r == -EEXIST; i++) {
		uint64_t v = 0;

		(void)ovl_sym(__NR_getrandom, &v, sizeof(v), 0); /* 8 bytes are never refused */
		for (int k = 0; k < LETTERS; k++, v /= 62)
			x[k] = letters[v % 62];
		r = make(pattern, flags);
	}
	return r;
}

static long make_file(const char *path, int flags)
{
	return ovl_sym(__NR_open, path, (flags & ~O_ACCMODE) | O_RDWR | O_CREAT | O_EXCL, 0600);
}

static long make_dir(const char *path, int flags)
{
	(void)flags;
	return ovl_sym(__NR_mkdir, path, 0700);
}

/* Nothing is made: it is enough that there is none. */
static long make_nothing(const char *path, int flags)
{
	struct statx st;
	long r = ovl_sym(__NR_statx, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, 0, &st);

	(void)flags;
	return r == -ENOENT ? 0 : r ? r : -EEXIST;
}

long ovl_temp_open(char *pattern, int suffix, int flags)
{
	return try_names(pattern, suffix, flags, make_file);
}

SYM(int, mkstemp, char *pattern)
{
	return (int)ovl_sym_ret(ovl_temp_open(pattern, 0, 0));
}
SYM_ALIAS(mkstemp64, mkstemp);

SYM(int, mkostemp, char *pattern, int flags)
{
	return (int)ovl_sym_ret(ovl_temp_open(pattern, 0, flags));
}
SYM_ALIAS(mkostemp64, mkostemp);

SYM(int, mkstemps, char *pattern, int suffix)
{
	return (int)ovl_sym_ret(ovl_temp_open(pattern, suffix, 0));
}
SYM_ALIAS(mkstemps64, mkstemps);

SYM(int, mkostemps, char *pattern, int suffix, int flags)
{
	return (int)ovl_sym_ret(ovl_temp_open(pattern, suffix, flags));
}
SYM_ALIAS(mkostemps64, mkostemps);

SYM(char *, mkdtemp, char *pattern)
{
	long r = try_names(pattern, 0, 0, make_dir);

	return r < 0 ? ovl_sym_null(r) : pattern;
}

SYM(char *, mktemp, char *pattern)
{
	long r = try_names(pattern, 0, 0, make_nothing);

	if (r < 0) {
		*pattern = '\0';
		*ovl_sym_errno() = (int)-r;
	}
	return pattern;
}
