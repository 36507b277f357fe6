/* SPDX-License-Identifier: MIT */
/*
 * compare.h - are two objects the same to a program?
 * Context: launcher.
 */
#ifndef OVL_COMPARE_H
#define OVL_COMPARE_H

#include <sys/stat.h>

/* An object: @name in the directory open as @at. */
struct ovl_object {
	int at;
	const char *name;
	struct stat st;
};

/*
 * Owner and mode of @o as the view shows them: an override that an overlay recorded counts.
 * Changes o->st.
 */
void ovl_object_settle(struct ovl_object *o);

/*
 * 0: the same in content, mode, owner, xattrs and modification time (not that of a
 * directory). 1: not. -errno: cannot be told. Both are of one type.
 */
int ovl_object_compare(const struct ovl_object *a, const struct ovl_object *b);

#endif
