/* SPDX-License-Identifier: MIT */
/* raw_exec [key] PROGRAM ARG...: a raw execve, past even the guard with "key" */
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ovl_guard.h"
#include "raw.h"

int main(int argc, char **argv)
{
	int key = argc > 1 && !strcmp(argv[1], "key");
	char *envp[] = {"PATH=/usr/bin:/bin", NULL};
	long r;

	argv += 1 + key;
	r = raw(SYS_execve, argv[0], argv, envp, 0, 0, key ? OVL_GUARD_KEY : 0);
	fprintf(stderr, "raw_exec: %s\n", strerror((int)-r));
	return 126;
}
