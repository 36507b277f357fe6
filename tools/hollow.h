/* SPDX-License-Identifier: MIT */
/*
 * hollow.h - copies without content, of files that who moved them could not read: see
 * shim/hollow.h
 *
 * Context: launcher.
 */
#ifndef OVL_TOOLS_HOLLOW_H
#define OVL_TOOLS_HOLLOW_H

#include "stack.h"

/*
 * The regular file or directory (@type: S_IFREG, S_IFDIR) @name in upper's directory @dir has its
 * content and xattrs afterwards, from @lowers, the stack of the lowers' roots. Does nothing to
 * one that has them. 0 or -errno.
 */
int ovl_hollow_settle(const struct ovl_stack *lowers, int dir, const char *name, mode_t type);

#endif
