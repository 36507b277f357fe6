/* SPDX-License-Identifier: MIT */
/*
 * diff.h - what an upper layer changes
 *
 * One line for each change, sorted: a letter, a space, the view path.
 *   A  added; each object of an added tree has its line
 *   M  content, target, size, modification time, mode, owner or xattrs differ;
 *      of a directory mode, owner and xattrs alone
 *   D  removed; the topmost of a removed tree
 *   T  an object of another type is there
 *   R  a directory that was renamed to here; what differs in it has lines of its own
 * A copy that equals its original, and a directory that only leads to changes, are no change.
 * The view root itself is not compared: who made upper chose its mode and owner.
 * Control characters and backslashes in names are written \n, \\ and \ooo.
 * Context: launcher.
 */
#ifndef OVL_DIFF_H
#define OVL_DIFF_H

#include <stdbool.h>
#include <stdio.h>

#include "layerlist.h"

struct ovl_diff {
	FILE *out;
	const char *root; /* the view root, before each path */
	const char *work; /* the work directory, which knows of hard links; NULL: none */
	unsigned long changes;
	unsigned long troubles; /* objects that could not be read; each has been told */
};

/* Compare the layers; counts and lines as above. */
void ovl_diff_run(struct ovl_diff *diff, const struct ovl_layerlist *lower, const char *upper);

#endif
