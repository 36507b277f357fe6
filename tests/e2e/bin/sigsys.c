/* SPDX-License-Identifier: MIT */
/*
 * sigsys CASE: what a program does with SIGSYS itself, with raw calls between. Prints what it
 * sees, which must be the same with and without the guard.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "raw.h"

static volatile sig_atomic_t calls;

static void on_sys(int sig, siginfo_t *info, void *uc)
{
	sigset_t mask;

	(void)uc;
	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	printf("handler: %d code %d value %d usr1 %d sys %d\n", sig, info->si_code,
	       info->si_code == SI_QUEUE ? info->si_value.sival_int : 0,
	       sigismember(&mask, SIGUSR1), sigismember(&mask, SIGSYS));
	calls++;
}

static void handle(int flags)
{
	struct sigaction a = {.sa_sigaction = on_sys, .sa_flags = SA_SIGINFO | flags};

	sigemptyset(&a.sa_mask);
	sigaddset(&a.sa_mask, SIGUSR1);
	sigaction(SIGSYS, &a, NULL);
}

static void make(const char *name)
{
	printf("%s: %ld\n", name, raw(SYS_mkdir, name, 0755));
}

static void show(const char *when)
{
	struct sigaction a;
	sigset_t mask, pending;

	sigaction(SIGSYS, NULL, &a);
	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	sigpending(&pending);
	printf("%s: %s, blocked %d, pending %d\n", when,
	       a.sa_handler == SIG_IGN	 ? "ignored"
	       : a.sa_handler == SIG_DFL ? "default"
	       : a.sa_sigaction == on_sys
		       ? a.sa_flags & SA_SIGINFO && sigismember(&a.sa_mask, SIGUSR1) ? "ours"
										     : "changed"
		       : "somebody else's",
	       sigismember(&mask, SIGSYS), sigismember(&pending, SIGSYS));
}

static void block(int how, int sig)
{
	sigset_t set;

	if (sig)
		sigemptyset(&set), sigaddset(&set, sig);
	else
		sigfillset(&set);
	pthread_sigmask(how, &set, NULL);
}

static void handler(void)
{
	union sigval v = {.sival_int = 42};

	show("start");
	handle(0);
	show("set");
	raise(SIGSYS);
	make("a");
	kill(getpid(), SIGSYS);
	sigqueue(getpid(), SIGSYS, v);
	make("b");
	handle(SA_RESETHAND | SA_NODEFER);
	raise(SIGSYS);
	show("reset");
	make("c");
}

static void blocked(void)
{
	handle(0);
	block(SIG_BLOCK, 0);
	make("a");
	show("blocked");
	raise(SIGSYS);
	show("raised");
	block(SIG_UNBLOCK, SIGSYS);
	show("unblocked");
	make("b");
	block(SIG_SETMASK, SIGUSR1);
	make("c");
	show("set");
}

static void on_usr(int sig)
{
	(void)sig;
	make("in-handler");
}

/* Every signal is blocked in a handler, by its mask. */
static void masked(void)
{
	struct sigaction a = {.sa_handler = on_usr};
	struct sigaction b;

	sigfillset(&a.sa_mask);
	sigaction(SIGUSR1, &a, NULL);
	sigaction(SIGUSR1, NULL, &b);
	printf("mask has it: %d\n", sigismember(&b.sa_mask, SIGSYS));
	raise(SIGUSR1);
}

static void wait_for(const sigset_t *set)
{
	siginfo_t info;
	int sig = sigwaitinfo(set, &info);

	printf("waited: %d code %d\n", sig, info.si_code);
}

/* What kill() sent may have become sigqueue()'s in a thread that is not the first. */
static void *waiter(void *arg)
{
	printf("thread waited: %d\n", sigwaitinfo(arg, NULL));
	return NULL;
}

static void waiting(void)
{
	const struct timespec none = {0};
	siginfo_t info;
	pthread_t t;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGSYS);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	printf("none: %d\n", sigtimedwait(&set, &info, &none));
	kill(getpid(), SIGSYS);
	wait_for(&set);
	raise(SIGSYS);
	wait_for(&set);
	block(SIG_UNBLOCK, SIGSYS);
	block(SIG_BLOCK, SIGSYS);
	make("a");
	pthread_create(&t, NULL, waiter, &set);
	kill(getpid(), SIGSYS);
	pthread_join(t, NULL);
	show("end");
}

