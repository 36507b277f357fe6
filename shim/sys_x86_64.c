/* SPDX-License-Identifier: MIT */
#include "sys.h"

#include "nr.h"
#include "ovl.h"

/* Past the guard: see ovl_guard.h. */
static inline void add_key(long nr, long *a, long *f)
{
	if ((unsigned long)nr >= 512 || ovl_guarded[nr] == OVL_G_FREE)
		return;
	if (nr == __NR_setxattrat)
		*a = (long)(OVL_GUARD_UPPER | (uint32_t)*a);
	else
		*f = (long)OVL_GUARD_KEY;
}

long ovl_sys6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9");
	long ret;

	add_key(nr, &a, &f);
	r9 = f;
	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

long ovl_sys_free(long nr, long a, long b, long c, long d)
{
	register long r10 __asm__("r10") = d;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10)
			 : "rcx", "r11", "memory");
	return ret;
}
