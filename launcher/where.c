/* SPDX-License-Identifier: MIT */
#include "where.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "linkindex.h"
#include "say.h"
#include "upmark.h"

#define LINKS_MAX 40 /* as the kernel: path_resolution(7) */

int ovl_view_open(const struct ovl_run *run, struct ovl_view *ret)
{
	const char *path[1 + OVL_LOWER_MAX];

	ret->run = run;
	ret->index = -1;
	path[0] = run->upper && !access(run->upper, F_OK) ? run->upper : NULL;
	if (path[0])
		ret->index = ovl_linkindex_read(run->work, run->upper);
	ovl_upmark_use_index(ret->index);
	for (int i = 0; i < run->lower.n; i++)
		path[1 + i] = run->lower.path[i];
	return ovl_stack_open(path, 1 + run->lower.n, &ret->top);
}

void ovl_view_close(struct ovl_view *view)
{
	ovl_stack_close(&view->top);
	ovl_upmark_use_index(-1);
	if (view->index >= 0)
		close(view->index);
}

void ovl_where_free(struct ovl_where *w)
{
	free(w->view);
	free(w->real);
	*w = (struct ovl_where){0};
}

bool ovl_where_untouched(const struct ovl_where *w)
{
	return !strcmp(w->view, w->real);
}

bool ovl_view_has(const struct ovl_view *view, const char *path)
{
	const struct ovl_run *run = view->run;

	if (!ovl_path_within(path, run->root))
		return false;
	for (int i = 0; i < run->npass; i++) {
		if (ovl_path_within(path, run->pass[i]))
			return false;
	}
	return true;
}

/* Upper and work do not exist inside. */
static bool is_hidden(const struct ovl_run *run, const char *path)
{
	return (run->upper && ovl_path_within(path, run->upper)) ||
	       (run->work && ovl_path_within(path, run->work));
}

/* The real path of the object open as @fd, followed by "/@name" unless that is empty. */
static char *real_path(int fd, const char *name)
{
	char *link = ovl_text("/proc/self/fd/%d", fd);
	char *dir = realpath(link, NULL);
	char *path = NULL;

	free(link);
	if (dir)
		path = *name ? ovl_text("%s/%s", dir[1] ? dir : "", name) : ovl_must(strdup(dir));
	free(dir);
	return path;
}

/* The part of @path below the view root, split before its last name. */
static const char *split(const struct ovl_view *view, const char *path, char **ret_parent)
{
	const char *rel = path + (view->run->root[1] ? strlen(view->run->root) : 0);
	const char *slash = strrchr(rel, '/');

	*ret_parent = ovl_must(slash ? strndup(rel, (size_t)(slash - rel)) : strdup(""));
	return slash ? slash + 1 : "";
}

/* What the layers have at @path, which is in the view; a symlink is not followed. */
static int look_inside(const struct ovl_view *view, const char *path, struct ovl_where *ret)
{
	struct ovl_stack dir;
	struct ovl_found found = {0};
	char *parent;
	const char *name = split(view, path, &parent);
	int err = ovl_stack_walk(&view->top, parent, &dir);

	free(parent);
	if (err)
		return err;
	if (*name) {
		err = ovl_stack_find(&dir, name, &found);
	} else {
		found.at = dir.fd[0];
		err = fstat(found.at, &found.st) ? -errno : 0;
	}
	if (!err) {
		ret->st = found.st;
		ret->real = real_path(found.at, name);
		err = ret->real ? 0 : -errno;
	}
	ovl_stack_close(&dir);
	return err;
}

static int look(const struct ovl_view *view, const char *path, struct ovl_where *ret)
{
	if (is_hidden(view->run, path))
		return -ENOENT;
	if (ovl_view_has(view, path))
		return look_inside(view, path, ret);
	if (!lstat(path, &ret->st)) {
		ret->real = ovl_must(strdup(path));
		return 0;
	}
	if (errno == ENOENT && ovl_path_within(view->run->root, path)) {
		/* above a view root that has no real counterpart */
		ret->st.st_mode = S_IFDIR | 0755;
		ret->real = ovl_must(strdup(path));
		return 0;
	}
	return -errno;
}

/* The text of symlink @path as a new string, or NULL with errno. */
static char *link_text(const char *path)
{
	char text[PATH_MAX];
	ssize_t n = readlink(path, text, sizeof(text));

	return n < 0 ? NULL : ovl_must(strndup(text, (size_t)n));
}

/* @at and what is still to be walked, after the symlink @real met there. Takes @rest. */
static int follow(char **at, const char *real, char **rest)
{
	char *text = link_text(real);
	char *more;

	if (!text)
		return -errno;
	more = ovl_text("%s%s", text, *rest);
	if (*text == '/') {
		free(*at);
		*at = ovl_must(strdup("/"));
	}
	free(text);
	free(*rest);
	*rest = more;
	return 0;
}

static void go_up(char *at)
{
	char *slash = strrchr(at, '/');

	slash[slash == at] = '\0';
}

/* Cut the first component off *@rest: a new string, empty at the end. */
static char *next_name(char **rest)
{
	char *start = *rest + strspn(*rest, "/");
	size_t n = strcspn(start, "/");
	char *name = ovl_must(strndup(start, n));

	memmove(*rest, start + n, strlen(start + n) + 1);
	return name;
}

/* One component @name from *@at on. */
static int step(const struct ovl_view *view, char **at, char **rest, const char *name, int *links)
{
	struct ovl_where w = {0};
	char *path;
	int err;

	if (!strcmp(name, "."))
		return 0;
	if (!strcmp(name, "..")) {
		go_up(*at);
		return 0;
	}
	path = ovl_text("%s/%s", (*at)[1] ? *at : "", name);
	err = look(view, path, &w);
	if (!err && S_ISLNK(w.st.st_mode)) {
		err = ++*links > LINKS_MAX ? -ELOOP : follow(at, w.real, rest);
		free(path);
	} else if (!err && **rest && !S_ISDIR(w.st.st_mode)) {
		err = -ENOTDIR;
		free(path);
	} else {
		free(*at);
		*at = path;
	}
	ovl_where_free(&w);
	return err;
}

int ovl_where_find(const struct ovl_view *view, const char *path, struct ovl_where *ret)
{
	char *at = ovl_must(strdup("/"));
	char *rest = ovl_must(strdup(path));
	int links = 0;
	int err = 0;

	while (!err) {
		char *name = next_name(&rest);
		bool end = !*name;

		if (!end)
			err = step(view, &at, &rest, name, &links);
		free(name);
		if (end)
			break;
	}
	free(rest);
	*ret = (struct ovl_where){0};
	if (!err)
		err = look(view, at, ret);
	if (err)
		free(at);
	else
		ret->view = at;
	return err;
}

char *ovl_view_dir(const struct ovl_view *view, const char *path)
{
	struct ovl_stack dir;
	char *rel;
	const char *name;
	char *real;

	if (!ovl_view_has(view, path))
		return ovl_must(strdup(path));
	name = split(view, path, &rel);
	rel = ovl_must(realloc(rel, strlen(rel) + strlen(name) + 2));
	strcat(strcat(rel, "/"), name);
	if (ovl_stack_walk(&view->top, rel, &dir)) {
		free(rel);
		return NULL;
	}
	free(rel);
	/* the first is upper's where upper has it */
	real = dir.n ? real_path(dir.fd[dir.n > 1 && dir.layer[0] == 0], "") : NULL;
	ovl_stack_close(&dir);
	return real;
}
