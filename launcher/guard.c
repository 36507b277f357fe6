/* SPDX-License-Identifier: MIT */
/*
 * guard.c - the filter is built from the engine's table
 *
 * The number is tested first and alone, by binary search: what depends on nothing else the
 * kernel works out once, and such a call costs nothing afterwards (seccomp(2): the cache of
 * allowed calls).
 */
#include "guard.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "../shim/nr.h"
#include "../shim/systab.h"
#include "ovl_guard.h"

#ifndef SYS_SECCOMP /* si_code of a trapped call: sigaction(2) */
#define SYS_SECCOMP 1
#endif

/* Numbers that are not looked at by the table's column. */
enum {
	SIGACTION = OVL_G_NOSYS + 1,
	XATTR_AT, /* six arguments */
	KINDS,
};

#define ROW(name, guard, ...) [__NR_##name] = OVL_G_##guard,
static const unsigned char table[OVL_NR_MAX] = {
#include "../shim/systab.def"
#include "../shim/systab_legacy.def"
};
#undef ROW

#define ARG_LOW(i)  (uint32_t)(offsetof(struct seccomp_data, args) + 8 * (i))
#define ARG_HIGH(i) (ARG_LOW(i) + 4)

/* A filter being written. Jumps to what comes later are set when that is there. */
struct draft {
	struct sock_filter *f;
	unsigned n;
	struct {
		unsigned at;
		int kind;
	} jump[OVL_NR_MAX];
	unsigned njumps;
};

static unsigned add(struct draft *d, unsigned short code, uint32_t k, unsigned char jt,
		    unsigned char jf)
{
	if (d->n == OVL_GUARD_MAX)
		abort(); /* it does not depend on anything but the table: a test would tell */
	d->f[d->n] = (struct sock_filter){code, jt, jf, k};
	return d->n++;
}

static void load(struct draft *d, uint32_t offset)
{
	add(d, BPF_LD | BPF_W | BPF_ABS, offset, 0, 0);
}

static void answer(struct draft *d, uint32_t action)
{
	add(d, BPF_RET | BPF_K, action, 0, 0);
}

static int kind_of(unsigned nr)
{
	if (nr == __NR_rt_sigaction)
		return SIGACTION;
	if (nr == __NR_setxattrat)
		return XATTR_AT;
	return nr >= OVL_NR_UNKNOWN ? OVL_G_NOSYS : table[nr];
}

/* The first number behind @nr that is of another kind. */
static unsigned run_end(unsigned nr)
{
	unsigned end = nr + 1;

	while (end < OVL_NR_MAX && kind_of(end) == kind_of(nr))
		end++;
	return end;
}

/* A boundary between two kinds in the middle of first..end-1; 0: all are of one kind. */
static unsigned middle(unsigned first, unsigned end)
{
	unsigned best = 0;
	unsigned count = 0;
	unsigned seen = 0;

	for (unsigned nr = run_end(first); nr < end; nr = run_end(nr))
		count++;
	for (unsigned nr = run_end(first); nr < end; nr = run_end(nr))
		if (seen++ == count / 2)
			best = nr;
	return best;
}

static void search(struct draft *d, unsigned first, unsigned end)
{
	unsigned mid = middle(first, end);
	unsigned at, distance;

	if (!mid && kind_of(first) == OVL_G_FREE) {
		answer(d, SECCOMP_RET_ALLOW);
		return;
	}
	if (!mid) {
		d->jump[d->njumps].at = add(d, BPF_JMP | BPF_JA, 0, 0, 0);
		d->jump[d->njumps++].kind = kind_of(first);
		return;
	}
	at = add(d, BPF_JMP | BPF_JGE | BPF_K, mid, 0, 0);
	search(d, first, mid);
	distance = d->n - at - 1;
	if (distance > 255)
		abort();
	d->f[at].jt = (unsigned char)distance;
	search(d, mid, end);
}

/* From here on go those whose number is of @kind. */
static void land(struct draft *d, int kind)
{
	for (unsigned i = 0; i < d->njumps; i++)
		if (d->jump[i].kind == kind)
			d->f[d->jump[i].at].k = d->n - d->jump[i].at - 1;
}

/* With the key: allowed. Else @action. */
static void ask_for_key(struct draft *d, uint32_t action)
{
	load(d, ARG_HIGH(5));
	add(d, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(OVL_GUARD_KEY >> 32), 0, 3);
	load(d, ARG_LOW(5));
	add(d, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)OVL_GUARD_KEY, 0, 1);
	answer(d, SECCOMP_RET_ALLOW);
	answer(d, action);
}

static void land_open(struct draft *d, int kind, int arg)
{
	const uint32_t changes = OVL_GUARD_OFLAGS;

	land(d, kind);
	load(d, ARG_LOW(arg));
	add(d, BPF_JMP | BPF_JSET | BPF_K, changes, 1, 0);
	answer(d, SECCOMP_RET_ALLOW);
	ask_for_key(d, SECCOMP_RET_TRAP | OVL_GUARD_DATA);
}

static void land_ioctl(struct draft *d)
{
	static const uint32_t changes[] = OVL_GUARD_IOCTLS;
	const unsigned n = sizeof(changes) / sizeof(changes[0]);

	land(d, OVL_G_IOCTL);
	load(d, ARG_LOW(1));
	for (unsigned i = 0; i < n; i++)
		add(d, BPF_JMP | BPF_JEQ | BPF_K, changes[i], (unsigned char)(n - i), 0);
	answer(d, SECCOMP_RET_ALLOW);
	ask_for_key(d, SECCOMP_RET_TRAP | OVL_GUARD_DATA);
}

