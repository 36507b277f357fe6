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
 * @from, whose attributes are @st. Of a file or directory an owner that the kernel does not let
 * us set, and a mode that would keep us out, are recorded in user.containers.override_stat; of
 * another object *@ret_refused tells that its owner is to be recorded (shim/record.h). What
 * @to's file system cannot hold is left out.
 */
int ovl_attrs_copy(const char *from, const struct stat *st, const char *to, bool *ret_refused);

/* Access and modification time of @path become those of @st. */
int ovl_attrs_times(const char *path, const struct stat *st);

#endif
