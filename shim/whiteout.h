/* SPDX-License-Identifier: MIT */
/*
 * whiteout.h - whiteouts that are devices: many names of few inodes
 *
 * A new inode costs a file system many times what a new name does, and its removal as well. So, as
 * the kernel's overlayfs does it, a whiteout is a hard link to one that lies in work: the first
 * makes it. When that has all the names that a file system allows there is another one; where links
 * cannot be had, or they belong to another user (proc(5), protected_hardlinks), each is an inode of
 * its own.
 * Context: any.
 */
#ifndef OVL_WHITEOUT_H
#define OVL_WHITEOUT_H

#include "ovl_base.h"

/*
 * Make a whiteout @name in upper's or work's directory @fd. -EEXIST: something has that name.
 * -ENOENT: the directory has been removed.
 */
int ovl_whiteout_make(int fd, const char *name);

/*
 * Is number @ino, on upper, certainly that of whiteouts? They keep it for the time of the session.
 */
bool ovl_whiteout_is(uint64_t ino);

#endif
