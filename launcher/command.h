/* SPDX-License-Identifier: MIT */
/*
 * command.h - the files that a command's start goes through: scripts, and the program at the end
 * Context: launcher.
 */
#ifndef OVL_COMMAND_H
#define OVL_COMMAND_H

#include "program.h"
#include "run.h"

#define OVL_SCRIPTS_MAX 5 /* nested #! that the kernel allows */

/* One of those files. */
struct ovl_step {
	char *view; /* its path without symlinks, as a process inside names it */
	char *real;
	enum ovl_program_kind kind;
	char *interp; /* of what a script names, or of the dynamic linker; "": none */
};

struct ovl_chain {
	int n;
	struct ovl_step step[OVL_SCRIPTS_MAX + 2];
	char *refused; /* why it cannot be executed or covered; NULL: it can */
	int status;    /* what ovlrun exits with then: enum ovl_exit */
};

/*
 * What ovl_command_plan() does, but for that a refusal is told in @ret, with the files up to the
 * one that is the reason.
 */
void ovl_command_find(struct ovl_run *run, struct ovl_chain *ret);

#endif
