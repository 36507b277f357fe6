/* SPDX-License-Identifier: MIT */
#include "sys.h"

#include <asm/prctl.h>

uint64_t ovl_thread_pointer(void)
{
	uint64_t fs = 0;

	(void)ovl_sys(__NR_arch_prctl, ARCH_GET_FS, &fs); /* it cannot fail */
	return fs;
}

int ovl_thread_word(long offset)
{
	int value;

	__asm__("movl %%fs:(%1), %0" : "=r"(value) : "r"(offset) : "memory");
	return value;
}
