/* SPDX-License-Identifier: MIT */
/*
 * tree.h - whole trees of ours: walk one, remove one
 * Context: launcher.
 */
#ifndef OVL_TREE_H
#define OVL_TREE_H

#include <sys/stat.h>

/*
 * One entry: @path is relative to the root that was given, "" for the root itself;
 * @access names the object for system calls, without following a symlink.
 */
struct ovl_tree_entry {
	const char *path;
	const char *name;
	const char *access;
	const struct stat *st;
};

typedef int ovl_tree_visit(void *arg, const struct ovl_tree_entry *e);

/*
 * Call @visit for everything below directory @root, and for it, a directory before what it
 * holds. A directory of ours that we may not read is made readable meanwhile. Stops at the
 * first that is not 0 and returns it; -errno of what cannot be read.
 */
int ovl_tree_walk(const char *root, ovl_tree_visit *visit, void *arg);

/* Remove everything below directory @root, but not it. As much as can be; -errno of the rest. */
int ovl_tree_empty(const char *root);

#endif
