/* SPDX-License-Identifier: MIT */
/*
 * fastupper.h - calls on names of upper's, of a directory that is known to be there: fast.c's half
 *
 * The path is upper's own, put together without a look. What the kernel finds there is the view's,
 * unless directories moved meanwhile, which is asked afterwards; what only a closer look can tell
 * (whiteouts, symlinks, objects of several names, copies met for the first time) is left to the
 * slow path. A name is opened with RESOLVE_NO_SYMLINKS: whatever became of the way, the file is
 * upper's.
 * Context: any; the program's stack, its signals as they are.
 */
#ifndef OVL_FASTUPPER_H
#define OVL_FASTUPPER_H

#include "ovl.h"
#include "tell.h"

/* stat and its kin, into the program's buffer t->arg[0], by AT_SYMLINK_NOFOLLOW in t->arg[1]. */
enum ovl_verdict ovl_fastup_stat(struct ovl_call *c, struct ovl_told *t);

/* statx(2) as @c asks for it, without AT_EMPTY_PATH. */
enum ovl_verdict ovl_fastup_statx(struct ovl_call *c, struct ovl_told *t);

/* May the object be opened by the kernel's rules, as far as there are others? */
bool ovl_fastup_plain(struct ovl_told *t);

/* Then: open with O_* flags t->arg[0] and mode t->arg[1]. */
enum ovl_verdict ovl_fastup_open(struct ovl_call *c, struct ovl_told *t);

/* getdents64(2) of the directory hashed @hash, known to be of upper alone. */
enum ovl_verdict ovl_fastup_list(struct ovl_call *c, uint64_t hash);

/* access(2) with the mode t->arg[0], of R_OK, W_OK and X_OK. */
enum ovl_verdict ovl_fastup_access(struct ovl_call *c, struct ovl_told *t);

/* readlink(2) into the program's buffer t->arg[0] of t->arg[1] bytes. */
enum ovl_verdict ovl_fastup_readlink(struct ovl_call *c, struct ovl_told *t);

/* unlink(2). */
enum ovl_verdict ovl_fastup_unlink(struct ovl_call *c, struct ovl_told *t);

/* getcwd(2); the cwd is known to be a directory that upper alone has, or had. */
enum ovl_verdict ovl_fastup_getcwd(struct ovl_call *c);

#endif
