/* SPDX-License-Identifier: MIT */
/*
 * seal.h - suid and sgid of a file whose mode is only recorded (override.h)
 *
 * The kernel takes them away from a file that is written, but the copy itself never has them. So
 * time and size of the file are kept beside the record, in user.ovl.seal: "SEC NSEC SIZE". When
 * they are other ones, the file was written since and the bits are gone. A write within the
 * same tick of the kernel's clock (before Linux 6.13) that leaves the size alone is not seen.
 * Context: any (entry: signals blocked).
 */
#ifndef OVL_SEAL_H
#define OVL_SEAL_H

#include "ovl_base.h"

#define OVL_XATTR_SEAL "user.ovl.seal"

/* The bits of the recorded @mode that writing takes away, group @gid being the recorded one. */
unsigned ovl_seal_bits(unsigned mode, unsigned gid);

/*
 * Does the seal of the object at @path (followed to its end with getxattr as @nr, not with
 * lgetxattr) fit @st, what its file system tells of it? One that was never sealed does.
 */
bool ovl_seal_fits(long nr, const char *path, const struct statx *st);

/* Seal the object at @path, as it is now. Best effort: without, the bits stay. */
void ovl_seal(const char *path, bool follow);

#endif
