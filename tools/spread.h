/* SPDX-License-Identifier: MIT */
/*
 * spread.h - every name of a lower inode that was copied up, as a hard link in upper
 *
 * During a run such a name shows the copy through WORK/index; the kernel has no such thing.
 * Context: launcher.
 */
#ifndef OVL_SPREAD_H
#define OVL_SPREAD_H

#include "lift.h"
#include "run.h"

/*
 * Walk all that run's layers show and link what @l's index holds. Returns how many objects
 * could not be dealt with; each has been told.
 */
unsigned long ovl_spread(const struct ovl_run *run, struct ovl_lift *l);

#endif
