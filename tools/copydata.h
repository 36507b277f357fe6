/* SPDX-License-Identifier: MIT */
/*
 * copydata.h - the content of a file, copied
 * Context: launcher.
 */
#ifndef OVL_COPYDATA_H
#define OVL_COPYDATA_H

#include <sys/types.h>

/*
 * The file @out, which is empty or one hole, holds the @size bytes of @in afterwards: shared with
 * it where the file system can, and with the same holes. 0 or -errno.
 */
int ovl_copydata(int in, int out, off_t size);

#endif
