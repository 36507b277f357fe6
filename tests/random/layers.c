/* SPDX-License-Identifier: MIT */
/*
 * layers.c - lower layers of a seed, and the plain merged copy of them
 *
 * Layers are made in memory, from the bottom up, and merged there by the plain rule: a whiteout
 * removes, a directory on a directory merges unless opaque, anything else replaces. Nothing of
 * the engine is used for it.
 *
 * Below DIR: v/view (the top lower, where the view appears), l2 .. lN, p/view (the plain copy).
 */
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "fuzz.h"

enum { KIND_NONE, KIND_FILE, KIND_DIR, KIND_LINK, KIND_FIFO, KIND_SOCK, KIND_WHITEOUT };

/* What hard links share. */
struct object {
	int kind;
	mode_t mode;
	uid_t uid, gid;
	long mtime;
	size_t size;
	char fill;
	char *text;
	char *xattr;
	int names;   /* in the layer */
	int shown;   /* in the merged tree */
	char *first; /* its first name in the tree being written */
};

struct node {
	char *name;
	struct object *o;
	bool opaque;
	struct node *child, *next;
};

#define OBJECTS 4096
static struct object *objects[OBJECTS];
static int nobjects;
static struct object *linkable[64];
static int nlinkable;

static struct object *object_new(struct rng *g, int kind)
{
	struct object *o = calloc(1, sizeof(*o));

	o->kind = kind;
	o->mode = gen_mode(g, kind == KIND_DIR);
	o->uid = gen_uid(g);
	o->gid = gen_uid(g);
	o->mtime = 1000000000 + (long)rng_below(g, 1000);
	o->size = rng_chance(g, 10) ? 0 : rng_below(g, rng_chance(g, 10) ? 20000 : 60);
	o->fill = (char)('A' + rng_below(g, 26));
	if ((run.features & F_XATTR) && rng_chance(g, 20) && kind <= KIND_DIR)
		o->xattr = strdup(rng_chance(g, 50) ? "user.a" : "user.b");
	if (kind == KIND_LINK) {
		char text[PATH_MAX];

		gen_link_text(g, "\1", text, sizeof(text)); /* \1: the tree's own path */
		o->text = strdup(text);
	}
	if (nobjects < OBJECTS)
		objects[nobjects++] = o;
	return o;
}

static int gen_kind(struct rng *g, int name, bool whiteouts)
{
	unsigned p = rng_below(g, 100);

	if (whiteouts && p < 14)
		return KIND_WHITEOUT;
	p = rng_below(g, 100);
	if (p >= 96)
		return !(run.features & F_SPECIAL) ? KIND_FILE : p >= 98 ? KIND_SOCK : KIND_FIFO;
	if (p >= 90)
		return KIND_DIR;
	if (p >= 84 || (name >= 8 && name < 11))
		return run.features & F_SYMLINKS ? KIND_LINK : KIND_FILE;
	return name < 4 ? KIND_DIR : KIND_FILE;
}

static struct object *gen_object(struct rng *g, int kind)
{
	struct object *o;

	if (kind == KIND_FILE && nlinkable && (run.features & F_LINKS) && rng_chance(g, 18))
		return linkable[rng_below(g, (unsigned)nlinkable)];
	o = object_new(g, kind);
	if (kind == KIND_FILE && nlinkable < 64)
		linkable[nlinkable++] = o;
	return o;
}

static void gen_children(struct rng *g, struct node *dir, int depth, bool whiteouts);

static void add_child(struct rng *g, struct node *dir, int name, int depth, bool whiteouts)
{
	struct node *n = calloc(1, sizeof(*n));
	int kind = gen_kind(g, name, whiteouts);

	n->name = strdup(name_get(name));
	n->o = gen_object(g, kind);
	n->o->names++;
	n->next = dir->child;
	dir->child = n;
	if (kind == KIND_DIR) {
		n->opaque = whiteouts && rng_chance(g, 15);
		gen_children(g, n, depth + 1, whiteouts);
	}
}

