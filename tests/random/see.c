/* SPDX-License-Identifier: MIT */
/*
 * see.c - what a program can see of an object
 *
 * An inode number is shown as a class: a small number by first appearance. A file system uses the
 * number of a removed object again, so objects are pinned by an O_PATH descriptor where classes
 * are shown; where not, an operation shows only whether the number at its name stayed the same.
 */
#include <sys/xattr.h>

#include "fuzz.h"

#define CLASSES 4096

static struct {
	dev_t dev;
	ino_t ino;
} class_of[CLASSES];
static int nclasses;

static int class_find(const struct stat *st)
{
	for (int i = 0; i < nclasses; i++)
		if (class_of[i].ino == st->st_ino && class_of[i].dev == st->st_dev)
			return i;
	return -1;
}

int see_class(const struct stat *st)
{
	int i = class_find(st);

	if (i >= 0 || nclasses == CLASSES)
		return i;
	class_of[nclasses].dev = st->st_dev;
	class_of[nclasses].ino = st->st_ino;
	return nclasses++;
}

static bool ino_shown(const struct stat *st)
{
	return (run.features & F_SPECIAL_INODES) || S_ISREG(st->st_mode) || S_ISDIR(st->st_mode);
}

static char type_letter(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return '-';
	case S_IFDIR:
		return 'd';
	case S_IFLNK:
		return 'l';
	case S_IFIFO:
		return 'p';
	case S_IFSOCK:
		return 's';
	case S_IFCHR:
		return 'c';
	default:
		return 'b';
	}
}

static void see_time(const char *what, const struct timespec *ts)
{
	if (ts->tv_sec < 1100000000)
		say(" %s=%ld.%09ld", what, (long)ts->tv_sec, ts->tv_nsec);
	else
		say(" %s=now", what);
}

void see_stat(const struct stat *st)
{
	bool dir = S_ISDIR(st->st_mode);

	/* What a lower one was changed to went with its copy (README, Limits). */
	if (dir && !st->st_nlink) {
		say(" {d removed}");
		return;
	}
	say(" {%c%04o %u:%u", type_letter(st->st_mode), st->st_mode & 07777, st->st_uid,
	    st->st_gid);
	if (!dir)
		say(" n=%lu s=%lld", (unsigned long)st->st_nlink, (long long)st->st_size);
	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
		say(" r=%lx", (unsigned long)st->st_rdev);
	if ((run.features & F_TIMES) && (!dir || (run.features & F_DIR_TIMES)))
		see_time("m", &st->st_mtim);
	if ((run.features & F_INODES) && st->st_dev != run.dev)
		say(" dev!");
	if (run.pins && ino_shown(st))
		say(" i%d", see_class(st));
	say("}");
}

/* keep @fd's object alive, so that its number stays its own; takes fd */
static void pin(int fd, const struct stat *st)
{
	struct stat again;

	if (fd < 0)
		return;
	if (fstat(fd, &again) || again.st_ino != st->st_ino || again.st_dev != st->st_dev)
		say(" fstat!=lstat");
	if (fcntl(fd, F_DUPFD_CLOEXEC, 100) < 0)
		say(" pin: %m");
	close(fd);
}

void see_where(const struct where *w)
{
	struct stat st;

	if (fstatat(w->fd, w->text, &st, AT_SYMLINK_NOFOLLOW)) {
		say(" {%s}", strerrorname_np(errno));
		return;
	}
	if (run.pins && ino_shown(&st) && class_find(&st) < 0)
		pin(openat(w->fd, w->text, O_PATH | O_NOFOLLOW | O_CLOEXEC), &st);
	see_stat(&st);
}

void see_fd(int fd)
{
	struct stat st;

	if (fstat(fd, &st)) {
		say(" {%s}", strerrorname_np(errno));
		return;
	}
	if (run.pins && ino_shown(&st) && class_find(&st) < 0)
		pin(dup(fd), &st);
	see_stat(&st);
}

long see_before(const struct where *w)
{
	struct stat st;

	if (!(run.features & F_INODES) || fstatat(w->fd, w->text, &st, AT_SYMLINK_NOFOLLOW))
		return 0;
	if (!ino_shown(&st))
		return -1;
	return (long)st.st_ino;
}

void see_after(const struct where *w, long token)
{
	struct stat st;

	if (run.features & F_INODES) {
		if (fstatat(w->fd, w->text, &st, AT_SYMLINK_NOFOLLOW))
			say(token ? " gone" : "");
		else if (!token)
			say(" born");
		else if (token == -1 || !ino_shown(&st))
			say(" there");
		else
			say((long)st.st_ino == token ? " kept" : " other");
	}
	see_where(w);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool shown(const char *name)
{
	return !strncmp(name, "user.", 5) || !strncmp(name, "system.", 7) ||
	       !strncmp(name, "trusted.", 8);
}

void see_xattrs(const char *path, int fd)
{
	char list[4096], *name[64];
	unsigned char value[512];
	int n = 0;
	ssize_t len =
		path ? llistxattr(path, list, sizeof(list)) : flistxattr(fd, list, sizeof(list));

	for (char *p = list; len > 0 && p < list + len && n < 64; p += strlen(p) + 1)
		if (shown(p))
			name[n++] = p;
	qsort(name, (size_t)n, sizeof(name[0]), by_name);
	for (int i = 0; i < n; i++) {
		len = path ? lgetxattr(path, name[i], value, sizeof(value))
			   : fgetxattr(fd, name[i], value, sizeof(value));
		say(" %s=", name[i]);
		if (len < 0)
			say("%s", strerrorname_np(errno));
		else
			say("%zd:%08x", len, (unsigned)hash_bytes(1, value, (size_t)len));
	}
}
