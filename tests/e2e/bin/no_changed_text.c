/* SPDX-License-Identifier: MIT */
/*
 * no_changed_text.c - run a program where memory that was written may not be executed
 *
 *     no_changed_text mprotect|memfd COMMAND...
 *
 * mprotect: no memory becomes executable (as with systemd's MemoryDenyWriteExecute=, or SELinux
 * without execmod). memfd: nor is there a nameless file that could be mapped. By a filter, which
 * programs inherit.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "filter.h"

int main(int argc, char **argv)
{
	unsigned memfd = argc > 1 && !strcmp(argv[1], "memfd") ? SYS_memfd_create : 0xffff;
	struct sock_filter code[] = {
		LOAD(nr),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, memfd, 4, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 0, 2),
		LOAD(args[2]),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 1, 0),
		ALLOW,
		ANSWER(EACCES),
	};

	return argc < 3 ? 77 : run_under(code, sizeof(code) / sizeof(*code), argv + 2);
}
