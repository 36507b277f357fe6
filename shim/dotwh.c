/* SPDX-License-Identifier: MIT */
#include "dotwh.h"

#include "do.h"
#include "real.h"
#include "str.h"

#define PREFIX	 ".wh."
#define RESERVED ".wh..wh." /* no plain mark begins so */
#define OPAQUE	 ".wh..wh..opq"

/* Sticky: no program has a file like that. What a umask takes away does not matter. */
#define MARK_MODE (S_ISVTX | S_IRUSR)

#define NAME_SIZE (NAME_MAX + 1)

/* The @n bytes at @text, and a NUL, to @to: where the NUL is. */
static char *put(char *to, const char *text, size_t n)
{
	memcpy(to, text, n);
	to[n] = '\0';
	return to + n;
}

/* The usual name of the mark of @name. False: it has none, because of its length or its own. */
static bool plain(const char *name, char *ret)
{
	size_t n = strlen(name);
	char *at = ret;

	if (ovl_is_dot(name, n)) {
		(void)put(at, OPAQUE, sizeof(OPAQUE) - 1);
		return true;
	}
	if (n + sizeof(PREFIX) - 1 > NAME_MAX || ovl_str_starts(name, PREFIX))
		return false;
	at = put(at, PREFIX, sizeof(PREFIX) - 1);
	(void)put(at, name, n);
	return true;
}

/* The other one, which any name has. */
static void hashed(const char *name, char *ret)
{
	char *at = put(ret, RESERVED, sizeof(RESERVED) - 1);

	(void)ovl_str_number(at, ovl_hash_push(OVL_HASH_ROOT, name, strlen(name)), 16);
}

static bool is_hashed(const char *name)
{
	const char *at = name + sizeof(RESERVED) - 1;

	if (!ovl_str_starts(name, RESERVED) || !*at)
		return false;
	while ((*at >= '0' && *at <= '9') || (*at >= 'a' && *at <= 'f'))
		at++;
	return !*at;
}

/* ".wh.", ".wh.." and ".wh..." would hide names that no directory lists. */
static bool is_plain(const char *name)
{
	const char *of = name + sizeof(PREFIX) - 1;
	size_t n;

	if (!ovl_str_starts(name, PREFIX))
		return false;
	n = strlen(of);
	return n && !ovl_is_dot(of, n) && !ovl_is_dotdot(of, n);
}

bool ovl_dotwh_is_mark(const char *name, const struct statx *st)
{
	unsigned type = st->stx_mode & S_IFMT;

	if (type == S_IFLNK)
		return is_hashed(name);
	return !st->stx_size && (st->stx_mode | S_IRUSR) == (S_IFREG | MARK_MODE) && is_plain(name);
}

/* Apart, for its frame, as are others here that callers with a name of their own use. */
__attribute__((noinline)) bool ovl_dotwh_is_mark_at(int fd, const char *name)
{
	struct statx st;

	return ovl_str_starts(name, PREFIX) &&
	       !ovl_sys(__NR_statx, fd, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &st) &&
	       ovl_dotwh_is_mark(name, &st);
}

int ovl_dotwh_hidden(int fd, const char *name, char *ret)
{
	const char *of = name + sizeof(PREFIX) - 1;
	long n;

	if (is_hashed(name)) {
		n = ovl_sys(__NR_readlinkat, fd, name, ret, NAME_MAX);
		ret[n < 0 ? 0 : n] = '\0';
		return n < 0 ? (int)n : 0;
	}
	if (ovl_str_equal(name, OPAQUE))
		of = OVL_DOTWH_DIR;
	else if (ovl_str_starts(name, RESERVED))
		return -ENOENT;
	memcpy(ret, of, strlen(of) + 1);
	return 0;
}

bool ovl_dotwh_has_at(int fd, const char *name)
{
	char m[NAME_SIZE];

	if (plain(name, m) && ovl_dotwh_is_mark_at(fd, m))
		return true;
	hashed(name, m);
	return ovl_dotwh_is_mark_at(fd, m);
}

/* Is @mark beside the last component of @p, which begins at @base, and a mark? */
__attribute__((noinline)) static bool is_beside(struct ovl_path *p, unsigned base, const char *mark)
{
	struct statx st;

	ovl_path_cut(p, base);
	return !ovl_path_add(p, mark, strlen(mark)) && !ovl_real_statx(p, &st) &&
	       ovl_dotwh_is_mark(mark, &st);
}

/* Is there a mark of @name in the directory whose path is @p's first @base bytes? */
static bool has_beside(struct ovl_path *p, unsigned base, const char *name)
{
	char m[NAME_SIZE];

	if (plain(name, m) && is_beside(p, base, m))
		return true;
	hashed(name, m);
	return is_beside(p, base, m);
}

bool ovl_dotwh_has(struct ovl_path *p)
{
	char name[NAME_SIZE];
	unsigned base = ovl_path_base(p);
	unsigned len = p->len;
	bool has;

	if (len - base > NAME_MAX)
		return false;
	(void)put(name, p->buf + base, len - base);
	has = has_beside(p, base, name);
	ovl_path_cut(p, base);
	(void)ovl_path_add(p, name, len - base); /* it was there */
	return has;
}

bool ovl_dotwh_has_in(struct ovl_path *p)
{
	unsigned len = p->len;
	bool has;

	if (p->buf[len - 1] != '/' && ovl_path_add(p, "/", 1))
		return false;
	has = has_beside(p, p->len, OVL_DOTWH_DIR);
	ovl_path_cut(p, len);
	return has;
}

static int make_plain(int fd, const char *mark)
{
	int made = ovl_do_open(fd, mark, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, MARK_MODE);

	ovl_fd_drop(&made);
	return made < 0 ? made : 0;
}

__attribute__((noinline)) static int make_hashed(int fd, const char *name)
{
	char m[NAME_SIZE];

	hashed(name, m);
	return ovl_do_symlink(name, fd, m);
}

int ovl_dotwh_make(int fd, const char *name)
{
	char m[NAME_SIZE];
	int err;

	if (!plain(name, m))
		return make_hashed(fd, name);
	err = make_plain(fd, m);
	/* A program's own file may be called so. */
	if (err == -EEXIST && !ovl_dotwh_is_mark_at(fd, m))
		err = make_hashed(fd, name);
	return err;
}

int ovl_dotwh_yield(int fd, const char *name)
{
	char of[NAME_SIZE];
	int err;

	if (!ovl_dotwh_is_mark_at(fd, name))
		return 0;
	if (ovl_dotwh_hidden(fd, name, of) || is_hashed(name))
		return -EPERM;
	err = make_hashed(fd, of);
	return err && err != -EEXIST ? err : ovl_do_unlink(fd, name, 0);
}
