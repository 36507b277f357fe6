/* SPDX-License-Identifier: MIT */
/*
 * sys.h - raw system calls: level 1, the only way from the engine to the kernel
 *
 * Each returns the kernel's answer: a value, or -errno. errno is never touched.
 * This is the seam that unit tests replace: linked against fault_sys.o instead of
 * sys_<machine>.o the kernel's answers are scripted.
 * Context: any.
 */
#ifndef OVL_SYS_H
#define OVL_SYS_H

#include "ovl_base.h"

long ovl_sys6(long nr, long a, long b, long c, long d, long e, long f);

#define ovl_sys(...) OVL_SYS_PAD(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)
#define OVL_SYS_PAD(nr, a, b, c, d, e, f, ...) \
	ovl_sys6(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

/*
 * The same for a call of at most four arguments that the guard lets through whatever they are
 * (OVL_G_FREE in systab.def).
 */
long ovl_sys_free(long nr, long a, long b, long c, long d);

#define ovl_sys4(nr, a, b, c, d) ovl_sys_free(nr, (long)(a), (long)(b), (long)(c), (long)(d))

/*
 * The thread pointer: it names the thread. 0 before libc has set one up. Not read by way of
 * itself, as compilers do: a program need not keep its own address there.
 */
uint64_t ovl_thread_pointer(void);

/* The word at @offset from the thread pointer, where there is one. */
int ovl_thread_word(long offset);

/* @size bytes of memory of our own, all 0: its address, or -errno. */
static inline long ovl_sys_room(size_t size)
{
	return ovl_sys(__NR_mmap, 0, size, 3 /* PROT_READ | PROT_WRITE */,
		       0x22 /* MAP_PRIVATE | MAP_ANONYMOUS */, -1, 0);
}

/* A descriptor released by scope; a negative one is none. */
static inline void ovl_fd_drop(const int *fd)
{
	if (*fd >= 0)
		(void)ovl_sys(__NR_close, *fd); /* nothing left to do on failure */
}
#define OVL_FD __attribute__((cleanup(ovl_fd_drop))) int

/* Take @fd out of its scope's hands: the caller owns what comes back. */
static inline int ovl_fd_steal(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

#endif
