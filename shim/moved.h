/* SPDX-License-Identifier: MIT */
/*
 * moved.h - where the directories of lowers are that were renamed: the session's list of moves
 *
 * A descriptor of a lower directory, or a cwd, is of a real path that never changes. The renames
 * since tell what path of the view that is by now. Who writes the list holds the session's lock
 * and has directories on the move (lock.h); who reads it does not wait.
 * Context: any.
 */
#ifndef OVL_MOVED_H
#define OVL_MOVED_H

#include "ctx.h"

/* Was any renamed? */
bool ovl_moved_any(void);

/*
 * Where the lower object that began as @p, a path of the view, is by now. -ENAMETOOLONG;
 * OVL_AGAIN: the list was being made shorter.
 */
int ovl_moved_follow(struct ovl_path *p);

/*
 * Room for the rename of @from to @to, of so many bytes, or for their exchange. What is on the
 * list is made shorter for that, or when it is time. -ENOSPC: there is none.
 */
int ovl_moved_room(size_t from, size_t to);

/* A rename that is to be noted. */
struct ovl_move {
	const char *from; /* paths of the view */
	const char *to;
	bool from_low; /* lowers have a part in it */
	bool to_low;
	bool exchange; /* of two directories */
	uint64_t ino;  /* of upper's object at @from */
};

/*
 * The directory m->from is about to be renamed, and was, or was not. There is room. _recover():
 * who was at it died; upper tells what became of it.
 */
void ovl_moved_begin(const struct ovl_move *m);
void ovl_moved_end(bool done);
void ovl_moved_recover(void);

#endif
