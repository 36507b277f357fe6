/* SPDX-License-Identifier: MIT */
/*
 * fastlower.h - calls on names that upper has nothing of, and on their directories: fast.c's other
 * half
 *
 * What is known of such a name is its directory (tell.h): the kernel may be asked about it as long
 * as it follows no symlink. A directory that is opened so is known from then on, and so is its
 * descriptor, as if the slow path had been there.
 * Context: any; the program's stack, its signals as they are.
 */
#ifndef OVL_FASTLOWER_H
#define OVL_FASTLOWER_H

#include "ovl.h"
#include "tell.h"

/* open(2) for reading, with O_* flags t->arg[0]; told _UNTOUCHED. */
enum ovl_verdict ovl_fastlow_open(struct ovl_call *c, struct ovl_told *t);

/* access(2) with the mode t->arg[0], told the same. */
enum ovl_verdict ovl_fastlow_access(struct ovl_call *c, struct ovl_told *t);

/* getdents64(2) */
enum ovl_verdict ovl_fastlow_list(struct ovl_call *c);

/* fcntl(2)'s F_DUPFD and F_DUPFD_CLOEXEC: what is known of the one descriptor is of the other. */
enum ovl_verdict ovl_fastlow_dup(struct ovl_call *c);

#endif
