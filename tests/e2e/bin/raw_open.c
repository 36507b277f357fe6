/* SPDX-License-Identifier: MIT */
/* raw_open FILE - open FILE by a system call instruction of its own, past every libc */
#include <fcntl.h>
#include <sys/syscall.h>

int main(int argc, char **argv)
{
	long ret = SYS_open;

	if (argc != 2)
		return 2;
	__asm__ volatile("syscall"
			 : "+a"(ret)
			 : "D"(argv[1]), "S"(O_RDONLY)
			 : "rcx", "r11", "memory");
	return ret < 0;
}
