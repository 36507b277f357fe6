/* SPDX-License-Identifier: MIT */
/*
 * run.h - one run: what was asked for and what became of it
 *
 * Filled in this order, each step once, by main():
 *   options   what the command line says
 *   check     layers made real, every wrong use refused; nothing exists yet
 *   command   which file is executed and how; nothing exists yet
 *   workdir   upper and work made, locked, swept
 *   session   the session file written
 *   child     the command, until it ends
 * Whoever finds something wrong ends the program with one line (say.h). Context: launcher.
 */
#ifndef OVL_RUN_H
#define OVL_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "layerlist.h"

struct ovl_run {
	/* The command line; paths are made absolute and real by ovl_run_check(). */
	struct ovl_layerlist lower;
	char *upper;
	char *work;
	char *root; /* -m; then where the view appears */
	char *chdir;
	char *pass[OVL_PASS_MAX];
	int npass;
	bool read_only;
	bool quiet;
	bool report;
	bool no_guard;
	char **argv; /* the command */

	/* ovl_run_check() */
	bool guard;	/* processes get the filter of guard.h */
	bool no_core;	/* they leave no core file: corefile.h */
	char *preload;	/* the preloaded object */
	char *names;	/* the one with libc's names; NULL: there is none */
	char *loader;	/* the loader beside it */
	char *trace;	/* OVL_TRACE's file, or NULL */
	bool own_upper; /* upper is a fresh directory: name it at the end */
	char *temp;	/* template of the fresh directory that holds upper, work or both */
	int upper_lock; /* descriptor of upper, locked; -1 when there is none */

	/* ovl_nested_join(): a run in a run */
	bool nested;		  /* the layers are those of the run around, and its upper */
	char *hide[OVL_HIDE_MAX]; /* what does not exist inside, besides upper and work */
	int nhide;
	char *shown;  /* upper's name in the view of the run around */
	bool guarded; /* that run's guard is ours already */

	/* ovl_command_plan() */
	char *file; /* what execve() is given */
	char **file_argv;
	bool load;	     /* but the loader is to be executed ... */
	bool dynamic;	     /* ... also when upper has libraries: ovl_session_write() tells */
	char *program;	     /* what the loader is to load ... */
	char **program_argv; /* ... with these arguments ... */
	char *execfn;	     /* ... and to make it believe that it was executed as */
	char *dir;	     /* the real directory to start in; NULL: stay */
	char *dir_view;	     /* its name in the view */

	/* ovl_workdir_make(), ovl_session_write() */
	bool made_upper;
	bool dot_wh;   /* upper's marks are .wh. files */
	bool no_nodes; /* upper can hold no device 0/0 */
	bool no_xattr; /* nor user xattrs: what they would tell is in WORK/index */
	int work_lock;
	char *session; /* the session file */
	uint64_t cookie;
};

/* launcher/options.c: parse the command line. */
void ovl_run_options(struct ovl_run *run, int argc, char **argv);

/* launcher/check.c: refuse wrong use. */
void ovl_run_check(struct ovl_run *run);

/* launcher/check.c: that of the lowers, the view root and what is passed alone. */
void ovl_run_check_layers(struct ovl_run *run);

/* launcher/check.c: that of upper and work alone; the lowers are real paths already. */
void ovl_run_check_upper(struct ovl_run *run);

/* launcher/check.c: the same, but whether a run uses them is not asked. */
void ovl_run_check_places(struct ovl_run *run);

/*
 * launcher/check.c: the real path of the part @name of ours, or NULL. *@ret_beside is where it
 * was looked for first.
 */
char *ovl_run_part(const char *name, char **ret_beside);

/* launcher/check.c: can LD_PRELOAD name @path? */
bool ovl_run_preloadable(const char *path);

/* launcher/check.c: does OVL_DOOR ask for the door that changes no text? */
bool ovl_run_by_names(void);

/* launcher/command.c: find and examine the command in the view. */
void ovl_command_plan(struct ovl_run *run);

/* launcher/workdir.c: is upper or work in use? Then end. */
void ovl_workdir_check(struct ovl_run *run);

/* launcher/workdir.c: make and lock upper and work; sweep what a killed run left. */
void ovl_workdir_make(struct ovl_run *run);

/* launcher/workdir.c: remove what was made for this run; @live: keep the session. */
void ovl_workdir_end(struct ovl_run *run, bool live);

/* launcher/workdir.c: the command was never started: all that was made for it goes. */
void ovl_workdir_undo(struct ovl_run *run);

/* launcher/session.c: OVL_LIBS_FIRST, where the machine's libc is such; else 0. */
uint32_t ovl_session_libs_first(void);

/* launcher/session.c: write the session file. */
void ovl_session_write(struct ovl_run *run);

/* launcher/child.c: run the command; what waitpid() says of its end. */
int ovl_child_run(struct ovl_run *run, bool *ret_live);

/* launcher/child.c: end as the command did. */
__attribute__((noreturn)) void ovl_child_end_like(int status);

#endif
