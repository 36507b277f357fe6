/* SPDX-License-Identifier: MIT */
/*
 * stack.h - one directory of merged layers, for programs with a libc
 *
 * A stack holds the directories that merge, the top one first, each as a descriptor that
 * allows reading. Whiteouts, opaque directories and redirects of the layers are obeyed.
 * Functions return 0 or -errno. Context: launcher.
 */
#ifndef OVL_STACK_H
#define OVL_STACK_H

#include <stdbool.h>
#include <sys/stat.h>

#include "ovl_session.h"

struct ovl_stack {
	const struct ovl_stack *root; /* the stack of the layers' roots; itself when it is that */
	int n;
	int fd[OVL_LOWER_MAX + 1];
	unsigned char layer[OVL_LOWER_MAX + 1]; /* which layer fd[] belongs to */
	bool dot_wh[OVL_LOWER_MAX + 1];		/* how that layer stores its marks */
};

/* One name of a stack. */
struct ovl_found {
	struct stat st;
	int at;	   /* the directory that holds it: a descriptor of the stack; borrowed */
	int layer; /* whose it is */
};

/* Sorted names; free with ovl_names_free(). */
struct ovl_names {
	size_t n;
	char **name;
};

/* The stack of the directories @path[0..n-1]; NULL entries are left out. */
int ovl_stack_open(const char *const *path, int n, struct ovl_stack *ret);

/* Let this process open as many directories as it may: some for each level of a deep tree. */
void ovl_stack_room(void);

/* Close what @s holds; it is empty afterwards. */
void ovl_stack_close(struct ovl_stack *s);

/* What shows as @name in @s. -ENOENT: nothing. */
int ovl_stack_find(const struct ovl_stack *s, const char *name, struct ovl_found *ret);

/* The stack of directory @name of @s. An empty stack when it is no directory. */
int ovl_stack_child(const struct ovl_stack *s, const char *name, struct ovl_stack *ret);

/* The stack at @path below @s: components, no ".", no "..". */
int ovl_stack_walk(const struct ovl_stack *s, const char *path, struct ovl_stack *ret);

/* All names that show in @s. */
int ovl_stack_list(const struct ovl_stack *s, struct ovl_names *ret);

/* The names in the directory open as @fd, marks included, sorted. */
int ovl_names_read(int fd, struct ovl_names *ret);

/* The same of a layer whose marks are .wh. files: the names that they hide stand for them. */
int ovl_names_read_marked(int fd, struct ovl_names *ret);

/* Is @name one of the sorted @names? */
bool ovl_names_has(const struct ovl_names *names, const char *name);

void ovl_names_free(struct ovl_names *names);

#endif
