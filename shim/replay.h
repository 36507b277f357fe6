/* SPDX-License-Identifier: MIT */
/*
 * replay.h - a list of renames becomes a shorter one of the same effect
 *
 * A session's list of moves (ovl_session.h) grows with each rename, but only the outcome counts:
 * of each lower directory that was ever renamed, where it is. So the renames are made once more,
 * in a tree in memory, and the directories that are not where their parents brought them are
 * listed: first all go aside, the deepest first, then all come to their places, the deepest last
 * (as launcher/moves.h; where one comes to, what is known of the place before is forgotten). A
 * directory that was removed after its rename may be listed: nothing in the view is of it any more.
 * Context: any.
 */
#ifndef OVL_REPLAY_H
#define OVL_REPLAY_H

#include "ovl_base.h"

/*
 * Write to @to, of @size bytes, what the list @from of @n bytes comes to: bytes written. -ENOSPC;
 * -EINVAL: it is no such list; -ENOMEM.
 */
long ovl_replay(const char *from, size_t n, char *to, size_t size);

#endif
