/* SPDX-License-Identifier: MIT */
/* raw_foreign i386|x32 NAME: make directory NAME by a call of another table */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "raw.h"

#define X32_BIT	   0x40000000
#define I386_MKDIR 39

int main(int argc, char **argv)
{
	char *low;
	long r;

	if (argc < 3)
		return 2;
	/* i386 has addresses of 32 bits */
	low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1,
		   0);
	strcpy(low, argv[2]);
	if (!strcmp(argv[1], "x32"))
		r = raw(SYS_mkdir | X32_BIT, low, 0755);
	else
		__asm__ volatile("int $0x80"
				 : "=a"(r)
				 : "a"(I386_MKDIR), "b"(low), "c"(0755)
				 : "memory");
	printf("%ld\n", r);
	return 0;
}
