/* SPDX-License-Identifier: MIT */
/*
 * child.c - the command's process: started, signalled, stopped and ended with
 *
 * It stays in our process group, so the terminal signals it as if we were not there. What
 * somebody sends to us alone is passed on; what the kernel sends (^C, hangup, window size)
 * the command got itself. A signal sent by kill() to the whole group cannot be told from one
 * to us alone: then the command gets it twice, which beats not at all.
 */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "corefile.h"
#include "escapes.h"
#include "guard.h"
#include "ovl_session.h"
#include "say.h"
#include "serve.h"

/* What a command may have that is about to end anyway, before it counts as left behind. */
#define GRACE_MS 50

/* What was before us, for the command to have again. */
struct before {
	sigset_t mask;
	struct sigaction child;
};

/* From now on signals wait for sigwaitinfo(); those of our own faults excepted. */
static void hold_signals(struct before *ret)
{
	static const int fault[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT};
	struct sigaction dfl = {.sa_handler = SIG_DFL};
	sigset_t set;

	sigfillset(&set);
	for (size_t i = 0; i < sizeof(fault) / sizeof(fault[0]); i++)
		sigdelset(&set, fault[i]);
	sigprocmask(SIG_BLOCK, &set, &ret->mask);
	/* ignored, it would take the command's exit status away */
	sigaction(SIGCHLD, &dfl, &ret->child);
}

static void set_environment(const struct ovl_run *run)
{
	const char *theirs = getenv("LD_PRELOAD");
	bool any = theirs && *theirs;

	setenv(OVL_ENV_SESSION, run->session, 1);
	setenv("LD_PRELOAD", ovl_text("%s%s%s", any ? theirs : "", any ? ":" : "", run->preload),
	       1);
	if (run->load)
		setenv(OVL_ENV_LOAD,
		       ovl_text("-:%zu:%s:%s", strlen(run->execfn), run->execfn, run->program), 1);
	if (run->trace)
		setenv("OVL_TRACE", run->trace, 1);
	if (run->chdir && run->dir_view)
		setenv("PWD", run->dir_view, 1);
}

/* In the new process, until it is the command. */
__attribute__((noreturn)) static void become(const struct ovl_run *run, const struct before *was)
{
	char *file = run->load ? run->loader : run->file;
	int err;

	set_environment(run);
	/* A setuid program would start without us, and could then write to a lower layer. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		ovl_say("no_new_privs: %s", strerror(errno));
	else if (run->dir && chdir(run->dir))
		ovl_say("%s: %s: choose another directory with -C", run->dir, strerror(errno));
	else if (run->no_core && (err = ovl_corefile_forbid()))
		ovl_say("core files cannot be forbidden: %s", strerror(-err));
	else if (run->guard && !run->guarded && (err = ovl_guard_install()))
		ovl_say("guard: %s: run with --no-guard", strerror(-err));
	else {
		sigaction(SIGCHLD, &was->child, NULL);
		sigprocmask(SIG_SETMASK, &was->mask, NULL);
		ovl_guard_exec(file, run->load ? run->program_argv : run->file_argv, environ);
		ovl_say("%s: %s: cannot be executed", file, strerror(errno));
		_exit(errno == ENOENT ? OVL_EXIT_NOT_FOUND : OVL_EXIT_CANNOT);
	}
	_exit(OVL_EXIT_TROUBLE);
}

/* The command stopped by @sig: so do we, until somebody continues us. */
static void stop_like(int sig)
{
	struct sigaction dfl = {.sa_handler = SIG_DFL};
	struct sigaction old;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	sigaction(sig, &dfl, &old);
	raise(sig);
	sigprocmask(SIG_UNBLOCK, &set, NULL); /* stops here */
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigaction(sig, &old, NULL);
}

/* The process that said it would end by a SIGSYS of its own; 0: none. */
static pid_t own_sigsys(const struct ovl_run *run)
{
	const off_t at = offsetof(struct ovl_session, own_sigsys);
	int fd = open(run->session, O_RDONLY | O_CLOEXEC);
	uint32_t pid = 0;

	if (fd < 0 || pread(fd, &pid, sizeof(pid), at) != sizeof(pid))
		pid = 0;
	close(fd);
	return (pid_t)pid;
}

/* The process of @info, which is not reaped yet, was ended by the guard, and left no note. */
static void tell_of_unknown(const siginfo_t *info)
{
	char path[64];
	char name[32] = "?\n";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)info->si_pid);
	f = fopen(path, "re");
	if (f && !fgets(name, sizeof(name), f))
		strcpy(name, "?\n");
	if (f)
		fclose(f);
	name[strcspn(name, "\n")] = '\0';
	ovl_say("%d, %s, a system call: not covered (strace -f tells which)", (int)info->si_pid,
		name);
}

