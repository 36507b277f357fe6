/* SPDX-License-Identifier: MIT */
/*
 * place.h - is the place for UPPER one that can hold an upper layer?
 * Context: launcher.
 */
#ifndef OVL_PLACE_TELL_H
#define OVL_PLACE_TELL_H

#include "fact.h"
#include "run.h"

/*
 * Tell it, of @run that went through ovl_run_check_places(). It is tried in a directory of our own
 * where work is or will be, which is the same file system; that is gone afterwards.
 */
void ovl_place_tell(struct ovl_facts *facts, const struct ovl_run *run);

#endif
