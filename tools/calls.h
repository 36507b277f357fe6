/* SPDX-License-Identifier: MIT */
/*
 * calls.h - the system call instructions in a file's text, as the doors will find them
 *
 * The search is the doors' own (sites.h), and so are the numbers looked for (wanted.h).
 * Context: launcher.
 */
#ifndef OVL_CALLS_H
#define OVL_CALLS_H

#include "elffile.h"

struct ovl_calls {
	unsigned n;    /* instructions that the engine has to see */
	unsigned left; /* of those, the ones that cannot be changed */
	bool sure;     /* see below */
};

/* Each returns 0 or -E2BIG: more than there is room for, so nothing is changed. */

/* In libc, or (@ldso) the dynamic linker. */
int ovl_calls_in_libc(const struct ovl_elffile *f, bool ldso, struct ovl_calls *ret);

/* In a program that the loader starts. Not sure: there is text that cannot be looked at. */
int ovl_calls_in_static(const struct ovl_elffile *f, struct ovl_calls *ret);

/*
 * In a dynamic program's own text: calls that only read, which the guard does not trap. Not sure:
 * all of it may be data that looks like it.
 */
int ovl_calls_that_read(const struct ovl_elffile *f, struct ovl_calls *ret);

/* The same in a library that is no libc: see preload/ownlibs.h. */
int ovl_calls_in_library(const struct ovl_elffile *f, struct ovl_calls *ret);

/* Is the file so large that its own text is not looked at? A program of Go's is. */
bool ovl_calls_unsearched(const struct ovl_elffile *f);

#endif
