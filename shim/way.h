/* SPDX-License-Identifier: MIT */
/*
 * way.h - the ways that paths of this process went before
 *
 * All of a path but its last component is kept, as it was written, with what walking it told
 * (tell.c). A path that begins with the same bytes, and has one component more, has gone the same
 * way. What could make that wrong is that something of upper's hides a directory on it:
 * ovl_announce() raises ovl_ss->ways before that happens, for all processes at once. Where rights
 * are the view's own (ovl_ss->overrides) none is known.
 * The rest is not of this process, but of the session: what a child or a thread left is as good.
 * Context: any.
 */
#ifndef OVL_WAY_H
#define OVL_WAY_H

#include "tell.h"
#include "view.h"
#include "word.h"

/* The count that a walk has to begin with if it is to be kept. */
static inline uint64_t ovl_way_begin(void)
{
	return __atomic_load_n(&ovl_ss->ways, __ATOMIC_ACQUIRE);
}

/*
 * Has @t, with its path and the directory that it starts from, a way that is known? Then its name,
 * size, hash, dir, clean and value are those of a walk.
 */
bool ovl_way_find(struct ovl_told *t);

/*
 * @name is all that there is of @t's path behind t->dir: its name, size and hash. False: it has
 * more than one component, or none that is a name.
 */
static inline bool ovl_way_name(struct ovl_told *t, const char *name)
{
	const char *end;

	t->name = name;
	t->hash = ovl_word_hash(t->dir, name, &end);
	t->n = (uint16_t)(end - name);
	return !*end && ovl_tell_is_name(name, (size_t)(end - name));
}

/* Keep what was found out of @t, which started from the directory hashed @from; @ways: see above.
 */
void ovl_way_keep(const struct ovl_told *t, uint64_t from, uint64_t ways);

#endif
