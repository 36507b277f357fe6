/* SPDX-License-Identifier: MIT */
/*
 * flatten.h - an upper that the kernel can mount with userxattr, and that shows the same
 *
 * The kernel refuses redirects there, and knows nothing of .wh. files and of WORK/index.
 * Afterwards upper has none of them: marks are the kernel's, a renamed directory is opaque and
 * holds all that it showed, and each name of a lower inode that was copied up is a hard link in
 * upper. It is done object by object, each step legal and nothing in the view changed by any:
 * whoever stops it can go on later.
 * Context: launcher.
 */
#ifndef OVL_FLATTEN_H
#define OVL_FLATTEN_H

#include "run.h"

/*
 * Flatten run->upper, with run->lower, by way of run->work; both are made and locked. Returns
 * how many objects could not be dealt with; each has been told.
 */
unsigned long ovl_flatten(const struct ovl_run *run);

#endif
