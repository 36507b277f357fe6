/* SPDX-License-Identifier: MIT */
#include "diff.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compare.h"
#include "say.h"
#include "stack.h"
#include "upmark.h"

/* The walk: upper's directory against what the lowers alone would show there. */
struct walk {
	struct ovl_diff *diff;
	const struct ovl_stack *lowers;
	bool dot_wh;
	char *path; /* of the directory at hand, below the view root */
	size_t len;
};

struct level {
	int upper;		     /* the directory in upper; -1 when it has none */
	const struct ovl_stack *old; /* what the lowers had there; may be empty */
};

static void tell(struct walk *w, char letter, const char *name)
{
	const char *part[] = {w->diff->root[1] ? w->diff->root : "", w->path, "/", name};
	FILE *out = w->diff->out;

	w->diff->changes++;
	fprintf(out, "%c ", letter);
	for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
		for (const char *s = part[i]; *s; s++) {
			unsigned char c = (unsigned char)*s;

			if (c == '\\' || c == '\n')
				fputs(c == '\n' ? "\\n" : "\\\\", out);
			else if (c < ' ' || c == 0x7f)
				fprintf(out, "\\%03o", c);
			else
				fputc(c, out);
		}
	}
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

/* Is @name a mark file of ours? One of a whiteout is told as D of what it hides. */
static bool is_mark(const struct walk *w, const char *name)
{
	return w->dot_wh && !strncmp(name, OVL_UPMARK_WH, strlen(OVL_UPMARK_WH));
}

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
	if (letter || moved)
		tell(w, moved ? 'R' : letter, name);
	was = enter(w, name);
	walk_dir(w, &child);
	leave(w, was);
	ovl_stack_close(&old);
	close(child.upper);
}

/* @name is in upper and in the lowers, of the same type. */
static void tell_modified(struct walk *w, const struct level *l, const char *name,
			  struct ovl_object *now, const struct ovl_found *found)
{
	struct ovl_object before = {.at = found->at, .name = name, .st = found->st};
	int differs;

	(void)l;
	ovl_object_settle(now);
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

	if (is_mark(w, name)) {
		if (strcmp(name, OVL_UPMARK_WH_OPQ))
			tell_removed(w, l, name + strlen(OVL_UPMARK_WH));
		return;
	}
	if (fstatat(l->upper, name, &now.st, AT_SYMLINK_NOFOLLOW)) {
		trouble(w, name, -errno);
		return;
	}
	if (ovl_upmark_whiteout(&now.st)) {
		tell_removed(w, l, name);
		return;
	}
	if (ovl_stack_find(l->old, name, &found))
		letter = 'A';
	else if ((found.st.st_mode ^ now.st.st_mode) & S_IFMT)
		letter = 'T';
	if (!letter)
		tell_modified(w, l, name, &now, &found);
	if (S_ISDIR(now.st.st_mode))
		walk_child(w, l, name, letter);
	else if (letter)
		tell(w, letter, name);
}

/* An opaque directory: names that the lowers had and upper has not are gone. */
static int list_hidden(struct walk *w, const struct level *l, const struct ovl_names *have,
		       struct ovl_names *ret)
{
	size_t kept = 0;
	int err;

	*ret = (struct ovl_names){0};
	if (!l->old->n || !ovl_upmark_opaque(l->upper, w->dot_wh))
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
	struct ovl_names now;
	struct ovl_names gone;
	size_t k = 0;
	int err = ovl_names_read(l->upper, &now);

	if (err) {
		trouble(w, "", err);
		return;
	}
	err = list_hidden(w, l, &now, &gone);
	if (err)
		trouble(w, "", err);
	for (size_t i = 0; i < now.n; i++) {
		while (k < gone.n && strcmp(gone.name[k], now.name[i]) < 0)
			tell(w, 'D', gone.name[k++]);
		walk_name(w, l, now.name[i]);
	}
	while (k < gone.n)
		tell(w, 'D', gone.name[k++]);
	ovl_names_free(&now);
	ovl_names_free(&gone);
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
		w.dot_wh = ovl_upmark_dot_wh(top.upper);
		walk_dir(&w, &top);
		close(top.upper);
	}
	if (!err)
		ovl_stack_close(&lowers);
	free(w.path);
}
