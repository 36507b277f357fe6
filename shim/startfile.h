/* SPDX-License-Identifier: MIT */
/*
 * startfile.h - files that a dynamic linker opens before the preloaded object is there
 *
 * Once upper has one, or hides one, programs that it may concern are started by the loader, by
 * way of the view: exec.c. Which: see enum ovl_upper_libs.
 */
#ifndef OVL_STARTFILE_H
#define OVL_STARTFILE_H

#include "path.h"

/*
 * Upper is about to change the name @at: note what that may mean to a program's start. @deep: the
 * name is a directory's that moves, or a symlink's, which may lead to anything. Context: any.
 */
void ovl_startfile_note(const struct ovl_path *at, bool deep);

#endif