static void fd(void)
{
	struct signalfd_siginfo info;
	struct pollfd p = {.events = POLLIN};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGSYS);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	p.fd = signalfd(-1, &set, SFD_CLOEXEC);
	make("a");
	kill(getpid(), SIGSYS);
	printf("poll: %d\n", poll(&p, 1, -1));
	printf("read: %zd", read(p.fd, &info, sizeof(info)));
	printf(" %u code %d\n", info.ssi_signo, info.ssi_code);
	show("end");
}

/* A program with a trap of its own. */
static void on_trap(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	printf("trap: %d call %d data %d\n", sig, info->si_syscall, info->si_errno);
	uc->uc_mcontext.gregs[REG_RAX] = 4711;
}

static void filter(void)
{
	struct sigaction a = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP | 77),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = {4, f};

	sigaction(SIGSYS, &a, NULL);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		perror("seccomp");
	make("a");
	printf("getppid: %ld\n", raw(SYS_getppid));
	make("b");
}

static void end(void (*how)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		how();
		puts("still here");
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	printf("status %#x\n", status & 0x7f);
}

static void by_default(void)
{
	prctl(PR_SET_DUMPABLE, 0);
	signal(SIGSYS, SIG_DFL);
	raise(SIGSYS);
}

static void by_nobody(void)
{
	signal(SIGSYS, SIG_IGN);
	raise(SIGSYS);
	make("ignored");
}

static void ends(void)
{
	end(by_default);
	end(by_nobody);
}

/* What children get, and what they leave alone. */
static void children(const char *self)
{
	char *argv[] = {(char *)self, "show", NULL};
	posix_spawnattr_t attr;
	sigset_t set;
	pid_t pid;

	handle(0);
	block(SIG_BLOCK, SIGSYS);
	fflush(stdout);
	posix_spawnattr_init(&attr);
	sigfillset(&set);
	posix_spawnattr_setsigdefault(&attr, &set);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
	posix_spawn(&pid, self, NULL, &attr, argv, environ);
	waitpid(pid, NULL, 0);
	show("after the child");
	raise(SIGSYS);
	block(SIG_UNBLOCK, SIGSYS);
	signal(SIGSYS, SIG_IGN);
	fflush(stdout);
	execv(self, argv);
}

static void nothing(int sig)
{
	(void)sig;
}

/* A sleeping call is interrupted, unless asked not to. */
static void restart(int flags)
{
	struct sigaction a = {.sa_handler = nothing, .sa_flags = flags};
	int pipes[2];
	char byte;
	pid_t pid;
	ssize_t n;

	sigaction(SIGSYS, &a, NULL);
	if (pipe(pipes))
		abort();
	pid = fork();
	if (!pid) {
		for (int i = 0; i < 100; i++) {
			kill(getppid(), SIGSYS);
			usleep(1000);
		}
		if (write(pipes[1], "x", 1) != 1)
			abort();
		_exit(0);
	}
	n = read(pipes[0], &byte, 1);
	printf("read: %zd%s\n", n, n < 0 && errno == EINTR ? " interrupted" : "");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!strcmp(what, "show"))
		show("child");
	else if (!strcmp(what, "handler"))
		handler();
	else if (!strcmp(what, "blocked"))
		blocked();
	else if (!strcmp(what, "masked"))
		masked();
	else if (!strcmp(what, "waiting"))
		waiting();
	else if (!strcmp(what, "fd"))
		fd();
	else if (!strcmp(what, "filter"))
		filter();
	else if (!strcmp(what, "ends"))
		ends();
	else if (!strcmp(what, "children"))
		children(argv[0]);
	else if (!strcmp(what, "interrupted"))
		restart(0);
	else if (!strcmp(what, "restarted"))
		restart(SA_RESTART);
	else
		return 2;
	return 0;
}
