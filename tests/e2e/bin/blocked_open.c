/* SPDX-License-Identifier: MIT */
/* blocked_open FILE - main calls outer calls openat: for a debugger's backtrace */
#include <fcntl.h>

__attribute__((noinline)) static int outer(const char *path)
{
	int fd = openat(AT_FDCWD, path, O_RDONLY);

	__asm__ volatile("" : "+r"(fd)); /* no tail call */
	return fd;
}

int main(int argc, char **argv)
{
	return argc == 2 && outer(argv[1]) >= 0 ? 0 : 1;
}
