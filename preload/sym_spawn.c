/* SPDX-License-Identifier: MIT */
#include "sym_spawn.h"

#include "ovl.h"
#include "sym_exec.h"
#include "sym_signal.h"
#include "symnext.h"
#include "sys.h"

#include <asm/ioctls.h>
#include <asm/signal.h>
#include <linux/sched.h>

#define STACK	 (64UL * 1024)
#define SIGNALS	 64
#define IGNORED	 1	    /* SIG_IGN */
#define WAIT_ALL 0x40000000 /* __WALL */

/* <spawn.h>'s flags, in all libcs. */
enum {
	RESET_IDS = 0x01,
	SET_GROUP = 0x02,
	SET_DEFAULT = 0x04,
	SET_MASK = 0x08,
	SET_PARAM = 0x10,
	SET_SCHEDULER = 0x20,
	SET_SESSION = 0x80,
};

/* What is asked for in attributes, taken out of libc's structure before there is a child. */
struct wishes {
	short flags;
	int group;
	int policy;
	int priority;
	uint64_t mask[16]; /* sigset_t */
	uint64_t defaults[16];
};

struct child {
	const struct ovl_spawn *s;
	struct wishes w;
	uint64_t mask; /* the caller's, as the kernel has it */
	long err;
};

static struct wishes wishes_of(const struct ovl_spawnattr *a)
{
	struct wishes w = {0};

