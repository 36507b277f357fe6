/* SPDX-License-Identifier: MIT */
#include "diff.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compare.h"
#include "fact.h"
#include "lift.h"
#include "linkindex.h"
#include "say.h"
#include "stack.h"
#include "upmark.h"

/* The walk: upper's directory against what the lowers alone would show there. */
struct walk {
	struct ovl_diff *diff;
	const struct ovl_stack *lowers;
	bool dot_wh;
	struct ovl_lift lift;  /* its index alone; -1: there is none */
	bool linked;	       /* lower names may show a copy in the index */
	struct stat hidden[2]; /* upper and work: in no view */
	char *path;	       /* of the directory at hand, below the view root */
	size_t len;
};

struct level {
	int upper;		     /* the directory in upper; -1 when it has none */
	const struct ovl_stack *old; /* what the lowers had there; may be empty */
	bool gone;		     /* a .wh. file beside it hides all of that */
};

static void tell(struct walk *w, char letter, const char *name)
{
	const char *part[] = {w->diff->root[1] ? w->diff->root : "", w->path, "/", name};
	FILE *out = w->diff->out;

	w->diff->changes++;
	fprintf(out, "%c ", letter);
	for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++)
		ovl_name_put(out, part[i]);
	fputc('\n', out);
}

static void trouble(struct walk *w, const char *name, int err)
{
	w->diff->troubles++;
	ovl_say("%s%s/%s: %s", w->diff->root[1] ? w->diff->root : "", w->path, name,
		strerror(-err));
}

static size_t enter(struct walk *w, const char *name)
{
	size_t was = w->len;
	size_t n = strlen(name);

	w->path = ovl_must(realloc(w->path, was + n + 2));
	w->path[was] = '/';
	memcpy(w->path + was + 1, name, n + 1);
	w->len = was + 1 + n;
	return was;
}

static void leave(struct walk *w, size_t was)
{
	w->len = was;
	w->path[was] = '\0';
}

static void walk_dir(struct walk *w, const struct level *l);

static void tell_removed(struct walk *w, const struct level *l, const char *name)
{
	struct ovl_found found;

	if (!ovl_stack_find(l->old, name, &found))
		tell(w, 'D', name);
}

/* What the lowers have for the directory open as @fd, called @name: a redirect leads elsewhere. */
static int old_of(struct walk *w, const struct level *l, int fd, const char *name,
		  struct ovl_stack *ret, bool *ret_moved)
{
	char text[PATH_MAX];

	*ret_moved = ovl_upmark_redirect(fd, text, sizeof(text));
	if (!*ret_moved)
		return ovl_stack_child(l->old, name, ret);
	if (*text == '/')
		return ovl_stack_walk(w->lowers, text, ret);
	return ovl_stack_child(l->old, text, ret);
}

