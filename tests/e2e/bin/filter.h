/* SPDX-License-Identifier: MIT */
/* filter.h - a program is executed under a seccomp filter: bpf(4), seccomp(2) */
#ifndef OVL_TEST_FILTER_H
#define OVL_TEST_FILTER_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOAD(field) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offsetof(struct seccomp_data, field))
#define ANSWER(err) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (err))
#define ALLOW	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

/* Execute @argv under the @n instructions at @code: 77 when there are no filters, else 127. */
static int run_under(struct sock_filter *code, size_t n, char **argv)
{
	struct sock_fprog filter = {(unsigned short)n, code};

	if (!argv[0] || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		return 77;
	execvp(argv[0], argv);
	perror(argv[0]);
	return 127;
}

#endif
