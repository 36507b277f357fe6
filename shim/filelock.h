/* SPDX-License-Identifier: MIT */
/*
 * filelock.h - locks that the program holds, and what the engine owes them
 *
 * Closing any descriptor of a file drops every POSIX lock that the process holds on it:
 * fcntl(2). So a regular file that the program may have open as well is opened by OVL_FILE,
 * which is not closed while there are such locks. That is rare: to be told costs one call.
 * (The kernel names one lock. Where other processes hold some of the same file, it may name
 * theirs.)
 * Context: any.
 */
#ifndef OVL_FILELOCK_H
#define OVL_FILELOCK_H

#include "sys.h"

/* Is fcntl command @cmd about locks or leases? All the others are nothing to the engine. */
static inline bool ovl_filelock_cmd(unsigned cmd)
{
	return cmd - F_GETLK <= F_SETLKW - F_GETLK ||
	       cmd - F_OFD_GETLK <= F_OFD_SETLKW - F_OFD_GETLK || cmd == F_SETLEASE;
}

/* The flock that the open file description of @fd holds: LOCK_SH, LOCK_EX; 0: none. */
int ovl_filelock_flock(int fd);

/*
 * Close *@fd, negative: none. While this process holds POSIX locks on the file it stays open,
 * over an exec too: a number more in use, but no lock lost.
 */
void ovl_filelock_drop(const int *fd);

#define OVL_FILE __attribute__((cleanup(ovl_filelock_drop))) int

#endif
