/* SPDX-License-Identifier: MIT */
/*
 * where.h - a path in the view, found before any process is in it
 *
 * The launcher is outside: what a name means inside is worked out from the layers.
 * Context: launcher.
 */
#ifndef OVL_WHERE_H
#define OVL_WHERE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "run.h"
#include "stack.h"

/* The layers of a run, open. */
struct ovl_view {
	const struct ovl_run *run;
	struct ovl_stack top; /* layer 0 is upper */
	int index;	      /* WORK/index; -1: there is none */
};

/* What is at a path. */
struct ovl_where {
	char *view; /* the path without symlinks, as a process inside names it */
	char *real; /* the real object */
	struct stat st;
};

/* Open the layers of @run. 0 or -errno. */
int ovl_view_open(const struct ovl_run *run, struct ovl_view *ret);
void ovl_view_close(struct ovl_view *view);

/* Find absolute @path, following symlinks. 0 or -errno; free with ovl_where_free(). */
int ovl_where_find(const struct ovl_view *view, const char *path, struct ovl_where *ret);
void ovl_where_free(struct ovl_where *w);

/* Is it at the place where the kernel would look as well? */
bool ovl_where_untouched(const struct ovl_where *w);

/* Is the absolute path @path a part of the view? */
bool ovl_view_has(const struct ovl_view *view, const char *path);

/*
 * The real directory to be in so as to be in directory @path (without symlinks) of the view:
 * a lower's own, whatever upper has, as long as one shows there. A new string or NULL.
 */
char *ovl_view_dir(const struct ovl_view *view, const char *path);

#endif
