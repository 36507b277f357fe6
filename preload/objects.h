/* SPDX-License-Identifier: MIT */
/*
 * objects.h - what is loaded in this process, read from memory, without libc
 *
 * Context: init, and inside ld.so's mmap. Nothing here changes anything.
 */
#ifndef OVL_OBJECTS_H
#define OVL_OBJECTS_H

#include "ovl_base.h"

#if __STDC_HOSTED__
#include <elf.h>
#else
#include <linux/elf.h>
#endif

/* Of <link.h>, which belongs to libc, the part that debuggers rely on as well. */
struct ovl_link_map {
	uint64_t addr; /* added to the addresses in the file */
	const char *name;
	const Elf64_Dyn *ld;
	const struct ovl_link_map *next;
};

/* A loaded library whose system calls are looked at. */
struct ovl_object {
	uint64_t base;	  /* load address */
	const char *name; /* for messages; lives as long as the library */
	uint8_t *text;	  /* its executable segment */
	uint32_t text_len;
	uint32_t text_off; /* of the segment from base */
	uint32_t eh_len;
	const uint8_t *eh; /* .eh_frame_hdr; NULL: none, or where that is is not known */
	uint64_t id;	   /* hash of the build-id, else of the headers; never 0 */
	bool is_ldso;	   /* which loads libraries for dlmopen(): musl has none */
	bool is_program;   /* not a library: see far.h */
	bool is_go;
	bool is_own;	 /* a library that is no libc: see ownlibs.h */
	bool has_interp; /* glibc's libc and libpthread can be run; other libraries cannot */
};

/* libc, libpthread (before glibc 2.34), ld.so. */
#define OVL_OBJECTS_MAX 3

/*
 * ovl_object_read - describe the ELF file mapped at @base
 *
 * Returns 0, or -ENOEXEC: no executable segment there.
 */
int ovl_object_read(uint64_t base, const char *name, struct ovl_object *ret);

/* Is the last component of @path the name of a libc or a libpthread? */
bool ovl_object_is_libc(const char *path);

/*
 * ovl_objects_find - libc, libpthread and ld.so of this process
 * @auxv: behind the environment, as the kernel laid it out
 *
 * Returns how many of @ret were filled, at most OVL_OBJECTS_MAX. -ENOENT: the dynamic
 * linker's list of objects cannot be found.
 */
int ovl_objects_find(const uint64_t *auxv, struct ovl_object *ret);

/*
 * The first object of the dynamic linker's list, which is in the order of search; or NULL. musl's
 * linker, started by its name, tells of none: then @room is the list, and has that linker.
 */
const struct ovl_link_map *ovl_objects_first(const uint64_t *auxv, struct ovl_link_map *room);

/*
 * ovl_object_next - the libraries that are neither libc nor ours, one after the other
 * @at: NULL for the first; the rest is our business
 *
 * Returns false when there is no other.
 */
bool ovl_object_next(const uint64_t *auxv, const void **at, struct ovl_object *ret);

/* Are there two bytes in the text of @o that may be a system call? */
bool ovl_object_may_call(const struct ovl_object *o);

/*
 * ovl_object_program - the program itself; without a build-id it is known by its headers
 * Returns 0, or -ENOEXEC: no text, or it is a dynamic linker that was called by name.
 */
int ovl_object_program(const uint64_t *auxv, struct ovl_object *ret);

#endif
