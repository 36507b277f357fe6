/* SPDX-License-Identifier: MIT */
/*
 * escapes.h - calls of i386's table, for which processes were ended, are told
 *
 * Whoever makes one leaves a note in the session: preload/sigsys.h. Of other processes that the
 * guard has ended nobody but their parent is told, and which call it was the kernel tells only
 * a tracer: a zombie has no registers any more.
 * Context: launcher.
 */
#ifndef OVL_ESCAPES_H
#define OVL_ESCAPES_H

#include <sys/types.h>

#include "run.h"

struct ovl_escapes {
	uint32_t told; /* so many of the session's notes */
};

/* Say what is new in @run's session. Is there, or was there, a note of process @pid? */
bool ovl_escapes_tell(const struct ovl_run *run, struct ovl_escapes *e, pid_t pid);

#endif
