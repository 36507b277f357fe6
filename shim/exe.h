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

#define OVL_EXE_LINK "/proc/self/exe"

/*
 * What readlink(2) tells of OVL_EXE_LINK, into @buf, of @size bytes: its length. -EAGAIN where that
 * takes a closer look: the program is upper's, or the view has it elsewhere. glibc asks at each
 * start of a program that it is linked to statically.
 */
long ovl_exe_link(char *buf, int size);

#endif
