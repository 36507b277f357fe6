/* SPDX-License-Identifier: MIT */
/*
 * sym_name.h - libc's functions that answer with a path, for others of the same door
 */
#ifndef OVL_SYM_NAME_H
#define OVL_SYM_NAME_H

#include "sym.h"

__attribute__((visibility("default"))) char *getcwd(char *buf, size_t n);
__attribute__((visibility("default"))) char *getwd(char *buf);
__attribute__((visibility("default"))) char *realpath(const char *path, char *buf);

#endif
