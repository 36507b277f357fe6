/* SPDX-License-Identifier: MIT */
/*
 * newtext.h - memory that becomes executable while the program runs
 *
 * A packed program unpacks itself, a static one may load libraries: what was rewritten is not
 * all then. Memory that becomes executable is looked at, and when there are system calls in it
 * the thread runs under dispatch from then on. What is written to it afterwards is not seen.
 */
#ifndef OVL_NEWTEXT_H
#define OVL_NEWTEXT_H

#include "ovl.h"

/* Is @nr a call that may make memory executable? */
bool ovl_newtext_wants(long nr);

/* @c, such a call, has been made. Context: any, on a stack of ours. */
void ovl_newtext_look(const struct ovl_call *c);

#endif
