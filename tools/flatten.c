/* SPDX-License-Identifier: MIT */
#include "flatten.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attrs.h"
#include "hollow.h"
#include "lift.h"
#include "linkindex.h"
#include "say.h"
#include "spread.h"
#include "stack.h"
#include "upmark.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

struct flatten {
	bool dot_wh; /* upper's marks were .wh. files */
	struct ovl_lift lift;
	struct ovl_stack lowers;
	unsigned long troubles;
};

/* A directory of upper, and what the lowers have for it. */
struct level {
	const struct level *up;
	const char *name;
	int fd;
	const struct ovl_stack *old; /* empty: upper alone decides */
	bool fill;		     /* it is to hold all that shows in it */
	bool again;		     /* its names were walked before */
};

/* The path of @name in @l, from upper's root; to be freed. */
static char *path_text(const struct level *l, const char *name)
{
	char *path = ovl_text("/%s", name);

	for (; l->up; l = l->up) {
		char *longer = ovl_text("/%s%s", l->name, path);

		free(path);
		path = longer;
	}
	return path;
}

static void trouble(struct flatten *f, const struct level *l, const char *name, int err)
{
	char *path = path_text(l, name);

	f->troubles++;
	ovl_say("%s: %s", path, strerror(-err));
	free(path);
}

/* There is nothing that it could be made into. */
static void warn_device(const struct level *l, const char *name)
{
	char *path = path_text(l, name);

	if (!l->again)
		ovl_say("%s: a character device 0/0: the kernel takes it for a whiteout", path);
	free(path);
}

static void walk(struct flatten *f, const struct level *l);

/* What the lowers have for the directory @name of @l, open as @fd. */
static int old_of(struct flatten *f, const struct level *l, int fd, const char *name,
		  const char *redirect, struct ovl_stack *ret)
{
	int err;

	if (ovl_upmark_opaque(fd, false))
		return 0;
	if (!*redirect)
		err = ovl_stack_child(l->old, name, ret);
	else if (*redirect == '/')
		err = ovl_stack_walk(&f->lowers, redirect, ret);
	else
		err = ovl_stack_child(l->old, redirect, ret);
	return err;
}

/* Nothing of the lowers shows in @l that it has not: tell so, and forget where they were. */
static int cut_off(struct flatten *f, struct level *l)
{
	static const struct ovl_stack none;
	int err = ovl_upmark_set_opaque(l->fd);

	if (err)
		return err;
	/* Whiteouts have nothing to hide any more, and the kernel would list them. */
	l->old = &none;
	l->fill = false;
	l->again = true;
	walk(f, l);
	return ovl_upmark_clear_redirect(l->fd);
}

static void walk_child(struct flatten *f, const struct level *l, const char *name)
{
	struct ovl_stack old = {.root = &f->lowers};
	struct level child = {.up = l, .name = name, .old = &old, .again = l->again};
	unsigned long before = f->troubles;
	char redirect[PATH_MAX] = "";
	bool moved;
	int err;

	child.fd = openat(l->fd, name, DIR_FLAGS);
	if (child.fd < 0) {
		trouble(f, l, name, -errno);
		return;
	}
	moved = ovl_upmark_redirect(child.fd, redirect, sizeof(redirect));
	child.fill = l->fill || moved;
	err = old_of(f, l, child.fd, name, redirect, &old);
	if (!err)
		walk(f, &child);
	if (!err && moved && f->troubles == before)
		err = cut_off(f, &child);
	else if (!err && !moved && ovl_upmark_opaque(child.fd, false))
		err = ovl_upmark_set_opaque(child.fd); /* root's mark alone does not do */
	if (err)
		trouble(f, l, name, err);
	ovl_stack_close(&old);
	close(child.fd);
}

/* A whiteout with nothing to hide: the kernel would list it. It goes, the times stay. */
static int drop_whiteout(const struct level *l, const char *name)
{
	struct stat was;

	if (fstat(l->fd, &was) || unlinkat(l->fd, name, 0))
		return -errno;
	return futimens(l->fd, (struct timespec[]){was.st_atim, was.st_mtim}) ? -errno : 0;
}

/* What a .wh. file says of @name, said in the kernel's words. */
static int mark(const struct level *l, const char *name)
{
	char text[PATH_MAX];
	struct ovl_found found;
	struct stat st;
	int err = 0;
	int fd;

	if (!strcmp(name, OVL_UPMARK_DIR))
		return ovl_upmark_set_opaque(l->fd);
	if (fstatat(l->fd, name, &st, AT_SYMLINK_NOFOLLOW)) {
		err = ovl_stack_find(l->old, name, &found);
		if (!err)
			err = mknodat(l->fd, name, S_IFCHR, 0) ? -errno : 0;
		return err == -ENOENT ? 0 : err;
	}
	if (!S_ISDIR(st.st_mode))
		return 0;
	fd = openat(l->fd, name, DIR_FLAGS);
	if (fd < 0)
		return -errno;
	if (!ovl_upmark_redirect(fd, text, sizeof(text)))
		err = ovl_upmark_set_opaque(fd);
	close(fd);
	return err;
}