/* A core file is a change that the kernel makes; other limits are free. */
static void land_limit(struct draft *d, int kind, int arg)
{
	land(d, kind);
	load(d, ARG_LOW(arg));
	add(d, BPF_JMP | BPF_JEQ | BPF_K, RLIMIT_CORE, 1, 0);
	answer(d, SECCOMP_RET_ALLOW);
	ask_for_key(d, SECCOMP_RET_TRAP | OVL_GUARD_DATA);
}

/* SIGSYS has a handler, and keeps it: who sets another is told that all went well. */
static void land_sigaction(struct draft *d)
{
	land(d, SIGACTION);
	load(d, ARG_LOW(0));
	add(d, BPF_JMP | BPF_JEQ | BPF_K, SIGSYS, 1, 0);
	answer(d, SECCOMP_RET_ALLOW);
	ask_for_key(d, SECCOMP_RET_ERRNO | 0);
}

static void land_all(struct draft *d)
{
	land(d, OVL_G_WRITE);
	ask_for_key(d, SECCOMP_RET_TRAP | OVL_GUARD_DATA);
	land_open(d, OVL_G_OPEN1, 1);
	land_open(d, OVL_G_OPEN2, 2);
	land_ioctl(d);
	land_limit(d, OVL_G_LIMIT0, 0);
	land_limit(d, OVL_G_LIMIT1, 1);
	land_sigaction(d);
	land(d, XATTR_AT);
	load(d, ARG_HIGH(0));
	add(d, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(OVL_GUARD_KEY >> 32), 1, 0);
	answer(d, SECCOMP_RET_TRAP | OVL_GUARD_DATA);
	answer(d, SECCOMP_RET_ALLOW);
	land(d, OVL_G_NOSYS);
	answer(d, SECCOMP_RET_ERRNO | ENOSYS);
}

size_t ovl_guard_build(struct sock_filter *f)
{
	struct draft d = {.f = f};

	load(&d, offsetof(struct seccomp_data, arch));
	add(&d, BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0);
	answer(&d, SECCOMP_RET_TRAP | OVL_GUARD_DATA); /* sigsys.h has it told, and ends it */
	load(&d, offsetof(struct seccomp_data, nr));
	/* a tracer's -1 is no call; x32 is another table */
	add(&d, BPF_JMP | BPF_JEQ | BPF_K, ~0u, 0, 1);
	answer(&d, SECCOMP_RET_ALLOW);
	add(&d, BPF_JMP | BPF_JGE | BPF_K, OVL_NR_MAX, 0, 4);
	add(&d, BPF_JMP | BPF_JGE | BPF_K, OVL_GUARD_TRAP + OVL_NR_MAX, 1, 0);
	add(&d, BPF_JMP | BPF_JGE | BPF_K, OVL_GUARD_TRAP, 1, 0);
	answer(&d, SECCOMP_RET_ERRNO | ENOSYS);
	answer(&d, SECCOMP_RET_TRAP | OVL_GUARD_DATA);
	search(&d, 0, OVL_NR_MAX);
	land_all(&d);
	return d.n;
}

/*
 * Without SPEC_ALLOW kernels before 5.16 switch off speculation in processes that have a filter,
 * which slows all of them down.
 */
static int set_filter(const struct sock_fprog *prog)
{
	if (!syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, prog))
		return 0;
	if (errno == EINVAL && !syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, prog))
		return 0;
	return -errno;
}

int ovl_guard_probe(void)
{
	int err = set_filter(NULL);

	return err == -EFAULT ? 0 : err;
}

int ovl_guard_install(void)
{
	struct sock_filter f[OVL_GUARD_MAX];
	struct sock_fprog prog = {(unsigned short)ovl_guard_build(f), f};

	return set_filter(&prog);
}

/* The call of @info with the key: past the filter, as it was meant. */
static void pass(int sig, siginfo_t *info, void *context)
{
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
	int keep = errno;
	long result;

	(void)sig;
	if (info->si_code != SYS_SECCOMP || info->si_errno != OVL_GUARD_DATA)
		abort();
	result = syscall(r[REG_RAX], r[REG_RDI], r[REG_RSI], r[REG_RDX], r[REG_R10], r[REG_R8],
			 OVL_GUARD_KEY);
	r[REG_RAX] = result < 0 ? -errno : result;
	errno = keep;
}

/* By way of another signal: libc knows what the kernel's own structure needs. */
void ovl_guard_pass(void)
{
	struct sigaction act = {.sa_sigaction = pass, .sa_flags = SA_SIGINFO | SA_NODEFER};
	struct sigaction old;
	uint64_t kernel[4];
	sigset_t set;

	sigaction(SIGUSR2, &act, &old);
	if (syscall(SYS_rt_sigaction, SIGUSR2, NULL, kernel, 8) ||
	    syscall(SYS_rt_sigaction, SIGSYS, kernel, NULL, 8, OVL_GUARD_PAST, OVL_GUARD_KEY))
		abort(); /* valid arguments */
	sigaction(SIGUSR2, &old, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGSYS);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

void ovl_guard_exec(const char *file, char *const *argv, char *const *envp)
{
	(void)syscall(SYS_execve, file, argv, envp, 0, OVL_GUARD_PAST, OVL_GUARD_KEY);
}
