/* SPDX-License-Identifier: MIT */
/* sym_file.h - streams of the door of names: libc's, on descriptors of ours */
#ifndef OVL_SYM_FILE_H
#define OVL_SYM_FILE_H

#include "sym.h"

/* libc's FILE. */
struct ovl_stream;

/* libc's fdopen(); when that fails @fd is closed. */
struct ovl_stream *ovl_stream_of(long fd, const char *mode);

/* A file of @suffix bytes behind XXXXXX in @pattern, which becomes its name: open, or -errno. */
long ovl_temp_open(char *pattern, int suffix, int flags);

#endif
