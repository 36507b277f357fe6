/* SPDX-License-Identifier: MIT */
/*
 * tight.h - programs whose signal handlers have hardly any stack
 *
 * The frame of a signal alone takes 3 KiB or more (sigaltstack(2), AT_MINSIGSTKSZ), and the fast
 * path some 600 bytes of what is left. The slow path takes less, because it changes to a stack of
 * ours at once. So all calls of a program that has set up a stack of less than SIGSTKSZ go that way
 * from then on. A program that does so past the view is not known.
 */
#ifndef OVL_TIGHT_H
#define OVL_TIGHT_H

#include "ovl.h"

/* Has this process set up such a stack? Only ever becomes true. */
extern bool ovl_tight;

/* sigaltstack(2). Context: any. */
enum ovl_verdict ovl_tight_watch(struct ovl_call *c);

#endif
