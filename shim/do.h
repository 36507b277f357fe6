/* SPDX-License-Identifier: MIT */
/*
 * do.h - every change to upper and work goes through here: the only file that issues
 * mutating calls on names
 *
 * Each takes a directory of upper or work, open as a descriptor, and one component; each
 * returns what the kernel says, with EINTR repeated.
 * Context: any (entry: signals blocked).
 */
#ifndef OVL_DO_H
#define OVL_DO_H

#include "ctx.h"

int ovl_do_open(int dir, const char *name, int flags, unsigned mode);
int ovl_do_mkdir(int dir, const char *name, unsigned mode);
int ovl_do_mknod(int dir, const char *name, unsigned mode, uint64_t dev);
int ovl_do_symlink(const char *text, int dir, const char *name);
int ovl_do_unlink(int dir, const char *name, int flags);
int ovl_do_link(int from, const char *oldname, int to, const char *newname, int flags);
int ovl_do_rename(int from, const char *oldname, int to, const char *newname, unsigned flags);
int ovl_do_chmod(int dir, const char *name, unsigned mode);
int ovl_do_chown(int dir, const char *name, unsigned uid, unsigned gid, int flags);
int ovl_do_utimens(int dir, const char *name, const void *times, int flags);
/* By path: the *xattrat calls are too new to lean on. */
int ovl_do_setxattr(const char *path, const char *name, const void *v, size_t n, int flags);
/* Of the object that @link, a descriptor's in /proc, is of. */
int ovl_do_setxattr_held(const char *link, const char *name, const void *v, size_t n, int flags);
int ovl_do_removexattr_held(const char *link, const char *name);

#endif
