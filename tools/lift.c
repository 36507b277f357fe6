/* SPDX-License-Identifier: MIT */
#include "lift.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "attrs.h"
#include "copydata.h"

#define ORIGIN "user.ovl.origin"

#define RECORD_SIZE 160 /* more than a record has: shim/record.h */

/* A name or a text in work. */
struct text {
	char s[80];
};

/* Through /proc: there is no lsetxattrat() on every kernel. */
struct path {
	char s[64 + NAME_MAX];
};

static struct path path_of(int dir, const char *name)
{
	struct path t;

	snprintf(t.s, sizeof(t.s), "/proc/self/fd/%d/%s", dir, name);
	return t;
}

struct ovl_lift_key ovl_lift_key(const struct stat *st, const char *suffix)
{
	unsigned long long dev = (unsigned long long)major(st->st_dev) << 32 | minor(st->st_dev);
	struct ovl_lift_key k;

	snprintf(k.name, sizeof(k.name), "%llx-%llx%s", (unsigned long long)st->st_ino, dev,
		 suffix);
	return k;
}

static struct text next_temp(struct ovl_lift *l)
{
	struct text t;

	snprintf(t.s, sizeof(t.s), "lift%u", l->seq++);
	return t;
}

static int open_dir(const char *work, const char *name)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s", work, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int ovl_lift_open(const char *work, struct ovl_lift *ret)
{
	int tmp = open_dir(work, "tmp");
	int index = tmp < 0 ? tmp : open_dir(work, "index");

	if (index < 0) {
		if (tmp >= 0)
			close(tmp);
		return index;
	}
	*ret = (struct ovl_lift){.tmp = tmp, .index = index};
	return 0;
}

void ovl_lift_close(struct ovl_lift *l)
{
	close(l->tmp);
	close(l->index);
}