/* What has happened to the command's processes. */
struct news {
	pid_t command;
	bool ended; /* that one, in this way: */
	int status;
	bool guarded; /* it was the guard that ended it */
	struct ovl_escapes escapes;
};

/* The process of @info, which is not reaped yet, has ended. Was it the guard that ended it? */
static bool was_guarded(const struct ovl_run *run, const siginfo_t *info, struct news *n)
{
	if ((info->si_code != CLD_KILLED && info->si_code != CLD_DUMPED) ||
	    info->si_status != SIGSYS || !run->guard || own_sigsys(run) == info->si_pid)
		return false;
	if (!ovl_escapes_tell(run, &n->escapes, info->si_pid))
		tell_of_unknown(info);
	return true;
}

/* Take the news of all children. */
static void reap(const struct ovl_run *run, struct news *n)
{
	siginfo_t info = {0};
	bool guarded;
	int status;

	while (!waitid(P_ALL, 0, &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT) && info.si_pid) {
		guarded = was_guarded(run, &info, n);
		if (waitpid(info.si_pid, &status, WNOHANG | WUNTRACED) != n->command)
			continue; /* an orphan of the command's that came to us */
		if (WIFSTOPPED(status)) {
			stop_like(WSTOPSIG(status));
		} else {
			n->status = status;
			n->guarded = guarded;
			n->ended = true;
		}
	}
}

/* Did somebody send this to us, and not the kernel to our whole group? */
static bool is_for_us(const siginfo_t *info)
{
	return info->si_code <= 0 && info->si_pid != getpid();
}

static void pass_on(pid_t child, const siginfo_t *info)
{
	/* it may be gone: then the next SIGCHLD tells */
	if (info->si_code == SI_QUEUE)
		(void)sigqueue(child, info->si_signo, info->si_value);
	else
		(void)kill(child, info->si_signo);
}

static int wait_for(const struct ovl_run *run, pid_t child)
{
	struct news n = {.command = child};
	siginfo_t info;
	sigset_t set;

	sigfillset(&set);
	while (!n.ended) {
		if (sigwaitinfo(&set, &info) < 0)
			continue;
		if (info.si_signo == SIGCHLD)
			reap(run, &n);
		else if (is_for_us(&info))
			pass_on(child, &info);
	}
	ovl_escapes_tell(run, &n.escapes, 0);
	return n.guarded || n.escapes.told ? W_EXITCODE(OVL_EXIT_CANNOT, 0) : n.status;
}

/* Are there processes of the command's left? Orphans are our children: we are subreaper. */
static bool anything_left(void)
{
	const struct timespec ms = {.tv_nsec = 1000000};
	pid_t pid = 0;

	for (int i = 0; i < GRACE_MS && pid >= 0; i++) {
		if (i)
			nanosleep(&ms, NULL);
		do {
			pid = waitpid(-1, NULL, WNOHANG);
		} while (pid > 0);
	}
	return pid == 0;
}

int ovl_child_run(struct ovl_run *run, bool *ret_live)
{
	struct before was;
	pid_t child;
	int status;

	fflush(NULL);
	hold_signals(&was);
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); /* cannot fail since Linux 3.4 */
	ovl_serve_start(run);				 /* before anybody may ask */
	child = fork();
	if (child < 0) {
		int err = errno;

		ovl_workdir_undo(run);
		ovl_die(OVL_EXIT_TROUBLE, "fork: %s", strerror(err));
	}
	if (!child)
		become(run, &was);
	status = wait_for(run, child);
	*ret_live = anything_left();
	ovl_serve_end();
	return status;
}

void ovl_child_end_like(int status)
{
	struct sigaction dfl = {.sa_handler = SIG_DFL};
	sigset_t set;
	int sig;

	fflush(NULL);
	if (WIFEXITED(status))
		exit(WEXITSTATUS(status));
	sig = WTERMSIG(status);
	(void)ovl_corefile_forbid(); /* the command left the core, if any */
	sigaction(sig, &dfl, NULL);
	raise(sig);
	sigemptyset(&set);
	sigaddset(&set, sig);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	exit(128 + sig); /* a signal that does not end anything */
}
