/* SPDX-License-Identifier: MIT */
/* static_mkdir NAME: a program without dynamic linker, that says what it can do */
#include <stdio.h>
#include <sys/stat.h>

int main(int argc, char **argv)
{
	puts("started");
	fflush(stdout);
	if (argc < 2 || mkdir(argv[1], 0755))
		perror("mkdir");
	return 0;
}
