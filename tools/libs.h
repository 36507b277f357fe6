/* SPDX-License-Identifier: MIT */
/*
 * libs.h - the libraries that a program's dynamic linker will load, found in the view
 *
 * As ld.so(8) looks for them: DT_RPATH, LD_LIBRARY_PATH, DT_RUNPATH, ld.so.cache, the directories
 * of the system. Not looked for: what dlopen() will ask for, and the variants of a library for
 * certain processors (glibc-hwcaps).
 * Context: launcher.
 */
#ifndef OVL_LIBS_H
#define OVL_LIBS_H

#include "command.h"
#include "where.h"

struct ovl_lib_found {
	char *name; /* as DT_NEEDED has it */
	char *view; /* its path without symlinks; NULL: not found */
	char *real;
	char *by; /* who needs it: a path in the view */
};

struct ovl_libs {
	size_t n;
	struct ovl_lib_found *lib;
};

/* Is @program one of musl, whose libc is the dynamic linker, or that itself? */
bool ovl_libs_of_musl(const struct ovl_step *program);

/* Those of @program, in the order in which they are loaded; the dynamic linker is none of them. */
void ovl_libs_find(const struct ovl_view *view, const struct ovl_step *program,
		   struct ovl_libs *ret);

#endif
