/* SPDX-License-Identifier: MIT */
/*
 * symnext.h - the definitions of names that are behind ours, found without libc
 *
 * They are looked up once, at the start, in the tables that the dynamic linker itself uses: what
 * libc calls dlsym(), older ones have in a library of its own, and it may ask for memory.
 */
#ifndef OVL_SYMNEXT_H
#define OVL_SYMNEXT_H

/* Of syscall in symnext.def, for assembly; checked in symnext.c. */
#define OVL_NEXT_INDEX_SYSCALL 0

#ifndef __ASSEMBLER__
#include "ovl_base.h"

enum ovl_next {
#define NEXT(name)   OVL_NEXT_##name,
#define GLOBAL(name) OVL_NEXT_##name,
#include "symnext.def"
#undef NEXT
#undef GLOBAL
	OVL_NEXT_COUNT
};

/* The function's address; NULL: nobody has it. Filled by ovl_next_init(). */
extern OVL_HIDDEN void *ovl_next[OVL_NEXT_COUNT];

/* The next @name, called as a function of @type. */
#define OVL_NEXT(name, type) ((__typeof__(type) *)ovl_next[OVL_NEXT_##name])

/*
 * What another library's constructor calls may come before ours: does the door know its functions?
 * Otherwise they are looked up, if libc has an environment to find the vector by.
 */
void ovl_next_need(void);

/* 0, or -ENOENT: the dynamic linker's list cannot be found, or nobody has what cannot be missing.
 */
int ovl_next_init(const uint64_t *auxv);
#endif

#endif
