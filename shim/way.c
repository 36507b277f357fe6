/* SPDX-License-Identifier: MIT */
#include "way.h"

#define WAYS_LOG2 5
#define TEXT	  184 /* with a name behind it, it is below PATH_MAX */

/*
 * Written as a whole, by whoever makes version odd; who reads looks whether it was. The text's
 * last word is apart: by that most others are told at once.
 */
struct way {
	uint32_t version;
	uint32_t len;	 /* of text; 0: none */
	uint32_t before; /* bytes of it before its last word */
	uint32_t shift;	 /* bits that are not of it, if it is shorter than a word */
	uint64_t word;
	uint64_t from; /* hash of the directory that it starts from */
	uint64_t ways; /* ovl_way_begin(), before it was walked */
	uint64_t dir;  /* where it led: struct ovl_told */
	uint64_t lowers;
	uint64_t clean;
	char text[TEXT + OVL_WORD]; /* NUL-terminated */
};

static OVL_LARGE struct way way[1 << WAYS_LOG2];
static uint32_t last; /* the one that was of use, or was kept */

/* Does @path begin with @w's text? What is looked at of it lies in the page of its first byte. */
static inline bool begins_with(const char *path, const struct way *w)
{
	size_t before = w->before;
	size_t i = 0;

	if (!w->len ||
	    ((uintptr_t)path & (OVL_WORD_PAGE - 1)) + before + OVL_WORD > OVL_WORD_PAGE ||
	    ovl_word_load(path + before) << w->shift != w->word)
		return false;
	for (; i + OVL_WORD < before; i += 2 * OVL_WORD) {
		if ((ovl_word_load(path + i) ^ ovl_word_load(w->text + i)) |
		    (ovl_word_load(path + i + OVL_WORD) ^ ovl_word_load(w->text + i + OVL_WORD)))
			return false;
	}
	return i >= before || ovl_word_load(path + i) == ovl_word_load(w->text + i);
}

static __attribute__((always_inline)) inline bool try(struct ovl_told *t, const struct way *w)
{
	uint32_t version = __atomic_load_n(&w->version, __ATOMIC_ACQUIRE);
	uint64_t from = t->dir;
	const char *name;

	if (!begins_with(t->path, w) || w->from != from || w->ways != ovl_way_begin())
		return false;
	name = t->path + w->len;
	t->dir = w->dir;
	t->value = w->lowers;
	t->clean = w->clean;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (!(version & 1) && __atomic_load_n(&w->version, __ATOMIC_RELAXED) == version &&
	    ovl_way_name(t, name))
		return true;
	t->dir = from;
	return false;
}

/* A way of @len bytes at @text is kept there, or beside it. */
static uint32_t place(const char *text, size_t len)
{
	return (uint32_t)(ovl_hash_push(0, text, len) >> (64 - WAYS_LOG2));
}

/* Not by the one of last time. */
static __attribute__((noinline)) bool find_another(struct ovl_told *t)
{
	size_t len = strlen(t->path);
	uint32_t i;

	while (len && t->path[len - 1] != '/')
		len--;
	i = place(t->path, len);
	if (!try(t, &way[i])) {
		i ^= 1;
		if (!try(t, &way[i]))
			return false;
	}
	__atomic_store_n(&last, i, __ATOMIC_RELAXED);
	return true;
}

bool ovl_way_find(struct ovl_told *t)
{
	uint32_t first = __atomic_load_n(&last, __ATOMIC_RELAXED);

	if (ovl_ss->overrides)
		return false;
	return try(t, &way[first]) || find_another(t);
}

/* The place of the same way, of which something has changed; a free one; or not the last used. */
static __attribute__((noinline)) struct way *choose(const struct ovl_told *t, uint64_t from,
						    uint32_t len)
{
	uint32_t i = place(t->path, len);

	for (uint32_t k = 0; k < 2; k++) {
		struct way *w = &way[i ^ k];

		if (w->len == len && w->from == from && begins_with(t->path, w))
			return w;
	}
	if (way[i].len && (!way[i ^ 1].len || i == __atomic_load_n(&last, __ATOMIC_RELAXED)))
		i ^= 1;
	return &way[i];
}

/* Another thread, or a signal handler, may have written to the path meanwhile: is it still that? */
static bool leads_there(const struct way *w)
{
	uint64_t h = w->from;
	const char *end;

	for (const char *at = w->text; *at; at = end) {
		uint64_t below = ovl_word_hash(h, at, &end);

		if (end == at)
			end++; /* a slash */
		else if (!ovl_is_dot(at, (size_t)(end - at)))
			h = below;
	}
	return h == w->dir;
}

/* @w is written: of version @version it becomes good, with a text of @len bytes. */
static __attribute__((noinline)) void finish(struct way *w, uint32_t version, uint32_t len)
{
	w->len = leads_there(w) ? len : 0;
	__atomic_store_n(&w->version, version, __ATOMIC_RELEASE);
}

void ovl_way_keep(const struct ovl_told *t, uint64_t from, uint64_t ways)
{
	uint32_t len = (uint32_t)(t->name - t->path);
	uint32_t version;
	struct way *w;

	if (!len || len > TEXT || ovl_ss->overrides)
		return;
	w = choose(t, from, len);
	version = __atomic_load_n(&w->version, __ATOMIC_RELAXED);
	if ((version & 1) || !__atomic_compare_exchange_n(&w->version, &version, version + 1, false,
							  __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	w->from = from;
	w->ways = ways;
	w->dir = t->dir;
	w->lowers = t->value;
	w->clean = t->clean;
	w->before = len > OVL_WORD ? len - OVL_WORD : 0;
	w->shift = len < OVL_WORD ? 8 * (OVL_WORD - len) : 0;
	memcpy(w->text, t->path, len);
	w->text[len] = '\0';
	w->word = ovl_word_load(w->text + w->before) << w->shift;
	__atomic_store_n(&last, (uint32_t)(w - way), __ATOMIC_RELAXED);
	finish(w, version + 2, len);
}
