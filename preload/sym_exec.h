/* SPDX-License-Identifier: MIT */
/* sym_exec.h - exec*() of the door of names, and what posix_spawn() shares with it */
#ifndef OVL_SYM_EXEC_H
#define OVL_SYM_EXEC_H

#include "sym.h"

enum ovl_search {
	OVL_SEARCH_EXEC,  /* execvp(): what the kernel cannot execute is for the shell */
	OVL_SEARCH_SPAWN, /* posix_spawnp(): that is an error */
};

/* execve() of @file along PATH, unless it has a slash. -errno: there is no other way back. */
long ovl_exec_search(const char *file, char *const *argv, char *const *envp, enum ovl_search how);

/* For sym_exec_x86_64.S, which has made an array of their arguments. */
int ovl_sym_execl(const char *path, char *const *argv);
int ovl_sym_execle(const char *path, char *const *argv);
int ovl_sym_execlp(const char *file, char *const *argv);

#endif
