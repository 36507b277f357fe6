/* SPDX-License-Identifier: MIT */
/*
 * attrs.h - what an object is beside its content: xattrs, owner, mode, times
 *
 * As the engine gives them to a copy (shim/attr_copy.c), for programs with a libc. Paths are
 * not followed when they end in a symlink. Functions return 0 or -errno. Context: launcher.
 */
#ifndef OVL_ATTRS_H
#define OVL_ATTRS_H

#include <stdbool.h>
#include <sys/stat.h>

/*
 * The object @to gets xattrs (ACLs too, an overlay's own excepted), owner, mode and times of
 * @from, whose attributes are @st. An owner that the kernel does not let us set is recorded
 * in user.containers.override_stat, and so is with @usable a mode that would shut a directory
 * to its owner; *@ret_recorded tells. What @to's file system cannot hold is left out.
 */
int ovl_attrs_copy(const char *from, const struct stat *st, const char *to, bool usable,
		   bool *ret_recorded);

/* Access and modification time of @path become those of @st. */
int ovl_attrs_times(const char *path, const struct stat *st);

#endif
