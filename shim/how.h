/* SPDX-License-Identifier: MIT */
/*
 * how.h - what openat2(2) is asked for, and what open(2) makes of its flags
 * Context: any.
 */
#ifndef OVL_HOW_H
#define OVL_HOW_H

#include "ovl_base.h"

#define OVL_TMPFILE_BIT (O_TMPFILE & ~O_DIRECTORY)
/* The flags that mean something beside O_PATH. */
#define OVL_PATH_FLAGS (O_DIRECTORY | O_NOFOLLOW | O_PATH | O_CLOEXEC)

/*
 * May @how, of @size bytes, be asked for? 0; -EINVAL, -E2BIG, -EAGAIN as openat2(2); OVL_R_PASS:
 * something is wrong that the kernel tells best.
 */
long ovl_how_check(const struct open_how *how, size_t size);

#endif
