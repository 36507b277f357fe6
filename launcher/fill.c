/* SPDX-License-Identifier: MIT */
#include "fill.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "moves.h"
#include "say.h"
#include "tree.h"
#include "upmark.h"

struct fill {
	struct ovl_session *ss;
	uint64_t root; /* hash of the view root */
	struct ovl_moves moves;
	int index;
};

/* The hash of @rel ("" or "/a/b", of which @n bytes count) below the view root. */
static uint64_t hash_below(const struct fill *f, const char *rel, size_t n)
{
	uint64_t h = f->root;

	for (size_t i = 0; i < n;) {
		size_t len;

		if (rel[i] == '/') {
			i++;
			continue;
		}
		len = strcspn(rel + i, "/");
		if (len > n - i)
			len = n - i;
		h = ovl_hash_push(h, rel + i, len);
		i += len;
	}
	return h;
}

/* The directory @e was renamed: its lower part is at @value. */
static void note_redirect(struct fill *f, const struct ovl_tree_entry *e, const char *value)
{
	const char *to = e->path;
	char *from;

	if (!*e->path)
		return;
	f->ss->redirects = 1;
	ovl_filter_add(&f->ss->hidden, hash_below(f, e->path, strlen(e->path)));
	if (value[0] == '/') {
		from = ovl_text("%s", value);
	} else {
		/* beside its own lower place, wherever its parent came from */
		size_t dir = (size_t)(strrchr(to, '/') - to);
		char *beside = ovl_moves_origin(&f->moves, to, dir);

		from = ovl_text("%s/%s", beside, value);
		free(beside);
	}
	ovl_moves_add(&f->moves, from, to);
	free(from);
}

/* The same by its xattr @name. */
static void note_redirect_xattr(struct fill *f, const struct ovl_tree_entry *e, const char *name)
{
	char value[PATH_MAX];
	ssize_t n = lgetxattr(e->access, name, value, sizeof(value) - 1);

	if (n <= 0)
		return;
	value[n] = '\0';
	note_redirect(f, e, value);
}

/* One xattr of the entry hashed @h says something about it. */
static void note_xattr(struct fill *f, const struct ovl_tree_entry *e, const char *name, uint64_t h)
{
	const char *last = strrchr(name, '.');

	if (!strcmp(name, "user.ovl.origin")) {
		ovl_filter_add(&f->ss->origin, ovl_hash_mix(e->st->st_ino));
	} else if (!strcmp(name, "user.containers.override_stat")) {
		f->ss->overrides = 1;
		ovl_filter_add(&f->ss->origin, ovl_hash_mix(e->st->st_ino));
	} else if (!strcmp(name, "system.posix_acl_access") && S_ISDIR(e->st->st_mode)) {
		f->ss->acls = 1;
	} else if (ovl_upmark_private(name) && last && !strcmp(last, ".redirect")) {
		note_redirect_xattr(f, e, name);
	} else if (ovl_upmark_private(name) && last && !strcmp(last, ".opaque")) {
		ovl_filter_add(&f->ss->hidden, h);
	}
}

static int note_xattrs(struct fill *f, const struct ovl_tree_entry *e, uint64_t h)
{
	char few[1024];
	char *list = few;
	ssize_t n = llistxattr(e->access, few, sizeof(few));

	if (n < 0 && errno == ERANGE) {
		list = ovl_must(malloc(XATTR_LIST_MAX));
		n = llistxattr(e->access, list, XATTR_LIST_MAX);
	}
	for (ssize_t i = 0; i < n; i += (ssize_t)strlen(list + i) + 1)
		note_xattr(f, e, list + i, h);
	if (list != few)
		free(list);
	return n < 0 && errno != ENOTSUP ? -errno : 0;
}

/* A .wh. file marks another name: that one, or the directory it lies in. */
static void note_dot_wh(struct fill *f, const struct ovl_tree_entry *e)
{
	size_t dir = (size_t)(strrchr(e->path, '/') - e->path);
	uint64_t h = hash_below(f, e->path, dir);
	char name[NAME_MAX + 1];

	if (!ovl_upmark_hidden(AT_FDCWD, e->access, name))
		return;
	if (strcmp(name, OVL_UPMARK_DIR)) {
		h = ovl_hash_push(h, name, strlen(name));
		ovl_filter_add(&f->ss->present, h);
	}
	ovl_filter_add(&f->ss->hidden, h);
}

/* What WORK/index tells of the directory @e. */
static void note_record(struct fill *f, const struct ovl_tree_entry *e)
{
	char value[PATH_MAX];

	if (ovl_upmark_recorded_redirect(f->index, AT_FDCWD, e->access, value, sizeof(value)))
		note_redirect(f, e, value);
}

static int note(void *arg, const struct ovl_tree_entry *e)
{
	struct fill *f = arg;
	uint64_t h = hash_below(f, e->path, strlen(e->path));

	if (*e->path) {
		ovl_filter_add(&f->ss->present, h);
		if (!S_ISDIR(e->st->st_mode))
			ovl_filter_add(&f->ss->hidden, h);
		if (!S_ISREG(e->st->st_mode) && !S_ISLNK(e->st->st_mode))
			ovl_filter_add(&f->ss->special, h);
		if (ovl_is_start_file(e->name))
			f->ss->upper_libs = OVL_LIBS_SOMEWHERE | OVL_LIBS_EVERYBODY;
		if ((f->ss->dot_wh & 1) && ovl_upmark_is_file(e->name, e->st))
			note_dot_wh(f, e);
		if ((f->ss->flags & OVL_S_NO_XATTR) && S_ISDIR(e->st->st_mode))
			note_record(f, e);
	}
	return note_xattrs(f, e, h);
}

int ovl_fill_upper(struct ovl_session *ss, const char *upper, const char *root, int index)
{
	struct fill f = {
		.ss = ss,
		.root = ovl_hash_path(root, strlen(root)),
		.index = index,
	};

	int err = ovl_tree_walk(upper, note, &f);
	int full = ovl_moves_finish(&f.moves, ss);

	/* The view root is every layer's: neither its names nor its attributes are one's alone. */
	ovl_filter_add(&ss->present, f.root);
	return err ? err : full;
}

void ovl_fill_hide(struct ovl_session *ss, const char *path)
{
	size_t n = strlen(path);

	ovl_filter_add(&ss->hidden, ovl_hash_path(path, n));
	/* The directory that holds it is not listed as the kernel does. */
	while (n && path[n - 1] != '/')
		n--;
	ovl_filter_add(&ss->present, ovl_hash_path(path, n));
}

void ovl_fill_pass(struct ovl_session *ss, const char *path)
{
	if (!(ss->flags & OVL_S_SAME_ROOT))
		ovl_filter_add(&ss->present, ovl_hash_path(path, strlen(path)));
}
