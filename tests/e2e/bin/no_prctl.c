/* SPDX-License-Identifier: MIT */
/* no_prctl OPTION COMMAND...: as if the kernel knew no such prctl(2) */
#include <errno.h>
#include <stdlib.h>

#include "filter.h"

int main(int argc, char **argv)
{
	struct sock_filter code[] = {
		LOAD(nr),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 3),
		LOAD(args[0]),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, argc > 1 ? (unsigned)atoi(argv[1]) : 0, 0, 1),
		ANSWER(EINVAL),
		ALLOW,
	};

	return argc < 3 ? 77 : run_under(code, sizeof(code) / sizeof(*code), argv + 2);
}
