/* SPDX-License-Identifier: MIT */
/*
 * program.h - what kind of program a file is
 * Context: launcher.
 */
#ifndef OVL_PROGRAM_H
#define OVL_PROGRAM_H

#include <limits.h>

/* A #! line is looked for in that many bytes: BINPRM_BUF_SIZE of the kernel. */
#define OVL_PROGRAM_HEAD 256

enum ovl_program_kind {
	OVL_PROGRAM_DYNAMIC, /* interp names its dynamic linker, "" for a linker itself */
	OVL_PROGRAM_STATIC,  /* an ELF file without dynamic linker */
	OVL_PROGRAM_FOREIGN, /* an ELF file of another machine or word size */
	OVL_PROGRAM_SCRIPT,  /* interp and maybe arg, from the #! line */
	OVL_PROGRAM_OTHER,   /* nothing the kernel knows */
};

struct ovl_program {
	enum ovl_program_kind kind;
	char interp[PATH_MAX];
	char arg[OVL_PROGRAM_HEAD]; /* the rest of the #! line, "" when there is none */
};

/* Examine the file @real. 0, or -errno when it cannot be read. */
int ovl_program_examine(const char *real, struct ovl_program *ret);

#endif
