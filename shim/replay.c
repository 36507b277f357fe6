/* SPDX-License-Identifier: MIT */
#include "replay.h"

#include "ovl_session.h"
#include "path.h"
#include "str.h"
#include "sys.h"

/* The first nodes. */
enum {
	NONE,
	VIEW,  /* the view root */
	ASIDE, /* what "//" is below */
	LOWER, /* the lowers' root */
	DEAD,  /* has what another directory took the place of */
	FIRST,
};

/*
 * A directory of the view, or of the lowers: those are found by the same table, below LOWER. A
 * node is made when a path first leads to it; then it came there with its parent.
 */
struct node {
	uint32_t parent;
	uint32_t next; /* of the same bucket */
	uint32_t name; /* where it is in the list */
	uint16_t len;
	bool moved;	/* of the view: it has been renamed. Of the lowers: what it is of has */
	uint16_t depth; /* of the one that is to be listed next; 0: it is not listed */
	uint32_t low;	/* of the view: the lower directory that it is of; NONE: of none */
	uint32_t rank;	/* in the list that is written */
};

struct tree {
	const char *list;
	struct node *node;
	uint32_t *bucket;
	uint32_t mask; /* of buckets */
	uint32_t n;
	uint32_t max;
};

static uint32_t *bucket_of(struct tree *t, uint32_t parent, const char *name, size_t len)
{
	return &t->bucket[ovl_hash_push(parent, name, len) & t->mask];
}

static uint32_t find(struct tree *t, uint32_t parent, const char *name, size_t len)
{
	uint32_t i = *bucket_of(t, parent, name, len);

	while (i && (t->node[i].parent != parent || t->node[i].len != len ||
		     memcmp(t->list + t->node[i].name, name, len)))
		i = t->node[i].next;
	return i;
}

/* Node @i is @name below @parent from now on. */
static void enter(struct tree *t, uint32_t i, uint32_t parent, const char *name, size_t len)
{
	uint32_t *bucket = bucket_of(t, parent, name, len);

	t->node[i].parent = parent;
	t->node[i].name = (uint32_t)(name - t->list);
	t->node[i].len = (uint16_t)len;
	t->node[i].next = *bucket;
	*bucket = i;
}

static void leave(struct tree *t, uint32_t i)
{
	const struct node *n = &t->node[i];
	uint32_t *at = bucket_of(t, n->parent, t->list + n->name, n->len);

	while (*at != i)
		at = &t->node[*at].next;
	*at = n->next;
}

/* @name below @parent; NONE when there is no more room. */
static uint32_t find_or_make(struct tree *t, uint32_t parent, const char *name, size_t len)
{
	uint32_t i = find(t, parent, name, len);

	if (i || t->n == t->max)
		return i;
	i = t->n++;
	enter(t, i, parent, name, len);
	return i;
}

/* The directory @name in the view's @parent. */
static uint32_t step(struct tree *t, uint32_t parent, const char *name, size_t len)
{
	uint32_t is = t->n;
	uint32_t i = find_or_make(t, parent, name, len);
	uint32_t low;

	if (i != is || !t->node[parent].low)
		return i;
	/* It came with its parent, unless what the parent had of that name went before. */
	low = find_or_make(t, t->node[parent].low, name, len);
	t->node[i].low = t->node[low].moved ? NONE : low;
	return low ? i : NONE;
}

/* Walk to the parent of what @path ends in, *@ret. NONE: no room, or no such path. */
static uint32_t walk(struct tree *t, const char *path, struct ovl_part *ret)
{
	uint32_t at = path[0] == '/' && path[1] == '/' ? ASIDE : VIEW;
	struct ovl_part c;

	/* "//" itself is a name there. */
	if (at == ASIDE && !path[2]) {
		*ret = (struct ovl_part){.name = path, .n = 1, .last = true};
		return at;
	}
	for (c = ovl_path_next(&path); c.n && !c.last && at; c = ovl_path_next(&path))
		at = step(t, at, c.name, c.n);
	*ret = c;
	return c.n ? at : NONE;
}

static bool rename_node(struct tree *t, const char *from, const char *to)
{
	struct ovl_part name;
	uint32_t parent = walk(t, from, &name);
	uint32_t i = parent ? step(t, parent, name.name, name.n) : NONE;
	uint32_t was;

	parent = i ? walk(t, to, &name) : NONE;
	if (!parent)
		return false;
	was = find(t, parent, name.name, name.n);
	if (was == i)
		return true;
	leave(t, i);
	if (was) {
		leave(t, was);
		t->node[was].parent = DEAD;
	}
	enter(t, i, parent, name.name, name.n);
	t->node[i].moved = true;
	t->node[t->node[i].low].moved = t->node[i].low != NONE;
	return true;
}

/* @path is of a directory that no lower has a part in. */
static bool note_made(struct tree *t, const char *path)
{
	struct ovl_part name;
	uint32_t parent = walk(t, path, &name);
	uint32_t i = parent ? step(t, parent, name.name, name.n) : NONE;

	t->node[i].low = NONE;
	return i != NONE;
}

