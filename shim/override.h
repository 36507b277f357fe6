/* SPDX-License-Identifier: MIT */
/*
 * override.h - owner and mode that the kernel does not let us set are recorded on the copy
 *
 * user.containers.override_stat holds "UID:GID:MODE" (mode in octal), as fuse-overlayfs
 * writes it; inode.c shows it. The copy itself gets a mode that keeps it usable for us.
 * Context: any (entry: signals blocked).
 */
#ifndef OVL_OVERRIDE_H
#define OVL_OVERRIDE_H

#include "ovl_base.h"

struct ovl_override {
	unsigned uid;
	unsigned gid;
	unsigned mode;
};

#define OVL_OVERRIDE_TEXT 64

/* Write @o to @text, which has room for OVL_OVERRIDE_TEXT bytes; the length without NUL. */
size_t ovl_override_format(const struct ovl_override *o, char *text);

/* Read "UID:GID:MODE", a type may follow. -EINVAL. */
int ovl_override_parse(const char *text, struct ovl_override *ret);

/*
 * Record owner and mode (type bits too) on the object open as @fd (not O_PATH), which itself
 * gets a usable mode. -EOPNOTSUPP, -ENOSPC as fsetxattr(2).
 */
int ovl_override_set(int fd, unsigned uid, unsigned gid, unsigned mode);

/* @mode (type bits too) with what we need to look at the object's xattrs and into directories. */
unsigned ovl_override_usable(unsigned mode);

/* Would @mode (type bits too) keep us from that? Never root. */
bool ovl_override_needed(unsigned mode);

/*
 * Record @o for upper's object at @path, of which its file system tells @raw. -errno.
 */
int ovl_override_record(const char *path, const struct statx *raw, const struct ovl_override *o);

/*
 * chmod of upper's object at @path, which the view shows as @st, to @mode: recorded when there
 * is a record already, or when the mode would be in our own way.
 */
int ovl_override_chmod(const char *path, const struct statx *st, unsigned mode);

/*
 * Upper's object open as @fd, whatever way, got an ACL, and its permissions by that, and lost the
 * bits @lost: a record follows, if there is one. Best effort.
 */
void ovl_override_ffollow(int fd, unsigned lost);

/* Upper's file open as @fd was truncated: no suid and no sgid, in the record neither. Best effort.
 */
void ovl_override_truncated(int fd);

/*
 * utimensat of upper's object open as @fd, whatever way; it need not have a name. suid and sgid
 * stay as they are.
 */
int ovl_override_futimens(int fd, const void *times);

/* The same of the object open as @fd, whatever way; it need not have a name. */
int ovl_override_fchmod(int fd, const struct statx *st, unsigned mode);

/*
 * chown of upper's object open as @fd, in the same way, which the view shows as @st and whose owner
 * may do that: what the kernel refuses is recorded. -1U: unchanged.
 */
int ovl_override_fchown(int fd, const struct statx *st, unsigned uid, unsigned gid);

#endif
