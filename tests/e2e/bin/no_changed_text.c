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
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DATA(field) ((unsigned)offsetof(struct seccomp_data, field))
#define DENY	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES)
#define ALLOW	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

int main(int argc, char **argv)
{
	unsigned memfd = argc > 1 && !strcmp(argv[1], "memfd") ? SYS_memfd_create : 0xffff;
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, DATA(nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, memfd, 4, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 0, 2),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, DATA(args[2])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 1, 0),
		ALLOW,
		DENY,
	};
	struct sock_fprog filter = {sizeof(code) / sizeof(code[0]), code};

	if (argc < 3 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		return 77;
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 1;
}
