/* SPDX-License-Identifier: MIT */
#include "peek.h"

#include "sys.h"

#define PAGE 4096UL

/* struct iovec, whose headers differ between libc and the kernel */
struct vec {
	const void *base;
	size_t len;
};

size_t ovl_peek(const char *at, char *out, size_t n)
{
	size_t first = PAGE - ((uintptr_t)at & (PAGE - 1));
	struct vec to = {out, n};
	struct vec from[2];
	long r;

	if (first > n)
		first = n;
	from[0] = (struct vec){at, first};
	from[1] = (struct vec){at + first, n - first};
	r = ovl_sys(__NR_process_vm_readv, ovl_sys(__NR_getpid), &to, 1, from, 2, 0);
	return r < 0 ? 0 : (size_t)r;
}
