/* SPDX-License-Identifier: MIT */
/*
 * linkindex.h - WORK/index at the start and the end of a run
 *
 * The engine keeps there what ties the names of one lower inode together (shim/index.h). It
 * belongs to one upper directory, named by the symlink "upper": inode number and time of birth.
 * Of another upper, made anew in the place of one that was removed, nothing is true.
 * Context: launcher.
 */
#ifndef OVL_LINKINDEX_H
#define OVL_LINKINDEX_H

#include "run.h"

/*
 * Make run->work's index, emptied when it is of another upper than run->upper, and tell the
 * filters of @ss, unless it is NULL, what is in it. 0, or -errno with nothing of the index lost.
 */
int ovl_linkindex_open(const struct ovl_run *run, struct ovl_session *ss);

/*
 * Open the index in @work, if there is one and it is that of @upper: a descriptor, the caller's,
 * or -1.
 */
int ovl_linkindex_read(const char *work, const char *upper);

/* Remove the index if it holds nothing worth keeping. */
void ovl_linkindex_end(const struct ovl_run *run);

#endif