static bool replay(struct tree *t, size_t n)
{
	const char *at = t->list;

	while (at < t->list + n) {
		const char *to = at + strlen(at) + 1;
		bool made = ovl_str_equal(at, OVL_MOVES_MADE);

		if (!(made ? note_made(t, to) : rename_node(t, at, to)))
			return false;
		at = to + strlen(to) + 1;
	}
	return true;
}

/* How many names lead to @i from @root? 0: none, it is elsewhere. */
static unsigned depth(const struct tree *t, uint32_t i, uint32_t root)
{
	unsigned n = 0;

	for (; i >= FIRST; i = t->node[i].parent)
		n++;
	return i == root ? n : 0;
}

/* Has the view's @i to be listed: is it not where its parent brought it? */
static bool is_listed(const struct tree *t, uint32_t i)
{
	const struct node *n = &t->node[i];
	const struct node *low = &t->node[n->low];

	if (!n->moved || !n->low || !depth(t, i, VIEW))
		return false;
	return low->parent != t->node[n->parent].low || low->len != n->len ||
	       memcmp(t->list + low->name, t->list + n->name, n->len);
}

/* The list that is written. */
struct writer {
	char *to;
	size_t used;
	size_t size;
};

static bool put_path(struct writer *w, const struct tree *t, uint32_t i)
{
	size_t n = 0;
	char *at;

	for (uint32_t k = i; k >= FIRST; k = t->node[k].parent)
		n += 1u + t->node[k].len;
	if (n + 1 > w->size - w->used)
		return false;
	at = w->to + w->used + n;
	*at = '\0';
	for (; i >= FIRST; i = t->node[i].parent) {
		const struct node *node = &t->node[i];

		at -= node->len;
		memcpy(at, t->list + node->name, node->len);
		*--at = '/';
	}
	w->used += n + 1;
	return true;
}

/* The name that no path has of the one that is @rank'th. */
static bool put_aside(struct writer *w, uint32_t rank)
{
	char text[24] = "//";
	size_t n = 2 + ovl_str_number(text + 2, rank, 10) + 1;

	text[n - 1] = '\0';
	if (n > w->size - w->used)
		return false;
	memcpy(w->to + w->used, text, n);
	w->used += n;
	return true;
}

/* All go aside, the deepest first: who is in a directory that goes is not gone with it then. */
static bool put_all_aside(struct writer *w, struct tree *t)
{
	unsigned deepest = 0;
	uint32_t rank = 0;

	for (uint32_t i = FIRST; i < t->n; i++) {
		unsigned d = is_listed(t, i) ? depth(t, t->node[i].low, LOWER) : 0;

		t->node[i].depth = (uint16_t)d;
		deepest = d > deepest ? d : deepest;
	}
	for (unsigned d = deepest; d; d--) {
		for (uint32_t i = FIRST; i < t->n; i++) {
			if (t->node[i].depth != d)
				continue;
			if (!put_path(w, t, t->node[i].low) || !put_aside(w, rank))
				return false;
			t->node[i].rank = rank++;
		}
	}
	return true;
}

/* All come to their places, who is in another's after that one. */
static bool put_all_back(struct writer *w, struct tree *t)
{
	unsigned deepest = 0;

	for (uint32_t i = FIRST; i < t->n; i++) {
		unsigned d = t->node[i].depth ? depth(t, i, VIEW) : 0;

		t->node[i].depth = (uint16_t)d;
		deepest = d > deepest ? d : deepest;
	}
	for (unsigned d = 1; d <= deepest; d++) {
		for (uint32_t i = FIRST; i < t->n; i++) {
			if (t->node[i].depth == d &&
			    (!put_aside(w, t->node[i].rank) || !put_path(w, t, i)))
				return false;
		}
	}
	return true;
}

/* As many nodes as a list of @n bytes can need: two for each name, which takes two bytes. */
static size_t nodes_for(size_t n)
{
	return n + FIRST;
}

static uint32_t buckets_for(size_t n)
{
	uint32_t buckets = 256;

	while (buckets < n / 8)
		buckets *= 2;
	return buckets;
}

long ovl_replay(const char *from, size_t n, char *to, size_t size)
{
	size_t nodes = nodes_for(n) * sizeof(struct node);
	uint32_t buckets = buckets_for(n);
	size_t room = nodes + buckets * sizeof(uint32_t);
	long map = ovl_sys_room(room);
	struct tree t = {.list = from, .n = FIRST, .max = (uint32_t)nodes_for(n)};
	struct writer w = {.to = to, .size = size};
	long r;

	if (ovl_is_err(map))
		return map;
	t.node = (struct node *)map;
	t.bucket = (uint32_t *)(map + (long)nodes);
	t.mask = buckets - 1;
	t.node[VIEW].low = LOWER;
	if (!replay(&t, n))
		r = -EINVAL;
	else
		r = put_all_aside(&w, &t) && put_all_back(&w, &t) ? (long)w.used : -ENOSPC;
	(void)ovl_sys(__NR_munmap, map, room); /* our own mapping */
	return r;
}
