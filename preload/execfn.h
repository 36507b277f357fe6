/* SPDX-License-Identifier: MIT */
/*
 * execfn.h - the path that the program was executed by, as getauxval(AT_EXECFN) tells it
 * Context: start of a process, once the session is taken up.
 */
#ifndef OVL_EXECFN_H
#define OVL_EXECFN_H

#include "ovl_base.h"

/* In the vector @auxv a real path below a layer becomes the one in the view. */
void ovl_execfn_show(uint64_t *auxv);

#endif
