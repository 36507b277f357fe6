/* SPDX-License-Identifier: MIT */
/*
 * covered.h - by which door a command gets to the engine, and what of it does not
 * Context: launcher.
 */
#ifndef OVL_COVERED_H
#define OVL_COVERED_H

#include <stdbool.h>

#include "fact.h"
#include "run.h"

/*
 * Tell it of run->argv, in the view of @run, which went through ovl_run_check_layers() and
 * ovl_run_check_places(). True: the command needs syscall user dispatch.
 */
bool ovl_covered_tell(struct ovl_facts *facts, struct ovl_run *run);

#endif
