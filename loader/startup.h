/* SPDX-License-Identifier: MIT */
/*
 * startup.h - what the kernel put on the stack for the loader, made what the program expects
 *
 * argc, argv, the environment and the auxiliary vector lie behind each other and are changed
 * where they are: System V ABI, AMD64 supplement, "Initial Stack and Register State".
 * Context: the loader, before the program runs.
 */
#ifndef OVL_STARTUP_H
#define OVL_STARTUP_H

#include "ovl_base.h"

struct ovl_startup {
	char **argv;
	char **envp;
	uint64_t *auxv; /* pairs, up to AT_NULL */
};

/* Read the stack at @sp. */
void ovl_startup_read(uint64_t *sp, struct ovl_startup *ret);

/* The value of variable @name, NULL when there is none. */
char *ovl_startup_env(const struct ovl_startup *s, const char *name);

/* Variable @name becomes @var, "NAME=VALUE", which is kept. */
void ovl_startup_replace(const struct ovl_startup *s, const char *name, char *var);

/* Take variable @name out; its value stays where it is. */
void ovl_startup_unset(struct ovl_startup *s, const char *name);

/* Auxiliary value @type, 0 when the kernel gave none. */
uint64_t ovl_startup_aux_value(const struct ovl_startup *s, uint64_t type);

/* Set auxiliary value @type, if the kernel gave one. */
void ovl_startup_aux(const struct ovl_startup *s, uint64_t type, uint64_t value);

#endif
