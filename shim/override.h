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

/* Read "UID:GID:MODE", a type may follow. -EINVAL. */
int ovl_override_parse(const char *text, struct ovl_override *ret);

/* Record on the object open as @fd (not O_PATH). -EOPNOTSUPP, -ENOSPC as fsetxattr(2). */
int ovl_override_set(int fd, unsigned uid, unsigned gid, unsigned mode);

/*
 * The object at upper path @path got a new owner or mode (-1U: unchanged): if one was recorded
 * for it, the record follows. 0 when there is none.
 */
int ovl_override_update(const char *path, unsigned uid, unsigned gid, unsigned mode);

#endif