	if (!a)
		return w;
#define GET(what, to) \
	(void)OVL_NEXT(posix_spawnattr_get##what, int(const struct ovl_spawnattr *, void *))(a, to)
	GET(flags, &w.flags);
	GET(pgroup, &w.group);
	GET(schedpolicy, &w.policy);
	GET(schedparam, &w.priority);
	GET(sigmask, w.mask);
	GET(sigdefault, w.defaults);
#undef GET
	return w;
}

/* The caller's handlers are no functions of the program to be; and what is asked for. */
static void reset_signals(const struct child *c)
{
	const struct ovl_action dfl = {0};
	uint64_t defaults = c->s->defaults | (c->w.flags & SET_DEFAULT ? c->w.defaults[0] : 0);

	for (int sig = 1; sig <= SIGNALS; sig++) {
		bool wanted = defaults >> (sig - 1) & 1;
		struct ovl_action old = {0};

		/* SIGSYS itself stays ours; exec ends that */
		if (ovl_sym_action(sig, NULL, &old) || !old.handle ||
		    (old.handle == IGNORED && !wanted))
			continue;
		if (sig == SIGSYS && old.handle != IGNORED)
			continue;
		(void)ovl_sym_action(sig, &dfl, NULL); /* it is a signal that has one */
	}
}

static long set_process(const struct wishes *w)
{
	long r = 0;

	if (w->flags & SET_SCHEDULER)
		r = ovl_sys(__NR_sched_setscheduler, 0, w->policy, &w->priority);
	else if (w->flags & SET_PARAM)
		r = ovl_sys(__NR_sched_setparam, 0, &w->priority);
	if (!ovl_is_err(r) && w->flags & SET_SESSION)
		r = ovl_sys(__NR_setsid);
	if (!ovl_is_err(r) && w->flags & SET_GROUP)
		r = ovl_sys(__NR_setpgid, 0, w->group);
	if (!ovl_is_err(r) && w->flags & RESET_IDS) {
		r = ovl_sys(__NR_setresgid, -1, ovl_sys(__NR_getgid), -1);
		if (!ovl_is_err(r))
			r = ovl_sys(__NR_setresuid, -1, ovl_sys(__NR_getuid), -1);
	}
	return r;
}

static long do_open(const struct ovl_step *t)
{
	long fd = ovl_sym(__NR_open, t->path, t->flags, t->mode);
	long r = fd;

	if (fd < 0 || fd == t->fd)
		return fd;
	r = ovl_sym(__NR_dup2, fd, t->fd);
	(void)ovl_sym(__NR_close, fd); /* it was just opened */
	return r;
}

static long do_dup2(const struct ovl_step *t)
{
	long flags;

	if (t->fd != t->to)
		return ovl_sym(__NR_dup2, t->fd, t->to);
	/* dup2() would leave it closed on exec */
	flags = ovl_sym(__NR_fcntl, t->fd, F_GETFD);
	return flags < 0 ? flags : ovl_sym(__NR_fcntl, t->fd, F_SETFD, flags & ~FD_CLOEXEC);
}

static long do_step(const struct ovl_step *t)
{
	int group;

	switch (t->kind) {
	case OVL_STEP_CLOSE:
		(void)ovl_sym(__NR_close, t->fd); /* it need not have been open */
		return 0;
	case OVL_STEP_DUP2:
		return do_dup2(t);
	case OVL_STEP_OPEN:
		(void)ovl_sym(__NR_close, t->fd);
		return do_open(t);
	case OVL_STEP_CHDIR:
		return ovl_sym(__NR_chdir, t->path);
	case OVL_STEP_FCHDIR:
		return ovl_sym(__NR_fchdir, t->fd);
	case OVL_STEP_CLOSEFROM:
		return ovl_sym(__NR_close_range, t->fd, ~0U, 0);
	default:
		group = (int)ovl_sys(__NR_getpgid, 0);
		return ovl_sys(__NR_ioctl, t->fd, TIOCSPGRP, &group);
	}
}

static long become(struct child *c)
{
	const struct ovl_spawn *s = c->s;
	long r = set_process(&c->w);

	for (int i = 0; s->steps && i < s->steps->n && !ovl_is_err(r); i++)
		r = do_step(&s->steps->step[i]);
	if (ovl_is_err(r))
		return r;
	if (c->w.flags & SET_MASK || s->mask) /* neither can fail */
		(void)ovl_sym_mask(SIG_SETMASK, c->w.flags & SET_MASK ? c->w.mask : s->mask, NULL);
	else
		(void)ovl_sys(__NR_rt_sigprocmask, SIG_SETMASK, &c->mask, NULL, sizeof(c->mask));
	return s->search ? ovl_exec_search(s->file, s->argv, s->envp, OVL_SEARCH_SPAWN)
			 : ovl_sym(__NR_execve, s->file, s->argv, s->envp);
}

static long run_child(void *arg)
{
	struct child *c = arg;

	reset_signals(c);
	c->err = become(c);
	return 0;
}

long ovl_spawn(const struct ovl_spawn *s)
{
	const uint64_t all = ~(1ULL << (SIGSYS - 1));
	struct child c = {.s = s, .w = wishes_of(s->attr)};
	long stack = ovl_sys_room(STACK);
	long pid;

	if (ovl_is_err(stack))
		return -ENOMEM;
	/* no handler of the caller's may run in the child, whose memory is the caller's */
	(void)ovl_sys(__NR_rt_sigprocmask, SIG_SETMASK, &all, &c.mask, sizeof(all));
	pid = ovl_child_on_stack(CLONE_VM | CLONE_VFORK | SIGCHLD, (void *)(stack + (long)STACK),
				 run_child, &c);
	if (pid > 0 && c.err)
		(void)ovl_sys(__NR_wait4, pid, 0, WAIT_ALL, 0); /* it is dead: this cannot wait */
	(void)ovl_sys(__NR_rt_sigprocmask, SIG_SETMASK, &c.mask, NULL, sizeof(all));
	(void)ovl_sys(__NR_munmap, stack, STACK);
	return pid > 0 && c.err ? c.err : pid;
}

static int spawn(int *ret_pid, const struct ovl_spawn *s)
{
	long pid = ovl_spawn(s);

	if (pid < 0)
		return (int)-pid;
	if (ret_pid)
		*ret_pid = (int)pid;
	return 0;
}

SYM(int, posix_spawn, int *ret_pid, const char *path, const struct ovl_steps *steps,
    const struct ovl_spawnattr *attr, char *const *argv, char *const *envp)
{
	const struct ovl_spawn s = {
		.file = path, .argv = argv, .envp = envp, .steps = steps, .attr = attr};

	return spawn(ret_pid, &s);
}

SYM(int, posix_spawnp, int *ret_pid, const char *file, const struct ovl_steps *steps,
    const struct ovl_spawnattr *attr, char *const *argv, char *const *envp)
{
	const struct ovl_spawn s = {.file = file,
				    .argv = argv,
				    .envp = envp,
				    .steps = steps,
				    .attr = attr,
				    .search = true};

	return spawn(ret_pid, &s);
}
