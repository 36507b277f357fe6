/* SPDX-License-Identifier: MIT */
/*
 * execenv.h - the environment that a new program gets: its own, and ours at the end
 * Context: any.
 */
#ifndef OVL_EXECENV_H
#define OVL_EXECENV_H

#include "ovl_session.h"
#include "path.h"

struct ovl_env {
	size_t count;	     /* variables to keep: none of ours */
	const char *preload; /* value of the program's LD_PRELOAD, the last one; NULL: none */
	bool complete;	     /* ours are there already, as they should be */
	bool searches;	     /* LD_LIBRARY_PATH is set, or LD_PRELOAD names more than ours */
	const char *load;    /* for the loader, see OVL_ENV_LOAD; NULL: not to be set */
};

/* What @envp, which may be NULL, holds; @ret->load is NULL. */
void ovl_env_scan(char *const *envp, struct ovl_env *ret);

/* This process is here by the door of names: what it executes is to be, too. Context: start. */
void ovl_env_set_names(void);

/*
 * The value of OVL_LOAD into @p: @fd, or none when negative; see ovl_session.h. -ENAMETOOLONG.
 */
int ovl_env_load(struct ovl_path *p, int fd, const char *execfn, const char *path);

/* Bytes that ovl_env_build() needs for its pointers and strings. */
size_t ovl_env_size(const struct ovl_env *env);

/*
 * Write a new environment to @room, aligned for pointers: @envp's variables, then LD_PRELOAD
 * with our object last, then OVL_SESSION, and OVL_LOAD if there is one. Returns it.
 */
char **ovl_env_build(const struct ovl_env *env, char *const *envp, void *room);

#endif
