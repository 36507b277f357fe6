/* SPDX-License-Identifier: MIT */
/*
 * ovl_base.h - the ground that every file of the engine stands on
 *
 * The engine is freestanding: kernel headers and the compiler's own only.
 * Tests are hosted; they take the same constants from libc, because the two
 * sets of headers cannot meet in one translation unit.
 *
 * Conventions, everywhere in shim/ and preload/:
 *  - a function returns 0 or a value when all is well, -errno when not;
 *  - outputs are named ret_* , come last and are written only on success;
 *  - every descriptor is close-on-exec and released by scope (OVL_FD).
 */
#ifndef OVL_BASE_H
#define OVL_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if __STDC_HOSTED__
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#else
#include <asm/unistd.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <linux/openat2.h>
#include <linux/stat.h>
/* The compiler emits calls to these; shim/mem.c holds them. */
void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
#define S_IRWXUGO (S_IRWXU | S_IRWXG | S_IRWXO)
#endif

#define OVL_HIDDEN __attribute__((visibility("hidden")))
/* A large table: behind all small variables, which share their page then. */
#define OVL_LARGE	  __attribute__((section(".bss.large")))
#define OVL_UNLIKELY(x)	  __builtin_expect(!!(x), 0)
#define OVL_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/*
 * Paths the program gives are at most PATH_MAX; what they lead to may lie much deeper, because a
 * cwd can be gone to by steps. What is deeper than this answers ENAMETOOLONG.
 */
#define OVL_PATH_CAP (8 * PATH_MAX)

/* A result of the kernel or the engine that means failure; -4095 is the kernel's last. */
static inline bool ovl_is_err(long r)
{
	return (unsigned long)r >= -4095UL;
}

#endif
