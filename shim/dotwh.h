/* SPDX-License-Identifier: MIT */
/*
 * dotwh.h - marks as .wh. files, for marks.c alone: the format is told in marks.h
 * Context: any.
 */
#ifndef OVL_DOTWH_H
#define OVL_DOTWH_H

#include "ctx.h"

/* What a mark can be of besides a name: the whole directory that it lies in. */
#define OVL_DOTWH_DIR "."

/* Is the entry @name, with attributes @st, a mark? */
bool ovl_dotwh_is_mark(const char *name, const struct statx *st);

/* Is the entry @name of the directory @fd a mark? */
bool ovl_dotwh_is_mark_at(int fd, const char *name);

/*
 * What the mark @name in the directory @fd hides into @ret, which has room for NAME_MAX + 1
 * bytes: a name, or OVL_DOTWH_DIR. -ENOENT: nothing.
 */
int ovl_dotwh_hidden(int fd, const char *name, char *ret);

/* Is there a mark of @name (or OVL_DOTWH_DIR) in the directory @fd? */
bool ovl_dotwh_has_at(int fd, const char *name);

/* Is there a mark of @p beside it, or of it as a directory in it? @p is as it was afterwards. */
bool ovl_dotwh_has(struct ovl_path *p);
bool ovl_dotwh_has_in(struct ovl_path *p);

/* Make a mark of @name (or OVL_DOTWH_DIR) in the directory @fd. -EEXIST: there is one. */
int ovl_dotwh_make(int fd, const char *name);

/* No mark in the directory @fd is called @name afterwards: it takes another form. */
int ovl_dotwh_yield(int fd, const char *name);

#endif
