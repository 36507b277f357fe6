/* SPDX-License-Identifier: MIT */
#include "layerlist.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "say.h"

/* The first name of @arg, unescaped, as a new string; *@arg moves behind it and its colon. */
static char *first_name(const char **arg)
{
	const char *s = *arg;
	char *name = ovl_must(malloc(strlen(s) + 1));
	size_t n = 0;

	while (*s && *s != ':') {
		if (*s == '\\' && (s[1] == ':' || s[1] == '\\'))
			s++;
		name[n++] = *s++;
	}
	name[n] = '\0';
	*arg = *s ? s + 1 : s;
	return name;
}

bool ovl_layerlist_add(struct ovl_layerlist *list, const char *arg)
{
	do {
		if (list->n == OVL_LOWER_MAX)
			return false;
		list->path[list->n++] = first_name(&arg);
	} while (*arg);
	return true;
}

int ovl_layerlist_settle(struct ovl_layerlist *list)
{
	if (!list->n)
		(void)ovl_layerlist_add(list, "/"); /* an empty list has room */
	for (int i = 0; i < list->n; i++) {
		char *real = realpath(list->path[i], NULL);
		struct stat st;

		if (!real)
			return i;
		if (stat(real, &st) || !S_ISDIR(st.st_mode)) {
			free(real);
			errno = ENOTDIR;
			return i;
		}
		free(list->path[i]);
		list->path[i] = real;
	}
	return -1;
}

bool ovl_path_within(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	if (n == 1)
		return true;
	return !strncmp(path, dir, n) && (!path[n] || path[n] == '/');
}

/* Append the components of @rest to @dir: "." and ".." as text. Takes @dir. */
static char *append(char *dir, const char *rest)
{
	while (*rest) {
		size_t n = strcspn(rest, "/");

		if (n == 2 && !strncmp(rest, "..", 2)) {
			char *slash = strrchr(dir, '/');

			slash[slash == dir] = '\0';
		} else if (n && !(n == 1 && *rest == '.')) {
			char *longer = ovl_text("%s/%.*s", dir[1] ? dir : "", (int)n, rest);

			free(dir);
			dir = longer;
		}
		rest += n;
		rest += *rest == '/';
	}
	return dir;
}

char *ovl_path_settle(const char *path)
{
	char *head = ovl_must(strdup(path));
	char *real = realpath(head, NULL);
	size_t n = strlen(head);

	if (!*path) {
		free(head);
		errno = ENOENT;
		return NULL;
	}
	while (!real && errno == ENOENT) {
		while (n && head[n - 1] == '/')
			n--;
		while (n && head[n - 1] != '/')
			n--;
		head[n] = '\0';
		real = realpath(n ? head : ".", NULL);
		if (!n)
			break;
	}
	free(head);
	return real ? append(real, path + n) : NULL;
}
