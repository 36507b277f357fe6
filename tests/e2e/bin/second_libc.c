/* SPDX-License-Identifier: MIT */
/*
 * second_libc FILE - print FILE by the read() of a libc of its own, from dlmopen
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	void *libc = dlmopen(LM_ID_NEWLM, "libc.so.6", RTLD_NOW);
	int (*other_open)(const char *, int, ...);
	char buf[512];
	ssize_t n;
	int fd;

	if (argc != 2 || !libc)
		return 2;
	other_open = (int (*)(const char *, int, ...))dlsym(libc, "open");
	if (!other_open || other_open == open)
		return 3;
	fd = other_open(argv[1], O_RDONLY);
	if (fd < 0)
		return 1;
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		if (write(1, buf, (size_t)n) != n)
			return 4;
	return 0;
}
