/* SPDX-License-Identifier: MIT */
/*
 * rewrite.h - the system calls in a program's text become jumps to ours
 *
 * Before its first instruction, and never writable and executable at once. A place whose
 * number is loaded right before the call becomes a jump in place of that. For the others one
 * or two instructions before the call are moved, to a page beside us, and with them the call.
 * Context: the loader, before the program runs.
 */
#ifndef OVL_REWRITE_H
#define OVL_REWRITE_H

#include "image.h"

/*
 * Rewrite what the engine has to see. True: all of it was found and understood, so the program
 * can run without user dispatch. False: some of it was not, or there was no room.
 */
bool ovl_rewrite_engine(const struct ovl_image *image);

/*
 * For a program under user dispatch: rewrite every place that is understood, so that the
 * program's own calls do not trap either. Best effort.
 */
void ovl_rewrite_all(const struct ovl_image *image);

#endif