static int lift_data(const struct ovl_found *found, const char *from, int tmp, const char *name)
{
	int in = openat(found->at, from, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int out = -1;
	int err;

	if (in < 0)
		return -errno;
	out = openat(tmp, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	err = out < 0 ? -errno : ovl_copydata(in, out, found->st.st_size);
	close(in);
	if (out >= 0)
		close(out);
	return err;
}

static int lift_target(const struct ovl_found *found, const char *from, int tmp, const char *name)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(found->at, from, target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	target[n] = '\0';
	return symlinkat(target, tmp, name) ? -errno : 0;
}

static int make_content(const struct ovl_found *found, const char *from, int tmp, const char *name)
{
	const struct stat *st = &found->st;

	switch (st->st_mode & S_IFMT) {
	case S_IFREG:
		return lift_data(found, from, tmp, name);
	case S_IFDIR:
		return mkdirat(tmp, name, 0700) ? -errno : 0;
	case S_IFLNK:
		return lift_target(found, from, tmp, name);
	default:
		return mknodat(tmp, name, (st->st_mode & S_IFMT) | 0600, st->st_rdev) ? -errno : 0;
	}
}

/* The symlink @name in the index tells @text from now on, in one step. */
static int write_text(struct ovl_lift *l, const char *name, const char *text)
{
	struct text temp = next_temp(l);

	if (symlinkat(text, l->tmp, temp.s) || renameat(l->tmp, temp.s, l->index, name))
		return -errno;
	return 0;
}

static int format_origin(const struct stat *st, char *text, size_t size)
{
	return snprintf(text, size, "%llu %u %u", (unsigned long long)st->st_ino, major(st->st_dev),
			minor(st->st_dev));
}

static bool has_xattrs(const struct stat *st)
{
	return S_ISREG(st->st_mode) || S_ISDIR(st->st_mode);
}

/* The copy keeps the inode number that the view has shown so far. */
static int set_origin(const struct ovl_lift *l, const char *temp, const struct stat *st)
{
	struct path path = path_of(l->tmp, temp);
	struct text text;
	int n = format_origin(st, text.s, sizeof(text.s));

	if (!lsetxattr(path.s, ORIGIN, text.s, (size_t)n, 0) || errno == ENOTSUP)
		return 0;
	return -errno;
}

/* Of an object that can hold no xattr of ours the index tells it: shim/record.h. */
static int set_record(struct ovl_lift *l, const char *temp, const struct stat *origin, bool refused)
{
	struct text name;
	char text[160];
	struct statx st;
	int n = format_origin(origin, text, sizeof(text));

	if (statx(l->tmp, temp, AT_SYMLINK_NOFOLLOW, STATX_INO | STATX_BTIME, &st))
		return -errno;
	snprintf(name.s, sizeof(name.s), "u-%llx", (unsigned long long)st.stx_ino);
	n += snprintf(text + n, sizeof(text) - (size_t)n, " %lld.%u",
		      (long long)st.stx_btime.tv_sec, st.stx_btime.tv_nsec);
	if (refused)
		snprintf(text + n, sizeof(text) - (size_t)n, " %u:%u:%o", origin->st_uid,
			 origin->st_gid, origin->st_mode & 07777u);
	return write_text(l, name.s, text);
}

/* Remove what was not finished. */
static void discard(struct ovl_lift *l, const char *temp)
{
	if (unlinkat(l->tmp, temp, 0))
		(void)unlinkat(l->tmp, temp, AT_REMOVEDIR); /* else the next run sweeps it */
}

/* Build the copy in WORK/tmp, complete. */
static int build(struct ovl_lift *l, const struct ovl_found *found, const char *from,
		 const char *temp)
{
	struct path source = path_of(found->at, from);
	struct path copy = path_of(l->tmp, temp);
	bool refused = false;
	int err = make_content(found, from, l->tmp, temp);

	if (!err && has_xattrs(&found->st))
		err = set_origin(l, temp, &found->st); /* while it can be written */
	if (!err)
		err = ovl_attrs_copy(source.s, &found->st, copy.s, &refused);
	if (!err && !has_xattrs(&found->st))
		err = set_record(l, temp, &found->st, refused);
	if (err)
		discard(l, temp);
	return err;
}

static int lift_single(struct ovl_lift *l, const struct ovl_found *found, const char *from, int dir,
		       const char *name)
{
	struct text temp = next_temp(l);
	int err = build(l, found, from, temp.s);

	if (!err && renameat2(l->tmp, temp.s, dir, name, RENAME_NOREPLACE)) {
		err = -errno;
		discard(l, temp.s);
	}
	return err;
}

/* How many names of the lower inode @st show that are still lower's, as the index has it. */
static int get_count(const struct ovl_lift *l, const struct stat *st, unsigned long *ret)
{
	struct ovl_lift_key name = ovl_lift_key(st, ".n");
	struct text text;
	ssize_t n = readlinkat(l->index, name.name, text.s, sizeof(text.s) - 1);

	if (n < 0 && errno != ENOENT)
		return -errno;
	*ret = st->st_nlink; /* none was covered yet */
	if (n < 0)
		return 0;
	text.s[n] = '\0';
	return sscanf(text.s, "%lu", ret) == 1 ? 0 : -EIO;
}

static int set_count(struct ovl_lift *l, const struct stat *st, unsigned long count)
{
	struct ovl_lift_key name = ovl_lift_key(st, ".n");
	struct text text;

	snprintf(text.s, sizeof(text.s), "%lu", count);
	return write_text(l, name.name, text.s);
}

bool ovl_lift_indexed(const struct ovl_lift *l, const struct stat *st)
{
	struct ovl_lift_key key = ovl_lift_key(st, "");

	return st->st_nlink > 1 && !S_ISDIR(st->st_mode) &&
	       !faccessat(l->index, key.name, F_OK, AT_SYMLINK_NOFOLLOW);
}

static int lift_linked(struct ovl_lift *l, const struct ovl_found *found, const char *from, int dir,
		       const char *name)
{
	struct ovl_lift_key key = ovl_lift_key(&found->st, "");
	unsigned long count;
	int err = get_count(l, &found->st, &count);

	/* The count before the copy: without one, the copy's own links would be all that show. */
	if (!err && !ovl_lift_indexed(l, &found->st)) {
		err = set_count(l, &found->st, count);
		if (!err)
			err = lift_single(l, found, from, l->index, key.name);
	}
	if (!err && linkat(l->index, key.name, dir, name, 0))
		err = -errno;
	/* the copy has one name more, the lower inode one less */
	return err ? err : set_count(l, &found->st, count ? count - 1 : 0);
}

int ovl_lift(struct ovl_lift *l, const struct ovl_found *found, const char *from, int dir,
	     const char *name)
{
	bool linked = !S_ISDIR(found->st.st_mode) && found->st.st_nlink > 1;
	struct stat was;
	int err;

	if (fstat(dir, &was))
		return -errno;
	err = linked ? lift_linked(l, found, from, dir, name)
		     : lift_single(l, found, from, dir, name);
	if (err)
		return err;
	return ovl_attrs_times(path_of(dir, ".").s, &was);
}

/*
 * What the index @index records of upper's object @name in @dir behind its origin and birth, ""
 * or " UID:GID:MODE" or " device", to @text of @size bytes. NULL: there is no record.
 */
static const char *find_record(int index, int dir, const char *name, char *text, size_t size)
{
	struct text key;
	struct statx now;
	long long born;
	unsigned nsec;
	int end = 0;
	ssize_t n;

	if (statx(dir, name, AT_SYMLINK_NOFOLLOW, STATX_INO | STATX_BTIME, &now))
		return NULL;
	snprintf(key.s, sizeof(key.s), "u-%llx", (unsigned long long)now.stx_ino);
	n = readlinkat(index, key.s, text, size - 1);
	if (n < 0)
		return NULL;
	text[n] = '\0';
	if (sscanf(text, "%*u %*u %*u %lld.%u%n", &born, &nsec, &end) != 2 ||
	    born != now.stx_btime.tv_sec || nsec != now.stx_btime.tv_nsec)
		return NULL; /* of another object that had this number before */
	return text + end;
}

void ovl_lift_settle(int index, int dir, const char *name, struct stat *st)
{
	const char *rest;
	char text[RECORD_SIZE];
	unsigned v[3];

	rest = find_record(index, dir, name, text, sizeof(text));
	if (!rest || sscanf(rest, " %u:%u:%o", &v[0], &v[1], &v[2]) != 3)
		return;
	st->st_uid = v[0];
	st->st_gid = v[1];
	st->st_mode = (st->st_mode & S_IFMT) | (v[2] & 07777);
}

bool ovl_lift_is_device(int index, int dir, const char *name)
{
	char text[RECORD_SIZE];
	const char *rest = find_record(index, dir, name, text, sizeof(text));

	return rest && strstr(rest, " device");
}

/* Is @name that of a copy? */
static bool is_copy(const char *name)
{
	size_t ino = strspn(name, "0123456789abcdef");
	size_t dev = name[ino] == '-' ? strspn(name + ino + 1, "0123456789abcdef") : 0;

	return ino && dev && !name[ino + 1 + dev];
}

int ovl_lift_any_indexed(const struct ovl_lift *l)
{
	struct ovl_names names;
	int err = ovl_names_read(l->index, &names);
	int any = 0;

	if (err)
		return err;
	for (size_t i = 0; i < names.n; i++)
		any |= is_copy(names.name[i]);
	ovl_names_free(&names);
	return any;
}

int ovl_lift_forget(const struct ovl_lift *l)
{
	struct ovl_names names;
	int err = ovl_names_read(l->index, &names);

	if (err)
		return err;
	for (size_t i = 0; i < names.n && !err; i++) {
		char count[NAME_MAX + 3];

		if (!is_copy(names.name[i]))
			continue;
		snprintf(count, sizeof(count), "%s.n", names.name[i]);
		if (unlinkat(l->index, names.name[i], 0) ||
		    (unlinkat(l->index, count, 0) && errno != ENOENT))
			err = -errno;
	}
	ovl_names_free(&names);
	return err;
}
