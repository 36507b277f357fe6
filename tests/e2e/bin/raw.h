/* SPDX-License-Identifier: MIT */
/* raw.h - system calls past libc, by an instruction of our own */
#ifndef RAW_H
#define RAW_H

static inline long raw6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret), "+r"(r10), "+r"(r8), "+r"(r9), "+D"(a), "+S"(b), "+d"(c)
			 : "a"(nr)
			 : "rcx", "r11", "memory");
	return ret;
}

#define raw(...) RAW_PAD(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)
#define RAW_PAD(nr, a, b, c, d, e, f, ...) \
	raw6(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

#endif