static void gen_children(struct rng *g, struct node *dir, int depth, bool whiteouts)
{
	static const unsigned chance[] = {65, 45, 30, 0, 0};

	for (int i = 0; i < POOL; i++)
		if (rng_chance(g, chance[depth]))
			add_child(g, dir, i, depth, whiteouts);
	if (depth == 1 && rng_chance(g, 15))
		for (int i = POOL; i < POOL + BULK; i++)
			if (rng_chance(g, 80))
				add_child(g, dir, i, 3, whiteouts);
}

static struct node *dir_new(struct rng *g, const char *name)
{
	struct node *n = calloc(1, sizeof(*n));

	n->name = strdup(name);
	n->o = object_new(g, KIND_DIR);
	n->o->mode = 0755;
	n->o->uid = n->o->gid = run.uid;
	return n;
}

static void make_readable(struct node *n, bool covered)
{
	bool dir = n->o->kind == KIND_DIR;

	if (dir && covered)
		n->o->mode |= 0755;
	else if (n->o->uid == run.uid)
		n->o->mode |= dir ? 0500 : 0400;
	for (n = n->child; n; n = n->next)
		make_readable(n, covered);
}

static struct node *gen_layer(int number, bool whiteouts)
{
	struct rng g = {rng_mix(run.seed, 0x1a7e4) + (uint64_t)number * 104729};
	struct node *root = dir_new(&g, "");

	nlinkable = 0;
	root->child = dir_new(&g, "t");
	root->child->child = dir_new(&g, "u");
	gen_children(&g, root->child->child, 0, whiteouts);
	if (run.features & F_READABLE)
		make_readable(root, number > 1);
	return root;
}

static struct node *copy(struct node *from);

static struct node **find(struct node *dir, const char *name)
{
	struct node **p = &dir->child;

	while (*p && strcmp((*p)->name, name))
		p = &(*p)->next;
	return p;
}

/* A whiteout that hides nothing leaves the layer too: overlayfs never writes one. */
static void merge(struct node *into, struct node *from)
{
	struct node **link = &from->child;

	for (struct node *c = *link; c; c = *link) {
		struct node **p = find(into, c->name);
		struct node *old = *p;
		bool whiteout = c->o->kind == KIND_WHITEOUT;

		if (whiteout && !old && !(run.features & F_STRAY))
			*link = c->next;
		else
			link = &c->next;

		if (old && old->o->kind == KIND_DIR && c->o->kind == KIND_DIR && !c->opaque) {
			old->o = c->o;
			merge(old, c);
			continue;
		}
		if (old)
			*p = old->next;
		if (whiteout)
			continue;
		old = copy(c);
		old->next = into->child;
		into->child = old;
	}
}

static struct node *copy(struct node *from)
{
	struct node *n = calloc(1, sizeof(*n));

	n->name = from->name;
	n->o = from->o;
	merge(n, from);
	return n;
}

static void count_shown(const struct node *n)
{
	n->o->shown++;
	for (n = n->child; n; n = n->next)
		count_shown(n);
}

/* Names of a hard link that a higher layer hides would still count in st_nlink: no such links. */
static void split_hidden_links(struct node *n)
{
	struct object *own;

	if (n->o->kind == KIND_FILE && n->o->names > 1 && n->o->shown != n->o->names) {
		own = malloc(sizeof(*own));
		*own = *n->o;
		own->names = own->shown = 1;
		n->o = own;
		if (nobjects < OBJECTS)
			objects[nobjects++] = own;
	}
	for (n = n->child; n; n = n->next)
		split_hidden_links(n);
}

static void put_file(const struct object *o, const char *path)
{
	char buf[20000];
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	memset(buf, o->fill, sizeof(buf));
	if (fd < 0 || write(fd, buf, o->size) != (ssize_t)o->size)
		fprintf(stderr, "fuzz: %s: %m\n", path);
	if (fd >= 0)
		close(fd);
}

