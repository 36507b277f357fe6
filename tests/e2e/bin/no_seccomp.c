/* SPDX-License-Identifier: MIT */
/* no_seccomp COMMAND...: as if the kernel had no seccomp(2) */
#include <errno.h>

#include "filter.h"

int main(int argc, char **argv)
{
	struct sock_filter code[] = {
		LOAD(nr),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 0, 1),
		ANSWER(ENOSYS),
		ALLOW,
	};

	return argc < 2 ? 77 : run_under(code, sizeof(code) / sizeof(*code), argv + 1);
}
