/* SPDX-License-Identifier: MIT */
/*
 * elfkind.h - what kind of program a file is: can it be covered?
 * Context: any.
 */
#ifndef OVL_ELFKIND_H
#define OVL_ELFKIND_H

#include "sys.h"

enum ovl_elf {
	OVL_ELF_NOT,	 /* no ELF file, or one that the kernel will refuse itself */
	OVL_ELF_DYNAMIC, /* starts through a dynamic linker */
	OVL_ELF_STATIC,	 /* starts by itself: a preloaded object never gets in */
	OVL_ELF_32BIT,
	OVL_ELF_FOREIGN, /* for another machine */
};

/* Room for the name of a dynamic linker; the kernel takes PATH_MAX, nobody uses that. */
#define OVL_ELF_INTERP_MAX 1024

/*
 * The kind of the file open as @fd, whose first @n bytes are in @buf of @cap bytes (at least
 * 64). @buf is used for more of the file. A file that ends early or cannot be read is
 * OVL_ELF_NOT: the kernel tells why. When it is OVL_ELF_DYNAMIC, @interp, of
 * OVL_ELF_INTERP_MAX bytes, holds the dynamic linker's name (PT_INTERP, elf(5)); "" when that
 * is longer or cannot be read.
 */
enum ovl_elf ovl_elf_kind(int fd, char *buf, size_t cap, size_t n, char *interp);

/*
 * Does the program open as @fd name directories of its own to search for libraries (DT_RPATH,
 * DT_RUNPATH)? True also when that cannot be told. @buf of @cap bytes, at least 64, is used.
 */
bool ovl_elf_has_runpath(int fd, char *buf, size_t cap);

/* Is @path the name of a dynamic linker, which is a program too but needs no other? */
bool ovl_elf_is_linker(const char *path);

#endif
