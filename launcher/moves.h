/* SPDX-License-Identifier: MIT */
/*
 * moves.h - where upper's redirected directories are, as the session keeps it
 *
 * The engine turns a lower directory's real path into the view's by following a list of
 * renames in order (ovl_session.h, moves). Those of earlier runs are known only by their
 * outcome, so each takes two steps, by way of a name that no path has: first all go aside,
 * the deepest first, then all come to their places, the deepest last.
 * Context: launcher.
 */
#ifndef OVL_MOVES_H
#define OVL_MOVES_H

#include <stddef.h>

#include "ovl_session.h"

struct ovl_moves {
	struct ovl_move *move;
	size_t n;
};

/* Add a directory of the lowers, path @from below the view root, that is at @to by now. */
void ovl_moves_add(struct ovl_moves *m, const char *from, const char *to);

/*
 * Where the lowers have what is at view path @path of @n bytes, if nothing in between is opaque:
 * a new string. All directories above it have been added, if they moved.
 */
char *ovl_moves_origin(const struct ovl_moves *m, const char *path, size_t n);

/* Write all to @ss and release them. -ENOSPC: there are more than the session has room for. */
int ovl_moves_finish(struct ovl_moves *m, struct ovl_session *ss);

#endif
