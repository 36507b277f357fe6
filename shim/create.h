/* SPDX-License-Identifier: MIT */
/*
 * create.h - give a missing name of the view an object
 *
 * Directly on upper where nothing is in the way. Where a whiteout is, the object is made in
 * work and put in the whiteout's place by one rename, under the session's lock, so that
 * O_EXCL has one winner and the lower name never shows through.
 * Context: any (entry: signals blocked).
 */
#ifndef OVL_CREATE_H
#define OVL_CREATE_H

#include "ctx.h"

/* What is to be made; the maker is called with the directory and name to make it under. */
struct ovl_maker {
	/* 0 or, for a file that is left open, its descriptor; -errno. -EEXIST: taken. */
	int (*make)(const struct ovl_maker *m, int dir, const char *name);
	bool dir; /* a directory: it hides the lowers' by being opaque */
	unsigned mode;
	uint64_t dev;
	int flags;
	const char *text; /* of a symlink; the old name of a link */
	int from;	  /* directory of the old name of a link */
};

/*
 * Make @n, whose layer is OVL_NONE and whose parent is a directory of the view. Returns what
 * the maker returned. -EEXIST: somebody was first. -EROFS, -EACCES, -ENOSPC ...
 */
int ovl_create(struct ovl_ctx *ctx, struct ovl_name *n, const struct ovl_maker *m);

/* The makers for mkdir, mknod, symlink, link and open. */
int ovl_make_dir(const struct ovl_maker *m, int dir, const char *name);
int ovl_make_node(const struct ovl_maker *m, int dir, const char *name);
/* Character device 0/0, which is a whiteout until it is recorded as none: record.h. */
int ovl_make_device(const struct ovl_maker *m, int dir, const char *name);
int ovl_make_symlink(const struct ovl_maker *m, int dir, const char *name);
int ovl_make_link(const struct ovl_maker *m, int dir, const char *name);
int ovl_make_file(const struct ovl_maker *m, int dir, const char *name);

#endif
