/* SPDX-License-Identifier: MIT */
/* dirent.h - directory entries as getdents64(2) gives them */
#ifndef OVL_DIRENT_H
#define OVL_DIRENT_H

#include "ovl_base.h"

struct ovl_dirent {
	uint64_t ino;
	int64_t off; /* position behind this entry */
	uint16_t reclen;
	uint8_t type; /* enum ovl_dtype */
	char name[];  /* NUL-terminated */
};

/* Offset of the name: the compiler would pad the struct's size. */
#define OVL_DIRENT_NAME offsetof(struct ovl_dirent, name)

enum ovl_dtype {
	OVL_DT_UNKNOWN = 0,
	OVL_DT_CHR = 2,
	OVL_DT_DIR = 4,
	OVL_DT_REG = 8,
	OVL_DT_LNK = 10,
	OVL_DT_WHT = 14,
};

static inline bool ovl_dirent_is_dots(const struct ovl_dirent *d)
{
	return d->name[0] == '.' && (!d->name[1] || (d->name[1] == '.' && !d->name[2]));
}

#endif
