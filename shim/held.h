/* SPDX-License-Identifier: MIT */
/*
 * held.h - whether somebody else has a file open
 *
 * The kernel grants a write lease only on a file that nobody else has open: fcntl(2). O_PATH
 * descriptors do not count.
 * Context: any (entry: signals blocked).
 */
#ifndef OVL_HELD_H
#define OVL_HELD_H

#include "ovl_base.h"

/*
 * May the regular file open as @fd, for reading alone, be open by another open as well, in whatever
 * process? Of somebody else's file an ordinary user cannot tell: it may. Where there are no leases,
 * or where an outsider has it open for writing: not.
 */
bool ovl_held(int fd);

/* Such a lease, which kept somebody from opening the file, may be gone in a moment: true. */
bool ovl_held_wait(void);

#endif
