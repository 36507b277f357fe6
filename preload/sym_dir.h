/* SPDX-License-Identifier: MIT */
/*
 * sym_dir.h - directories of the door of names: opendir() and all that it gives a stream to
 *
 * libc's own streams call the kernel from inside libc, which has only one layer's part of a
 * directory. So the streams are ours, and so are all functions that take one.
 */
#ifndef OVL_SYM_DIR_H
#define OVL_SYM_DIR_H

#include "sym.h"

/* struct dirent and struct dirent64, which are one on this machine; the kernel's, too. */
struct ovl_dirent {
	uint64_t ino;
	int64_t off;
	uint16_t reclen;
	uint8_t type;
	char name[256];
};

/* A stream: libc's DIR is opaque. */
struct ovl_dir;

#define FACE __attribute__((visibility("default")))
FACE struct ovl_dir *opendir(const char *path);
FACE struct ovl_dir *fdopendir(int fd);
FACE struct ovl_dirent *readdir(struct ovl_dir *d);
FACE int closedir(struct ovl_dir *d);
FACE int dirfd(const struct ovl_dir *d);
#undef FACE

/* opendir() by directory descriptor. */
struct ovl_dir *ovl_dir_openat(int at, const char *path);

#endif