static void put_link(const struct object *o, const char *path, const char *top)
{
	char text[2 * PATH_MAX];

	if (o->text[0] == '\1')
		snprintf(text, sizeof(text), "%s%s", top, o->text + 1);
	else
		snprintf(text, sizeof(text), "%s", o->text);
	if (symlink(text, path))
		fprintf(stderr, "fuzz: symlink %s: %m\n", path);
}

static void put_new(const struct object *o, const char *path, const char *top)
{
	int err = 0;

	switch (o->kind) {
	case KIND_FILE:
		put_file(o, path);
		break;
	case KIND_DIR:
		err = mkdir(path, 0700);
		break;
	case KIND_LINK:
		put_link(o, path, top);
		break;
	case KIND_FIFO:
		err = mknod(path, S_IFIFO | 0600, 0);
		break;
	case KIND_SOCK:
		err = mknod(path, S_IFSOCK | 0600, 0);
		break;
	case KIND_WHITEOUT:
		err = mknod(path, S_IFCHR, makedev(0, 0));
		break;
	}
	if (err)
		fprintf(stderr, "fuzz: %s: %m\n", path);
}

static void put_attrs(const struct object *o, const char *path)
{
	struct timespec ts[2] = {{o->mtime, 0}, {o->mtime, o->mtime % 7 * 1000}};

	if (o->kind == KIND_WHITEOUT)
		return;
	(void)!lchown(path, o->uid, o->gid); /* an ordinary user's layers are all its own */
	if (o->xattr)
		(void)setxattr(path, o->xattr, "value", 5, 0); /* none here: then none anywhere */
	if (o->kind != KIND_LINK)
		(void)chmod(path, o->mode);
	(void)utimensat(AT_FDCWD, path, ts, AT_SYMLINK_NOFOLLOW);
}

static void put(const struct node *n, const char *path, const char *top)
{
	char *below;

	if (n->o->kind == KIND_FILE && n->o->first) {
		if (link(n->o->first, path))
			fprintf(stderr, "fuzz: link %s: %m\n", path);
		return;
	}
	put_new(n->o, path, top);
	if (n->o->kind == KIND_FILE)
		n->o->first = strdup(path);
	for (const struct node *c = n->child; c; c = c->next) {
		if (asprintf(&below, "%s/%s", path, c->name) < 0)
			abort();
		put(c, below, top);
		free(below);
	}
	if (n->opaque && setxattr(path, "user.overlay.opaque", "y", 1, 0))
		fprintf(stderr, "fuzz: opaque %s: %m\n", path);
	put_attrs(n->o, path);
}

static void put_tree(const struct node *root, const char *path, const char *view)
{
	char top[PATH_MAX];
	const char *slash;

	for (int i = 0; i < nobjects; i++)
		objects[i]->first = NULL;
	snprintf(top, sizeof(top), "%s/t/u", view);
	slash = strrchr(path, '/');
	if (slash && slash[-2] == '/') { /* v/view, p/view: their own directory first */
		char parent[PATH_MAX];

		snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path), path);
		(void)mkdir(parent, 0777);
		(void)chmod(parent, 0777);
	}
	put(root, path, top);
}

int layers_make(const char *dir, int n)
{
	struct node *layer[16];
	struct node *merged = calloc(1, sizeof(*merged));
	char path[PATH_MAX];
	char view[PATH_MAX];

	for (int i = n; i >= 1; i--) /* n is the lowest */
		layer[i] = gen_layer(i, i < n);
	merged->name = "";
	for (int i = n; i >= 1; i--) {
		merged->o = layer[i]->o;
		merge(merged, layer[i]);
	}
	count_shown(merged);
	for (int i = 1; i <= n; i++)
		split_hidden_links(layer[i]);
	split_hidden_links(merged);
	snprintf(view, sizeof(view), "%s/v/view", dir);
	for (int i = 1; i <= n; i++) {
		snprintf(path, sizeof(path), "%s/l%d", dir, i);
		put_tree(layer[i], i == 1 ? view : path, view);
	}
	snprintf(path, sizeof(path), "%s/p/view", dir);
	put_tree(merged, path, path);
	return 0;
}
