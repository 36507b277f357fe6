/* SPDX-License-Identifier: MIT */
/*
 * fast.h - calls that can be told from the shared tables alone
 *
 * On the program's own stack, with its signals as they are: no workspace, next to no stack,
 * and at most the one system call that the program asked for.
 */
#ifndef OVL_FAST_H
#define OVL_FAST_H

#include "ovl.h"

/*
 * Decide @c. OVL_PASS, OVL_DONE as ovl_enter(); OVL_SLOW: the tables do not tell.
 * Context: any. Stack below 200 bytes.
 */
enum ovl_verdict ovl_fast(struct ovl_call *c);

#endif
