/* SPDX-License-Identifier: MIT */
/*
 * execargs.h - the arguments that the last of several interpreters gets
 * Context: any.
 */
#ifndef OVL_EXECARGS_H
#define OVL_EXECARGS_H

#include "ovl_base.h"
#include "shebang.h"

/* Scripts on the way to a program, the first one first. */
struct ovl_scripts {
	int n;
	const char *name; /* of the first, as its interpreter is told */
	char *interp[OVL_SHEBANG_MAX];
	char *arg[OVL_SHEBANG_MAX]; /* NULL: none */
};

/* Pointers that ovl_args_build() needs, its NULL included. */
size_t ovl_args_size(const struct ovl_scripts *s, char *const *argv);

/* argv as the kernel builds it for a script; the program's argv[0] is lost. */
void ovl_args_build(const struct ovl_scripts *s, char *const *argv, char **to);

#endif
