/* SPDX-License-Identifier: MIT */
/*
 * flock.h - locks of files: flock(2), and fcntl(2)'s locks and leases
 *
 * A lock is state of an inode, so all of a run must take theirs on the same one. A descriptor
 * that is of a lower regular file becomes one of the copy, which is made if there is none,
 * before it is locked; the call itself is then the kernel's, in the program's own context.
 * A lower file carries locks of ours only
 *  - when nothing is ever copied up (no upper);
 *  - when it cannot be copied up: a lock is no reason for an error that programs do not know;
 *  - by flock, when the parent process has the same descriptor: `exec 9<file; flock 9` locks
 *    for the shell, whose description cannot be changed from the child;
 *  - by flock, when somebody holds one there already.
 * Directories are locked as they are: a merged one is the lower's to everybody.
 */
#ifndef OVL_FLOCK_H
#define OVL_FLOCK_H

#include "ovl.h"

/*
 * Is flock or lock command @c, as far as the tables tell, on what everybody locks, so that the
 * call is the kernel's as it is? No system call. Context: any.
 */
bool ovl_flock_meets(const struct ovl_call *c);

#endif