/* The .wh. file @name of upper's directory @l becomes a mark of the kernel's. */
static int convert(const struct level *l, const char *name)
{
	char of[NAME_MAX + 1];
	struct stat was;
	int err;

	if (!ovl_upmark_hidden(l->fd, name, of))
		return 0;
	if (fstat(l->fd, &was))
		return -errno;
	err = mark(l, of);
	if (!err && unlinkat(l->fd, name, 0))
		err = -errno;
	if (!err && futimens(l->fd, (struct timespec[]){was.st_atim, was.st_mtim}))
		err = -errno;
	return err;
}

/* Those of @names that are symlinks, or those that are not. */
static int convert_some(struct flatten *f, const struct level *l, const struct ovl_names *names,
			bool links)
{
	int failed = 0;

	for (size_t i = 0; i < names->n; i++) {
		struct stat st;
		int err;

		if (fstatat(l->fd, names->name[i], &st, AT_SYMLINK_NOFOLLOW) ||
		    !ovl_upmark_is_file(names->name[i], &st) || S_ISLNK(st.st_mode) != links)
			continue;
		err = convert(l, names->name[i]);
		if (err)
			trouble(f, l, names->name[i], err);
		failed |= err;
	}
	return failed;
}

static void convert_all(struct flatten *f, const struct level *l)
{
	struct ovl_names names;
	int err = ovl_names_read(l->fd, &names);

	if (err) {
		trouble(f, l, "", err);
		return;
	}
	/* A name that begins with .wh. is hidden by a symlink: the mark of that name goes first. */
	if (!convert_some(f, l, &names, false))
		(void)convert_some(f, l, &names, true); /* it tells itself */
	ovl_names_free(&names);
}

/* A name in upper's directory @l. */
static void walk_name(struct flatten *f, const struct level *l, const char *name)
{
	struct stat st;
	int err = 0;

	if (fstatat(l->fd, name, &st, AT_SYMLINK_NOFOLLOW))
		err = -errno;
	else if (S_ISDIR(st.st_mode))
		walk_child(f, l, name);
	else if (ovl_upmark_whiteout(&st) && ovl_lift_is_device(f->lift.index, l->fd, name))
		warn_device(l, name);
	else if (S_ISREG(st.st_mode))
		err = ovl_hollow_settle(&f->lowers, l->fd, name, S_IFREG);
	else if (ovl_upmark_whiteout(&st) && !l->old->n)
		err = drop_whiteout(l, name);
	if (err)
		trouble(f, l, name, err);
}

/* Bring up what shows in @l and is not in upper. */
static void fill(struct flatten *f, const struct level *l, const struct ovl_names *have)
{
	struct ovl_names names;
	struct ovl_found found;
	int err = ovl_stack_list(l->old, &names);

	if (err) {
		trouble(f, l, "", err);
		return;
	}
	for (size_t i = 0; i < names.n; i++) {
		const char *name = names.name[i];

		if (ovl_names_has(have, name))
			continue;
		err = ovl_stack_find(l->old, name, &found);
		if (!err)
			err = ovl_lift(&f->lift, &found, name, l->fd, name);
		if (err)
			trouble(f, l, name, err);
		else if (S_ISDIR(found.st.st_mode))
			walk_child(f, l, name);
	}
	ovl_names_free(&names);
}

static void walk(struct flatten *f, const struct level *l)
{
	struct ovl_names names;
	int err;

	if (f->dot_wh)
		convert_all(f, l);
	err = ovl_names_read(l->fd, &names);
	if (err) {
		trouble(f, l, "", err);
		return;
	}
	for (size_t i = 0; i < names.n; i++)
		walk_name(f, l, names.name[i]);
	if (l->fill && l->old->n)
		fill(f, l, &names);
	ovl_names_free(&names);
}

/* The names that lead to WORK/index get links in upper. */
static void spread(struct flatten *f, const struct ovl_run *run)
{
	int any = ovl_lift_any_indexed(&f->lift);
	unsigned long bad;

	if (!any)
		return;
	bad = any < 0 ? 1 : ovl_spread(run, &f->lift);
	if (!bad && ovl_lift_forget(&f->lift))
		bad = 1;
	if (bad)
		ovl_say("%s/index: not every link could be made", run->work);
	f->troubles += bad;
}

unsigned long ovl_flatten(const struct ovl_run *run)
{
	struct flatten f = {.dot_wh = run->dot_wh};
	struct level top = {.name = "", .old = &f.lowers};
	int err = ovl_linkindex_open(run, NULL);

	ovl_stack_room();
	if (!err)
		err = ovl_lift_open(run->work, &f.lift);
	if (err)
		ovl_trouble("%s: %s", run->work, strerror(-err));
	ovl_upmark_use_index(f.lift.index);
	err = ovl_stack_open((const char *const *)run->lower.path, run->lower.n, &f.lowers);
	if (err)
		ovl_trouble("the lower layers: %s", strerror(-err));
	top.fd = open(run->upper, DIR_FLAGS);
	if (top.fd < 0)
		ovl_trouble("%s: %s", run->upper, strerror(errno));
	walk(&f, &top);
	spread(&f, run);
	if (f.dot_wh && !f.troubles)
		err = ovl_upmark_clear_dot_wh(run->upper);
	if (err)
		trouble(&f, &top, "", err);
	close(top.fd);
	ovl_stack_close(&f.lowers);
	ovl_lift_close(&f.lift);
	return f.troubles;
}
