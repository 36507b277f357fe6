/* SPDX-License-Identifier: MIT */
#include "stack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "say.h"
#include "upmark.h"

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int append(struct ovl_names *names, const char *name)
{
	/* grows at each power of two */
	if (!(names->n & (names->n - 1))) {
		size_t cap = names->n ? 2 * names->n : 1;
		char **grown = realloc(names->name, cap * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		names->name = grown;
	}
	names->name[names->n] = strdup(name);
	if (!names->name[names->n])
		return -ENOMEM;
	names->n++;
	return 0;
}

static int read_all(DIR *dir, struct ovl_names *names)
{
	struct dirent *e;
	int err = 0;

	errno = 0;
	while (!err && (e = readdir(dir))) {
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			err = append(names, e->d_name);
		errno = 0;
	}
	return err ? err : -errno;
}

int ovl_names_read(int fd, struct ovl_names *ret)
{
	struct ovl_names names = {0};
	int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir;
	int err;

	if (own < 0)
		return -errno;
	dir = fdopendir(own);
	if (!dir) {
		close(own);
		return -ENOMEM;
	}
	err = read_all(dir, &names);
	closedir(dir);
	if (err) {
		ovl_names_free(&names);
		return err;
	}
	if (names.n)
		qsort(names.name, names.n, sizeof(*names.name), by_bytes);
	*ret = names;
	return 0;
}

/* @name, an entry of the directory @fd, becomes the name that it stands for. False: none. */
static bool unmark(int fd, char **name)
{
	char of[NAME_MAX + 1];
	struct stat st;

	if (fstatat(fd, *name, &st, AT_SYMLINK_NOFOLLOW) || !ovl_upmark_is_file(*name, &st))
		return true;
	if (!ovl_upmark_hidden(fd, *name, of) || !strcmp(of, OVL_UPMARK_DIR))
		return false;
	free(*name);
	*name = ovl_must(strdup(of));
	return true;
}

/* Sort, and drop what is there twice. */
static void sort(struct ovl_names *names)
{
	size_t kept = 0;

	if (names->n)
		qsort(names->name, names->n, sizeof(*names->name), by_bytes);
	for (size_t i = 0; i < names->n; i++) {
		if (kept && !strcmp(names->name[kept - 1], names->name[i]))
			free(names->name[i]);
		else
			names->name[kept++] = names->name[i];
	}
	names->n = kept;
}

int ovl_names_read_marked(int fd, struct ovl_names *ret)
{
	struct ovl_names names;
	size_t kept = 0;
	int err = ovl_names_read(fd, &names);

	if (err)
		return err;
	for (size_t i = 0; i < names.n; i++) {
		if (unmark(fd, &names.name[i]))
			names.name[kept++] = names.name[i];
		else
			free(names.name[i]);
	}
	names.n = kept;
	sort(&names);
	*ret = names;
	return 0;
}

bool ovl_names_has(const struct ovl_names *names, const char *name)
{
	size_t from = 0;
	size_t to = names->n;

	while (from < to) {
		size_t mid = (from + to) / 2;
		int c = strcmp(name, names->name[mid]);

		if (!c)
			return true;
		if (c < 0)
			to = mid;
		else
			from = mid + 1;
	}
	return false;
}

void ovl_names_free(struct ovl_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->name[i]);
	free(names->name);
	*names = (struct ovl_names){0};
}

/* Sort, drop what is there twice and what does not show through the layers' marks. */
static void settle(const struct ovl_stack *s, struct ovl_names *all)
{
	struct ovl_found found;
	size_t kept = 0;

	sort(all);
	for (size_t i = 0; i < all->n; i++) {
		if (ovl_stack_find(s, all->name[i], &found))
			free(all->name[i]);
		else
			all->name[kept++] = all->name[i];
	}
	all->n = kept;
}

int ovl_stack_list(const struct ovl_stack *s, struct ovl_names *ret)
{
	struct ovl_names all = {0};
	int err = 0;

	for (int i = 0; i < s->n && !err; i++) {
		struct ovl_names one;

		err = ovl_names_read(s->fd[i], &one);
		if (err)
			break;
		for (size_t k = 0; k < one.n && !err; k++)
			err = append(&all, one.name[k]);
		ovl_names_free(&one);
	}
	if (err) {
		ovl_names_free(&all);
		return err;
	}
	settle(s, &all);
	*ret = all;
	return 0;
}
