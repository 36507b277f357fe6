/* SPDX-License-Identifier: MIT */
/*
 * sym_user.c - users and groups: libc reads /etc/passwd and /etc/group by itself
 *
 * What the view's file does not have is asked of libc's function, which may know more than files.
 */
#include "sym.h"

#include "nr.h"
#include "str.h"
#include "symnext.h"

#define LINE_MAX 16384 /* of the functions that bring no memory */

/* <pwd.h>'s struct passwd and <grp.h>'s struct group, which belong to libc: both begin alike. */
struct user_entry {
	char *name, *password;
	uint32_t id, gid;
	char *gecos, *dir, *shell;
};

struct group_entry {
	char *name, *password;
	uint32_t id;
	char **member;
};

union entry {
	struct user_entry user_entry;
	struct group_entry group_entry;
};

/* A file's lines; a descriptor of it is open from the first to the last. */
struct reader {
	bool open;
	long fd;
	size_t at, end;
	char buf[1024];
};

/* Take @line, of a file of this kind, apart; memory is left up to @end. 0, -EINVAL or -ERANGE. */
typedef int parser(char *line, const char *end, union entry *ret);

struct database {
	const char *path;
	parser *parse;
};

/* The next line into @to, without its end: 1; 0: there is none; -ERANGE: it is longer. */
static long next_line(struct reader *r, const char *path, char *to, size_t room)
{
	size_t n = 0;

	if (!r->open) {
		long fd = ovl_sym(__NR_open, path, O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			return fd;
		r->open = true;
		r->fd = fd;
		r->at = 0;
		r->end = 0;
	}
	for (;;) {
		char c;

		if (r->at == r->end) {
			long got = ovl_sym(__NR_read, r->fd, r->buf, sizeof(r->buf));

			if (got <= 0)
				return got;
			r->at = 0;
			r->end = (size_t)got;
		}
		c = r->buf[r->at++];
		if (c == '\n')
			break;
		if (n + 1 >= room)
			return -ERANGE;
		to[n++] = c;
	}
	to[n] = '\0';
	return 1;
}

static void done(struct reader *r)
{
	if (r->open)
		(void)ovl_sym(__NR_close, r->fd); /* it was only read */
	r->open = false;
}

/* The field at *@at; *@at becomes the one behind it, or NULL. */
static char *field(char **at)
{
	char *is = *at;
	char *end = is;

	if (!is)
		return NULL;
	while (*end && *end != ':')
		end++;
	*at = *end ? end + 1 : NULL;
	*end = '\0';
	return is;
}

static bool number(const char *text, uint32_t *ret)
{
	uint64_t v;

	if (!text || !ovl_str_parse(&text, &v) || *text || v > UINT32_MAX)
		return false;
	*ret = (uint32_t)v;
	return true;
}

static int parse_user(char *line, const char *end, union entry *ret)
{
	struct user_entry u = {0};

	(void)end;
	u.name = field(&line);
	u.password = field(&line);
	if (!number(field(&line), &u.id) || !number(field(&line), &u.gid))
		return -EINVAL;
	u.gecos = field(&line);
	u.dir = field(&line);
	u.shell = field(&line);
	ret->user_entry = u;
	return u.shell ? 0 : -EINVAL;
}

static int parse_group(char *line, const char *end, union entry *ret)
{
	struct group_entry g = {0};
	size_t n = 0;
	char *at;

	g.name = field(&line);
	g.password = field(&line);
	if (!number(field(&line), &g.id) || !line)
		return -EINVAL;
	at = line + strlen(line) + 1;
	g.member = (char **)(((uintptr_t)at + 7) & ~(uintptr_t)7);
	for (char *name = line; *name; n++) {
		if ((const char *)(g.member + n + 2) > end)
			return -ERANGE;
		g.member[n] = name;
		while (*name && *name != ',')
			name++;
		if (*name)
			*name++ = '\0';
	}
	if ((const char *)(g.member + n + 1) > end)
		return -ERANGE;
	g.member[n] = NULL;
	ret->group_entry = g;
	return 0;
}

static const struct database users = {"/etc/passwd", parse_user};
static const struct database groups = {"/etc/group", parse_group};

/* The next entry of @db that is one: as next_line(). */
static long next_entry(struct reader *r, const struct database *db, union entry *ret, char *buf,
		       size_t room)
{
	long n;

	while ((n = next_line(r, db->path, buf, room)) > 0) {
		int err = *buf == '#' ? -EINVAL : db->parse(buf, buf + room, ret);

		if (err != -EINVAL)
			return err ? err : 1;
	}
	return n;
}

/* The entry called @name, or without a name the one numbered @id: as next_line(). */
static long find(const struct database *db, const char *name, uint32_t id, union entry *ret,
		 char *buf, size_t room)
{
	struct reader r = {0};
	long n;

	do {
		n = next_entry(&r, db, ret, buf, room);
	} while (n > 0 &&
		 (name ? !ovl_str_equal(ret->user_entry.name, name) : ret->user_entry.id != id));
	done(&r);
	return n;
}

/* What is asked for: a name, or a number. */
#define KEY_NAME(key) const char *key
#define KEY_ID(key)   uint32_t key
#define AS_NAME(key)  key, 0
#define AS_ID(key)    NULL, key

/* The functions that are given memory. */
#define FIND_R(function, db, type, by)                                                           \
	SYM(int, function, KEY_##by(key), struct type *to, char *buf, size_t room,               \
	    struct type **ret)                                                                   \
	{                                                                                        \
		union entry e;                                                                   \
		long n = find(&db, AS_##by(key), &e, buf, room);                                 \
                                                                                                 \
		*ret = NULL;                                                                     \
		if (n == -ERANGE)                                                                \
			return ERANGE;                                                           \
		if (n <= 0)                                                                      \
			return OVL_NEXT(function, int(KEY_##by(), struct type *, char *, size_t, \
						      struct type **))(key, to, buf, room, ret); \
		*to = e.type;                                                                    \
		*ret = to;                                                                       \
		return 0;                                                                        \
	}

/* And those that have their own, which each call overwrites. */
#define FIND(function, db, type, by)                                        \
	SYM(struct type *, function, KEY_##by(key))                         \
	{                                                                   \
		static union entry e;                                       \
		static char line[LINE_MAX];                                 \
                                                                            \
		if (find(&db, AS_##by(key), &e, line, sizeof(line)) > 0)    \
			return &e.type;                                     \
		return OVL_NEXT(function, struct type * (KEY_##by()))(key); \
	}

/* All of them, one after the other. */
#define LIST(set, get, unset, db, type)                                                     \
	static struct reader get##_reader;                                                  \
                                                                                            \
	SYM(void, set, void)                                                                \
	{                                                                                   \
		done(&get##_reader);                                                        \
	}                                                                                   \
	SYM_ALIAS(unset, set);                                                              \
                                                                                            \
	SYM(struct type *, get, void)                                                       \
	{                                                                                   \
		static union entry e;                                                       \
		static char line[LINE_MAX];                                                 \
                                                                                            \
		return next_entry(&get##_reader, &db, &e, line, sizeof(line)) > 0 ? &e.type \
										  : NULL;   \
	}

FIND_R(getpwnam_r, users, user_entry, NAME)
FIND_R(getpwuid_r, users, user_entry, ID)
FIND_R(getgrnam_r, groups, group_entry, NAME)
FIND_R(getgrgid_r, groups, group_entry, ID)
FIND(getpwnam, users, user_entry, NAME)
FIND(getpwuid, users, user_entry, ID)
FIND(getgrnam, groups, group_entry, NAME)
FIND(getgrgid, groups, group_entry, ID)
LIST(setpwent, getpwent, endpwent, users, user_entry)
LIST(setgrent, getgrent, endgrent, groups, group_entry)

static bool has_member(const struct group_entry *g, const char *user)
{
	for (char **m = g->member; *m; m++) {
		if (ovl_str_equal(*m, user))
			return true;
	}
	return false;
}

/* What a user's groups are collected in. */
struct list {
	uint32_t *id;
	int room;
	int n; /* may be more */
};

static void add(struct list *l, uint32_t id)
{
	for (int i = 0; i < l->n && i < l->room; i++) {
		if (l->id[i] == id)
			return;
	}
	if (l->n < l->room)
		l->id[l->n] = id;
	l->n++;
}

/* The groups of @user in the view's files: 0; -ENOENT: it is no user of theirs. */
static long collect(const char *user, uint32_t first, struct list *l)
{
	char *line = ovl_sym_malloc(LINE_MAX);
	struct reader r = {0};
	union entry e;
	long n;

	if (!line)
		return -ENOMEM;
	n = find(&users, user, 0, &e, line, LINE_MAX) > 0 ? 0 : -ENOENT;
	if (!n)
		add(l, first);
	while (!n && next_entry(&r, &groups, &e, line, LINE_MAX) > 0) {
		if (has_member(&e.group_entry, user))
			add(l, e.group_entry.id);
	}
	done(&r);
	ovl_sym_free(line);
	return n;
}

SYM(int, getgrouplist, const char *user, uint32_t first, uint32_t *id, int *n)
{
	struct list l = {.id = id, .room = *n};

	if (collect(user, first, &l))
		return OVL_NEXT(getgrouplist,
				int(const char *, uint32_t, uint32_t *, int *))(user, first, id, n);
	*n = l.n;
	return l.n > l.room ? -1 : l.n;
}

SYM(int, initgroups, const char *user, uint32_t first)
{
	uint32_t id[256]; /* NGROUPS_MAX is more, but nobody has so many in a file */
	struct list l = {.id = id, .room = (int)OVL_ARRAY_SIZE(id)};

	if (collect(user, first, &l))
		return OVL_NEXT(initgroups, int(const char *, uint32_t))(user, first);
	/* libc's function does it for all threads */
	return OVL_NEXT(setgroups,
			int(size_t, const uint32_t *))((size_t)(l.n < l.room ? l.n : l.room), id);
}
