/* SPDX-License-Identifier: MIT */
/*
 * fastfd.h - calls by a descriptor that the kernel answers as the view does: fast.c's other half
 *
 * What a program made itself is upper's own and of no lower: to change it by its descriptor is the
 * kernel's own call (known.h), unless owners and modes are recorded. Of any other file only
 * xattrs are read here, if it was never copied up and none of them is ours.
 * Context: any; the program's stack, its signals as they are.
 */
#ifndef OVL_FASTFD_H
#define OVL_FASTFD_H

#include "ovl.h"

/* fchmod, fchown, utimensat, fsetxattr, fremovexattr. */
enum ovl_verdict ovl_fastfd_change(struct ovl_call *c);

/* fgetxattr, flistxattr. */
enum ovl_verdict ovl_fastfd_xattr(struct ovl_call *c);

#endif
