/* SPDX-License-Identifier: MIT */
/* dump.c - a whole tree, one line each, sorted; and its removal */
#include <dirent.h>
#include <sys/xattr.h>

#include "fuzz.h"

struct list {
	char **name;
	size_t n;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int list_read(const char *dir, struct list *l)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	memset(l, 0, sizeof(*l));
	if (!d)
		return -errno;
	while ((e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		l->name = realloc(l->name, (l->n + 1) * sizeof(*l->name));
		l->name[l->n++] = strdup(e->d_name);
	}
	closedir(d);
	if (l->n)
		qsort(l->name, l->n, sizeof(*l->name), by_name);
	return 0;
}

static void list_free(struct list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->name[i]);
	free(l->name);
}

static void show_content(const char *path, const struct stat *st)
{
	char text[PATH_MAX];
	long size;
	uint64_t h;
	ssize_t n;
	int fd;

	if (S_ISLNK(st->st_mode)) {
		n = readlink(path, text, sizeof(text));
		say(" -> ");
		say_text(text, n < 0 ? 0 : (size_t)n);
	}
	if (!S_ISREG(st->st_mode))
		return;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOATIME);
	if (fd < 0)
		fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		say(" %s", strerrorname_np(errno));
		return;
	}
	h = hash_fd(fd, LONG_MAX, &size);
	say(" %ld:%016lx", size, (unsigned long)h);
	close(fd);
}

/* everything that must not change in a layer that is only read */
static void show_raw(const struct stat *st)
{
	bool ino =
		(run.features & F_SPECIAL_INODES) || S_ISREG(st->st_mode) || S_ISDIR(st->st_mode);

	bool dir =
		S_ISDIR(st->st_mode); /* its link count and size are the file system's own affair */

	say(" raw ino=%lu n=%lu s=%lld r=%lx m=%ld.%09ld", ino ? (unsigned long)st->st_ino : 0,
	    dir ? 0 : (unsigned long)st->st_nlink, dir ? 0 : (long long)st->st_size,
	    (unsigned long)st->st_rdev, (long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
}

static void dump_one(const char *path, bool raw)
{
	struct stat st;

	say_text(path, strlen(path));
	if (lstat(path, &st)) {
		say(" %s", strerrorname_np(errno));
		say_end();
		return;
	}
	see_stat(&st);
	if (raw)
		show_raw(&st);
	else if (!S_ISDIR(st.st_mode) && st.st_nlink > 1 && (run.features & F_LINKS))
		say(" same as i%d", see_class(&st));
	if (raw || !S_ISREG(st.st_mode) || st.st_size)
		show_content(path, &st);
	if (run.features & F_XATTR)
		see_xattrs(path, -1);
	say_end();
}

void dump_tree(const char *dir, bool raw)
{
	struct list l;
	struct stat st;
	int err;

	dump_one(dir, raw);
	if (lstat(dir, &st) || !S_ISDIR(st.st_mode))
		return;
	err = list_read(dir, &l);
	if (err) {
		say("  list: %s", strerrorname_np(-err));
		say_end();
	}
	for (size_t i = 0; i < l.n; i++) {
		char *path;

		if (asprintf(&path, "%s/%s", strcmp(dir, "/") ? dir : "", l.name[i]) < 0)
			abort();
		dump_tree(path, raw);
		free(path);
	}
	list_free(&l);
}

/* rm -rf, by descriptors: paths may be longer than PATH_MAX; modes may forbid it */
static int clean_at(int at, const char *name)
{
	struct list l = {0};
	char self[64];
	int fd;
	int err = 0;

	if (!unlinkat(at, name, 0) || errno == ENOENT)
		return 0;
	(void)fchmodat(at, name, 0700, 0); /* not ours: then the next step tells */
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	err = list_read(self, &l);
	for (size_t i = 0; !err && i < l.n; i++)
		err = clean_at(fd, l.name[i]);
	list_free(&l);
	close(fd);
	if (!err && unlinkat(at, name, AT_REMOVEDIR))
		err = -errno;
	return err;
}

int tree_clean(const char *dir)
{
	return clean_at(AT_FDCWD, dir);
}
