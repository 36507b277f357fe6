/* SPDX-License-Identifier: MIT */
/*
 * guard.h - the guard: a seccomp filter that keeps what the engine did not see from changing
 * files
 *
 * It is inherited by every process of a run. What it traps raises SIGSYS: preload/ has a handler
 * for it, and a process without that handler ends. See ovl_guard.h for what is let through.
 * Context: launcher.
 */
#ifndef OVL_GUARD_INSTALL_H
#define OVL_GUARD_INSTALL_H

#include <linux/filter.h>
#include <stddef.h>

#define OVL_GUARD_MAX 512

/*
 * ovl_guard_build - write the filter to @f, which has room for OVL_GUARD_MAX instructions
 * Returns how many there are.
 */
size_t ovl_guard_build(struct sock_filter *f);

/* ovl_guard_probe - can this process have a filter? 0, or -errno. Changes nothing. */
int ovl_guard_probe(void);

/* ovl_guard_install - for ever; no_new_privs must be set. 0, or -errno. */
int ovl_guard_install(void);

/*
 * The filter of a run around is upon us: from now on what it traps is done again with the key.
 * Nothing that this program executes inherits that.
 */
void ovl_guard_pass(void);

/* execve(2), past the guard: returns only when it failed, with errno. */
void ovl_guard_exec(const char *file, char *const *argv, char *const *envp);

#endif
