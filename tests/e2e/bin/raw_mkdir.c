/* SPDX-License-Identifier: MIT */
/* raw_mkdir [-c] NAME: by a raw call; -c: with no descriptor open at all. Exits with errno. */
#include <string.h>
#include <sys/syscall.h>

#include "raw.h"

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "-c"))
		raw(SYS_close_range, 0, ~0u, 0);
	return argc > 1 ? (int)-raw(SYS_mkdir, argv[argc - 1], 0755) : 2;
}
