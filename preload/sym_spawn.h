/* SPDX-License-Identifier: MIT */
/*
 * sym_spawn.h - posix_spawn() of the door of names: libc's child calls the kernel by itself
 *
 * What is to be done with descriptors before the program is kept in libc's own structure, whose
 * contents are nobody's business but those of the functions here.
 */
#ifndef OVL_SYM_SPAWN_H
#define OVL_SYM_SPAWN_H

#include "sym.h"

enum ovl_step_kind {
	OVL_STEP_CLOSE,
	OVL_STEP_DUP2,
	OVL_STEP_OPEN,
	OVL_STEP_CHDIR,
	OVL_STEP_FCHDIR,
	OVL_STEP_CLOSEFROM,
	OVL_STEP_TERMINAL,
};

struct ovl_step {
	enum ovl_step_kind kind;
	int fd;
	int to;	   /* OVL_STEP_DUP2 */
	int flags; /* OVL_STEP_OPEN ... */
	unsigned mode;
	char *path; /* ... and OVL_STEP_CHDIR; ours */
};

/* As large as libc's posix_spawn_file_actions_t: 80 bytes. */
struct ovl_steps {
	int room;
	int n;
	struct ovl_step *step;
	int pad[16];
};

/* libc's posix_spawnattr_t. */
struct ovl_spawnattr;

/* What a child needs to know besides; the caller's memory is its own. */
struct ovl_spawn {
	const char *file;
	char *const *argv;
	char *const *envp;
	const struct ovl_steps *steps;	  /* NULL: nothing */
	const struct ovl_spawnattr *attr; /* NULL: none */
	bool search;			  /* @file along PATH */
	uint64_t defaults;		  /* signals that are not to be ignored, besides @attr's */
	const uint64_t *mask; /* in place of the caller's, unless @attr has one; or NULL */
};

/* The child's number, or -errno: also when it could not execute the program. */
long ovl_spawn(const struct ovl_spawn *s);

#endif
