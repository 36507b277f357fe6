/* SPDX-License-Identifier: MIT */
#include "spread.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "say.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

struct spread {
	const struct ovl_run *run;
	struct ovl_lift *lift;
	struct stat hidden[2]; /* upper and work: in no view */
	unsigned long troubles;
};

/* A directory of the view. */
struct level {
	struct level *up;
	const char *name;
	struct ovl_stack all; /* upper's part is layer 0 */
	int fd;		      /* upper's part: all.fd[0], or opened here; -1 until it is there */
};

static void trouble(struct spread *s, const struct level *l, const char *name, int err)
{
	char *path = ovl_text("/%s", name);

	for (; l->up; l = l->up) {
		char *longer = ovl_text("/%s%s", l->name, path);

		free(path);
		path = longer;
	}
	s->troubles++;
	ovl_say("%s: %s", path, strerror(-err));
	free(path);
}

/* Make @l's directory on upper, and those above it, if they are not there. */
static int bring_up(struct spread *s, struct level *l)
{
	struct ovl_found found;
	int err = 0;

	if (l->fd >= 0)
		return 0;
	err = bring_up(s, l->up); /* the root has one: it ends there */
	if (!err)
		err = ovl_stack_find(&l->up->all, l->name, &found);
	if (!err)
		err = ovl_lift(s->lift, &found, l->name, l->up->fd, l->name);
	if (err)
		return err;
	l->fd = openat(l->up->fd, l->name, DIR_FLAGS);
	return l->fd < 0 ? -errno : 0;
}

static bool is_hidden(const struct spread *s, const struct stat *st)
{
	for (int i = 0; i < 2; i++) {
		if (st->st_dev == s->hidden[i].st_dev && st->st_ino == s->hidden[i].st_ino)
			return true;
	}
	return false;
}

/* What a run with root "/" leaves to the kernel. */
static bool is_passed(const struct spread *s, const struct level *l, const char *name)
{
	return !l->up && !strcmp(s->run->lower.path[0], "/") &&
	       (!strcmp(name, "proc") || !strcmp(name, "sys") || !strcmp(name, "dev"));
}

static void walk(struct spread *s, struct level *l);

static void walk_child(struct spread *s, struct level *l, const char *name)
{
	struct level child = {.up = l, .name = name, .fd = -1};
	int err = ovl_stack_child(&l->all, name, &child.all);
	bool own = false;

	if (err) {
		trouble(s, l, name, err);
		return;
	}
	own = child.all.n && child.all.layer[0] == 0;
	if (own)
		child.fd = child.all.fd[0];
	walk(s, &child);
	if (!own && child.fd >= 0)
		close(child.fd);
	ovl_stack_close(&child.all);
}

static void walk_name(struct spread *s, struct level *l, const char *name)
{
	struct ovl_found found;
	int err = ovl_stack_find(&l->all, name, &found);

	if (!err && S_ISDIR(found.st.st_mode)) {
		if (!is_hidden(s, &found.st) && !is_passed(s, l, name))
			walk_child(s, l, name);
		return;
	}
	if (!err && found.layer && ovl_lift_indexed(s->lift, &found.st)) {
		err = bring_up(s, l);
		if (!err)
			err = ovl_lift(s->lift, &found, name, l->fd, name);
	}
	if (err)
		trouble(s, l, name, err);
}

static void walk(struct spread *s, struct level *l)
{
	struct ovl_names names;
	int err = ovl_stack_list(&l->all, &names);

	if (err) {
		trouble(s, l, "", err);
		return;
	}
	for (size_t i = 0; i < names.n; i++)
		walk_name(s, l, names.name[i]);
	ovl_names_free(&names);
}

unsigned long ovl_spread(const struct ovl_run *run, struct ovl_lift *l)
{
	struct spread s = {.run = run, .lift = l};
	struct level top = {.name = ""};
	const char *path[1 + OVL_LOWER_MAX] = {run->upper};
	int err = 0;

	for (int i = 0; i < run->lower.n; i++)
		path[1 + i] = run->lower.path[i];
	if (stat(run->upper, &s.hidden[0]) || stat(run->work, &s.hidden[1]))
		err = -errno;
	if (!err)
		err = ovl_stack_open(path, 1 + run->lower.n, &top.all);
	if (err) {
		trouble(&s, &top, "", err);
		return s.troubles;
	}
	top.fd = top.all.fd[0];
	walk(&s, &top);
	ovl_stack_close(&top.all);
	return s.troubles;
}
