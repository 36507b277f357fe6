/* SPDX-License-Identifier: MIT */
/*
 * machine.h - what of this machine, and of this user's limits on it, a run needs
 * Context: launcher.
 */
#ifndef OVL_MACHINE_H
#define OVL_MACHINE_H

#include <stdbool.h>

#include "fact.h"

/* Tell it. @dispatch: the command needs syscall user dispatch, or nobody knows whether it does. */
void ovl_machine_tell(struct ovl_facts *facts, bool dispatch);

#endif
