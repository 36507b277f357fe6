/* SPDX-License-Identifier: MIT */
/*
 * sym_shell.c - popen() and system(): libc starts the shell by itself
 */
#include "sym_file.h"
#include "sym_signal.h"
#include "sym_spawn.h"
#include "symnext.h"

#include "nr.h"
#include "sys.h"

#include <asm/signal.h>

#define SHELL	 "/bin/sh"
#define IGNORE	 1 /* SIG_IGN */
#define BIT(sig) (1ULL << ((sig)-1))

/* A stream of popen()'s and the process at its other end. */
struct command {
	void *stream; /* while it is being made: this structure */
	int fd;
	int pid;
	struct command *next;
};

/* All of them, and who looks at the list. */
static struct command *commands;
static uint32_t busy;

static void take(void)
{
	while (__atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE))
		(void)ovl_sym(__NR_sched_yield); /* it does not fail */
}

static void give(void)
{
	__atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
}

static long run_shell(const char *command, const struct ovl_steps *steps, uint64_t defaults,
		      const uint64_t *mask)
{
	char *const argv[] = {"sh", "-c", (char *)command, NULL};
	const struct ovl_spawn s = {.file = SHELL,
				    .argv = argv,
				    .envp = ovl_sym_environ(),
				    .steps = steps,
				    .defaults = defaults,
				    .mask = mask};

	return ovl_spawn(&s);
}

/*
 * The shell has @fd as its standard input or output, @to, and no other end of a pipe of popen()'s:
 * POSIX. Called with the list taken.
 */
static long start(const char *command, int fd, int to)
{
	struct ovl_steps steps = {0};
	struct ovl_step *t;
	int n = 1;
	long pid;

	for (const struct command *c = commands; c; c = c->next)
		n++;
	t = ovl_sym_malloc((size_t)n * sizeof(*t));
	if (!t)
		return -ENOMEM;
	steps.step = t;
	for (const struct command *c = commands; c; c = c->next)
		t[steps.n++] = (struct ovl_step){.kind = OVL_STEP_CLOSE, .fd = c->fd};
	t[steps.n++] = (struct ovl_step){.kind = OVL_STEP_DUP2, .fd = fd, .to = to};
	pid = run_shell(command, &steps, 0, NULL);
	ovl_sym_free(t);
	return pid;
}

/* 'r' or 'w', with an 'e' or without. */
static bool parse(const char *mode, bool *ret_read, bool *ret_cloexec)
{
	*ret_read = *mode == 'r';
	*ret_cloexec = mode[0] && mode[1] == 'e';
	return (*mode == 'r' || *mode == 'w') && !mode[1 + *ret_cloexec];
}

static long open_command(struct command *c, const char *command, bool read, bool cloexec)
{
	int fd[2];
	int mine = !read;
	long r = ovl_sys(__NR_pipe2, fd, O_CLOEXEC);

	if (r)
		return r;
	take();
	r = start(command, fd[!mine], !mine);
	if (r >= 0) {
		c->fd = fd[mine];
		c->pid = (int)r;
		c->next = commands;
		commands = c;
	}
	give();
	(void)ovl_sym(__NR_close, fd[!mine]); /* the shell has it */
	if (r < 0)
		(void)ovl_sym(__NR_close, fd[mine]);
	else if (!cloexec)
		(void)ovl_sym(__NR_fcntl, fd[mine], F_SETFD, 0); /* it is open */
	return r < 0 ? r : 0;
}

/* What was noted of @f is taken off the list. */
static struct command *take_off(const void *f)
{
	struct command **at = &commands;
	struct command *c;

	take();
	while (*at && (*at)->stream != f)
		at = &(*at)->next;
	c = *at;
	if (c)
		*at = c->next;
	give();
	return c;
}

SYM(struct ovl_stream *, popen, const char *command, const char *mode)
{
	struct ovl_stream *f;
	struct command *c;
	bool read, cloexec;
	long r;

	if (!parse(mode, &read, &cloexec))
		return ovl_sym_null(-EINVAL);
	c = ovl_sym_malloc(sizeof(*c));
	if (!c)
		return ovl_sym_null(-ENOMEM);
	c->stream = c;
	r = open_command(c, command, read, cloexec);
	if (r < 0) {
		ovl_sym_free(c);
		return ovl_sym_null(r);
	}
	f = ovl_stream_of(c->fd, read ? "r" : "w");
	if (f)
		c->stream = f;
	else
		ovl_sym_free(take_off(c));
	return f;
}

static long wait_for(long pid)
{
	int status;
	long r;

	do {
		r = ovl_sys(__NR_wait4, pid, &status, 0, 0);
	} while (r == -EINTR);
	return r < 0 ? r : status;
}

SYM(int, pclose, struct ovl_stream *f)
{
	struct command *c = take_off(f);
	long pid = c ? c->pid : -1;

	ovl_sym_free(c);
	(void)OVL_NEXT(fclose, int(struct ovl_stream *))(f); /* the command's end is what counts */
	return (int)ovl_sym_ret(c ? wait_for(pid) : -ECHILD);
}

SYM(int, system, const char *command)
{
	const struct ovl_action ignore = {.handle = IGNORE};
	const uint64_t child = BIT(SIGCHLD);
	struct ovl_action was_int = {0};
	struct ovl_action was_quit = {0};
	uint64_t mask = 0;
	long r;

	if (!command)
		return !ovl_sym(__NR_access, SHELL, 1);
	(void)ovl_sym_action(SIGINT, &ignore, &was_int); /* none of these fails */
	(void)ovl_sym_action(SIGQUIT, &ignore, &was_quit);
	(void)ovl_sym_mask(SIG_BLOCK, &child, &mask);
	/* to the shell these two are as they were */
	r = run_shell(command, NULL,
		      (was_int.handle == IGNORE ? 0 : BIT(SIGINT)) |
			      (was_quit.handle == IGNORE ? 0 : BIT(SIGQUIT)),
		      &mask);
	r = r == -ENOMEM || r == -EAGAIN ? r : r < 0 ? 127 << 8 : wait_for(r);
	(void)ovl_sym_action(SIGINT, &was_int, NULL);
	(void)ovl_sym_action(SIGQUIT, &was_quit, NULL);
	(void)ovl_sym_mask(SIG_SETMASK, &mask, NULL);
	return (int)ovl_sym_ret(r);
}
