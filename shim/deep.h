/* SPDX-License-Identifier: MIT */
/*
 * deep.h - the real path of a descriptor that lies deeper than PATH_MAX
 *
 * The kernel tells no such path: the links of /proc and getcwd(2) end at PATH_MAX. A
 * directory's is put together on the way up, each name searched for in its parent; a file's is
 * told by /proc/self/maps, which has no such limit. Slow, and asked for only where /proc said
 * ENAMETOOLONG.
 * Context: any.
 */
#ifndef OVL_DEEP_H
#define OVL_DEEP_H

#include "path.h"
#include "sys.h"

/*
 * @p becomes the real path of @fd (AT_FDCWD: the cwd). -ESTALE: it was removed.
 * -ENAMETOOLONG: it does not fit, or the object is neither a directory nor a file that is open
 * for reading. -EACCES: a directory on the way cannot be read.
 */
int ovl_deep_path(int fd, struct ovl_path *p);

#endif
