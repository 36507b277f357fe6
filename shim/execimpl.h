/* SPDX-License-Identifier: MIT */
/*
 * execimpl.h - what the two halves of an exec share: exec.c finds what is to run and looks at it,
 * execgo.c has it executed
 * Context: any (entry: signals blocked).
 */
#ifndef OVL_EXECIMPL_H
#define OVL_EXECIMPL_H

#include "ctx.h"
#include "execargs.h"

#ifndef AT_EXECVE_CHECK
#define AT_EXECVE_CHECK 0x10000 /* Linux 6.14 */
#endif

/* An exec on its way from the program to the last interpreter. */
struct ovl_exec {
	struct ovl_ctx *ctx;
	struct ovl_name *n; /* what is to run: the program, later an interpreter */
	const char *path;   /* how that was named ... */
	int dirfd;	    /* ... relative to what ... */
	int flags;	    /* ... and AT_*: only the program has some */
	bool nameless;	    /* it has no path, @n is not valid: a memfd, a removed file */
	bool same;	    /* the kernel finds it under that name itself */
	bool all_same;	    /* and every script before it */
	bool load;	    /* it is for the loader */
	bool dynamic;	    /* it may need libraries ... */
	bool runpath;	    /* ... from directories of its own */
	struct ovl_scripts s;
};

/* Is the program given by its descriptor alone? */
bool ovl_exec_is_bare_fd(const struct ovl_exec *x);

/* How a script or its interpreter is told of such a program: into @out, of OVL_FD_LINK bytes. */
void ovl_exec_fd_name(int fd, char *out);

/* @p becomes the real path of @x->n, which is not nameless. */
int ovl_exec_real_path(const struct ovl_exec *x, struct ovl_path *p);

/* May the caller execute it? Asked where the kernel will not be. */
int ovl_exec_may(struct ovl_exec *x);

/* All is found: let the kernel have the call, or make it with arrays of our own. */
long ovl_exec_go(struct ovl_exec *x, char **argv, char **envp);

#endif
