/* SPDX-License-Identifier: MIT */
/*
 * exe.h - which program this process runs, where the kernel believes it to be our loader
 * Context: any.
 */
#ifndef OVL_EXE_H
#define OVL_EXE_H

#include "path.h"

/*
 * The loader has mapped the program whose real path is @real, of @len bytes, which is kept.
 * Once, before the program runs. -ENAMETOOLONG.
 */
int ovl_exe_set(const char *real, size_t len);

/*
 * @p was read from a link of /proc: if it names the loader it becomes the program's real path,
 * and true comes back.
 */
bool ovl_exe_correct(struct ovl_path *p);

#endif