/* The directory @name of upper, below which more may have changed. @letter: told already. */
static void walk_child(struct walk *w, const struct level *l, const char *name, char letter)
{
	struct ovl_stack none = {0};
	struct ovl_stack old = {0};
	struct level child = {.old = &old};
	bool moved = false;
	size_t was;
	int err = 0;

	child.upper = openat(l->upper, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (child.upper < 0) {
		trouble(w, name, -errno);
		return;
	}
	none.root = w->lowers;
	old.root = w->lowers;
	err = old_of(w, l, child.upper, name, &old, &moved);
	if (err == -ENOENT)
		err = 0;
	if (err)
		trouble(w, name, err);
	if (letter && !moved) {
		ovl_stack_close(&old);
		child.old = &none;
	}
	child.gone = w->dot_wh && !moved && ovl_upmark_hides(l->upper, name);
	if (letter || moved)
		tell(w, moved ? 'R' : letter, name);
	was = enter(w, name);
	walk_dir(w, &child);
	leave(w, was);
	ovl_stack_close(&old);
	close(child.upper);
}

/* @name is in upper and in the lowers, of the same type. */
static void tell_modified(struct walk *w, const char *name, struct ovl_object *now,
			  const struct ovl_found *found)
{
	struct ovl_object before = {.at = found->at, .name = name, .st = found->st};
	int differs;

	ovl_object_settle(now);
	if (w->lift.index >= 0)
		ovl_lift_settle(w->lift.index, now->at, now->name, &now->st);
	ovl_object_settle(&before);
	differs = ovl_object_compare(now, &before);
	if (differs < 0)
		trouble(w, name, differs);
	else if (differs)
		tell(w, 'M', name);
}

static void walk_name(struct walk *w, const struct level *l, const char *name)
{
	struct ovl_object now = {.at = l->upper, .name = name};
	struct ovl_found found;
	char letter = 0;
	bool marked = false;

	if (fstatat(l->upper, name, &now.st, AT_SYMLINK_NOFOLLOW)) {
		marked = w->dot_wh && errno == ENOENT;
		if (!marked) {
			trouble(w, name, -errno);
			return;
		}
	}
	if (marked || (ovl_upmark_whiteout(&now.st) &&
		       (w->lift.index < 0 || !ovl_lift_is_device(w->lift.index, l->upper, name)))) {
		tell_removed(w, l, name);
		return;
	}
	if (ovl_stack_find(l->old, name, &found))
		letter = 'A';
	else if ((found.st.st_mode ^ now.st.st_mode) & S_IFMT)
		letter = 'T';
	if (!letter)
		tell_modified(w, name, &now, &found);
	if (S_ISDIR(now.st.st_mode))
		walk_child(w, l, name, letter);
	else if (letter)
		tell(w, letter, name);
}

/* A directory that upper has not. What a run with root "/" leaves to the kernel is no part. */
static void walk_lower_dir(struct walk *w, const struct level *l, const char *name,
			   const struct stat *st)
{
	struct ovl_stack old = {.root = w->lowers};
	struct level child = {.upper = -1, .old = &old};
	bool passed = !w->len && !w->diff->root[1] &&
		      (!strcmp(name, "proc") || !strcmp(name, "sys") || !strcmp(name, "dev"));
	size_t was;
	int err;

	for (int i = 0; i < 2; i++)
		passed |= st->st_dev == w->hidden[i].st_dev && st->st_ino == w->hidden[i].st_ino;
	if (passed)
		return;
	err = ovl_stack_child(l->old, name, &old);
	if (err == -EACCES)
		return; /* nor could the run change what is in it */
	if (err) {
		trouble(w, name, err);
		return;
	}
	was = enter(w, name);
	walk_dir(w, &child);
	leave(w, was);
	ovl_stack_close(&old);
}

/* The lower name @name shows: perhaps a copy, which another of its names led to. */
static void walk_lower(struct walk *w, const struct level *l, const char *name)
{
	struct ovl_found found;
	struct ovl_lift_key key;
	struct ovl_object now = {.at = w->lift.index};

	if (ovl_stack_find(l->old, name, &found))
		return;
	if (S_ISDIR(found.st.st_mode)) {
		walk_lower_dir(w, l, name, &found.st);
		return;
	}
	if (!ovl_lift_indexed(&w->lift, &found.st))
		return;
	key = ovl_lift_key(&found.st, "");
	now.name = key.name;
	if (!fstatat(now.at, now.name, &now.st, AT_SYMLINK_NOFOLLOW))
		tell_modified(w, name, &now, &found);
}

/*
 * Names that the lowers have and upper has not: hidden by an opaque directory (*@ret_gone), or
 * to be looked at for hard links.
 */
static int list_others(struct walk *w, const struct level *l, const struct ovl_names *have,
		       struct ovl_names *ret, bool *ret_gone)
{
	size_t kept = 0;
	int err;

	*ret = (struct ovl_names){0};
	*ret_gone = l->gone || (l->upper >= 0 && ovl_upmark_opaque(l->upper, w->dot_wh));
	if (!l->old->n || (!*ret_gone && !w->linked))
		return 0;
	err = ovl_stack_list(l->old, ret);
	if (err)
		return err;
	for (size_t i = 0; i < ret->n; i++) {
		if (ovl_names_has(have, ret->name[i]))
			free(ret->name[i]);
		else
			ret->name[kept++] = ret->name[i];
	}
	ret->n = kept;
	return 0;
}

static void walk_dir(struct walk *w, const struct level *l)
{
	struct ovl_names now = {0};
	struct ovl_names other;
	bool gone;
	size_t i = 0;
	int err = l->upper < 0 ? 0
		  : w->dot_wh  ? ovl_names_read_marked(l->upper, &now)
			       : ovl_names_read(l->upper, &now);

	if (err) {
		trouble(w, "", err);
		return;
	}
	err = list_others(w, l, &now, &other, &gone);
	if (err)
		trouble(w, "", err);
	for (size_t k = 0; k < other.n || i < now.n;) {
		if (k == other.n || (i < now.n && strcmp(now.name[i], other.name[k]) < 0))
			walk_name(w, l, now.name[i++]);
		else if (gone)
			tell(w, 'D', other.name[k++]);
		else
			walk_lower(w, l, other.name[k++]);
	}
	ovl_names_free(&now);
	ovl_names_free(&other);
}

/* Are there hard links that only work knows of? Then all of the lowers is to be looked at. */
static void find_links(struct walk *w, const char *upper)
{
	w->lift.index = w->diff->work ? ovl_linkindex_read(w->diff->work, upper) : -1;
	ovl_upmark_use_index(w->lift.index);
	w->linked = w->lift.index >= 0 && ovl_lift_any_indexed(&w->lift) > 0 &&
		    !stat(upper, &w->hidden[0]) && !stat(w->diff->work, &w->hidden[1]);
}

void ovl_diff_run(struct ovl_diff *diff, const struct ovl_layerlist *lower, const char *upper)
{
	struct ovl_stack lowers;
	struct walk w = {.diff = diff, .lowers = &lowers, .path = ovl_must(strdup(""))};
	struct level top = {.old = &lowers};
	int err;

	ovl_stack_room();
	err = ovl_stack_open((const char *const *)lower->path, lower->n, &lowers);
	top.upper = open(upper, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (err || top.upper < 0) {
		trouble(&w, "", err ? err : -errno);
	} else {
		w.dot_wh = ovl_upmark_dot_wh(top.upper, ".");
		find_links(&w, upper);
		walk_dir(&w, &top);
		close(top.upper);
		if (w.lift.index >= 0)
			close(w.lift.index);
	}
	if (!err)
		ovl_stack_close(&lowers);
	free(w.path);
}
