/* SPDX-License-Identifier: MIT */
/*
 * path.h - paths in fixed buffers: push, cut, iterate; level 1, no system calls
 *
 * A path buffer lives in scratch lent by the entry (see scratch.h), never on the stack.
 * Every function is all or nothing: on failure the path is as it was.
 * Context: any.
 */
#ifndef OVL_PATH_H
#define OVL_PATH_H

#include "ovl_base.h"

struct ovl_path {
	unsigned len; /* bytes before the NUL; buf[len] == 0 always */
	char buf[OVL_PATH_CAP];
};

/* One component of a path that is being walked. */
struct ovl_part {
	const char *name; /* not NUL-terminated */
	size_t n;	  /* 0: the path has ended */
	bool last;	  /* nothing but slashes follows */
	bool slash;	  /* at least one slash follows */
};

/* @p becomes the @n bytes at @text. -ENAMETOOLONG when they do not fit. */
int ovl_path_set(struct ovl_path *p, const char *text, size_t n);

/* Append "/" (unless @p ends in one) and @name. -ENAMETOOLONG: @n > NAME_MAX, or no room. */
int ovl_path_push(struct ovl_path *p, const char *name, size_t n);

/* Append @n bytes as they are. -ENAMETOOLONG when they do not fit. */
int ovl_path_add(struct ovl_path *p, const char *text, size_t n);

/* Cut back to the first @len bytes; @len is at most p->len. */
void ovl_path_cut(struct ovl_path *p, unsigned len);

/* Remove the last component of an absolute path; "/" stays "/". */
void ovl_path_pop(struct ovl_path *p);

/* Offset of the last component's first byte in an absolute path; 1 for "/". */
unsigned ovl_path_base(const struct ovl_path *p);

/* The next component of *@at, which moves behind it and its slashes; n == 0 at the end. */
struct ovl_part ovl_path_next(const char **at);

/* Is @path, of @n bytes, @dir itself or below it? Both absolute and clean. */
bool ovl_path_below(const char *path, size_t n, const char *dir, size_t dn);

/* Is the component @name of @n bytes "." or ".."? */
static inline bool ovl_is_dot(const char *name, size_t n)
{
	return n == 1 && name[0] == '.';
}

static inline bool ovl_is_dotdot(const char *name, size_t n)
{
	return n == 2 && name[0] == '.' && name[1] == '.';
}

#endif
