/* SPDX-License-Identifier: MIT */
#include "aside.h"

#include "refd.h"
#include "str.h"
#include "systab.h"

#include <linux/sched.h>

#define ROOM	    12	       /* descriptors that one call of the engine may want */
#define FIRST	    3	       /* the standard ones stay: there may be something to say */
#define ROUNDS	    8	       /* a call copies up two files at most */
#define WAIT_ALL    0x40000000 /* __WALL */
#define RLIMIT_FILE 7	       /* RLIMIT_NOFILE */

struct work {
	struct ovl_ctx *ctx;
	long (*fn)(void *arg);
	void *arg;
	long result;
};

/* The descriptor that @text names by "/fd/N", or -1. */
static int fd_in(const char *text)
{
	static const char dir[] = "/fd/";
	uint64_t fd;

	if ((unsigned long)text < 4096)
		return -1;
	for (; *text; text++) {
		const char *at = text + sizeof(dir) - 1;

		if (ovl_str_starts(text, dir) && ovl_str_parse(&at, &fd))
			return (int)fd;
	}
	return -1;
}

/* Is the call about descriptor @fd? */
static bool is_needed(const struct ovl_ctx *ctx, int fd)
{
	const struct ovl_sysent *row = &ovl_systab[ctx->call->nr];

	for (int i = 0; i < 6; i++) {
		enum ovl_arg_kind kind = row->arg[i];

		if ((kind == OVL_A_AT || kind == OVL_A_FD) && ovl_arg_fd(ctx, i) == fd)
			return true;
		if ((kind == OVL_A_PATH || kind == OVL_A_LPATH) &&
		    fd_in(ovl_arg_path(ctx, i)) == fd)
			return true;
	}
	return false;
}

/* Numbers are freed, from the highest on: all below the limit are in use. */
static void make_room(const struct ovl_ctx *ctx)
{
	uint64_t limit[2];
	int room = 0;

	if (ovl_sys(__NR_prlimit64, 0, RLIMIT_FILE, 0, limit) || limit[0] > INT32_MAX)
		return;
	for (int fd = (int)limit[0] - 1; fd >= FIRST && room < ROOM; fd--) {
		if (!is_needed(ctx, fd) && !ovl_sys(__NR_close, fd))
			room++;
	}
}

/* The child; its end gives back whatever it holds. */
static long work(void *arg)
{
	struct work *w = arg;

	make_room(w->ctx);
	w->result = w->fn(w->arg);
	return 0;
}

long ovl_aside(struct ovl_ctx *ctx, long (*fn)(void *arg), void *arg)
{
	struct work w = {.ctx = ctx, .fn = fn, .arg = arg, .result = -EMFILE};
	uintptr_t top = (uintptr_t)__builtin_frame_address(0) - 2048; /* we wait on what is above */
	long pid;

	if (ctx->aside)
		return -EMFILE;
	ctx->aside = true;
	/* with descriptors of its own; no signal tells of its end */
	pid = ovl_child_on_stack(CLONE_VM | CLONE_FS | CLONE_VFORK, (void *)(top & ~(uintptr_t)15),
				 work, &w);
	ctx->aside = false;
	if (pid < 0)
		return -EMFILE;
	(void)ovl_sys(__NR_wait4, pid, 0, WAIT_ALL, 0); /* it is dead: this cannot wait */
	return w.result;
}

static bool is_open(long nr)
{
	switch (nr) {
	case __NR_openat:
	case __NR_openat2:
#ifdef __NR_open
	case __NR_open:
	case __NR_creat:
#endif
		return true;
	default:
		return false;
	}
}

/* These leave a descriptor for the time of the call, or do not come back. */
static bool is_for_us_alone(long nr)
{
	switch (nr) {
	case __NR_execve:
	case __NR_execveat:
	case __NR_connect:
	case __NR_sendto:
	case __NR_sendmsg:
	case __NR_accept:
	case __NR_accept4:
		return true;
	default:
		return false;
	}
}

static bool is_number_free(void)
{
	OVL_FD fd = (int)ovl_sys(__NR_openat, AT_FDCWD, "/", O_PATH | O_CLOEXEC);

	return fd >= 0;
}

struct handling {
	struct ovl_ctx *ctx;
	long (*run)(struct ovl_ctx *ctx);
};

static long handle(void *arg)
{
	struct handling *h = arg;

	return h->run(h->ctx);
}

long ovl_aside_call(struct ovl_ctx *ctx, long (*run)(struct ovl_ctx *ctx))
{
	struct handling h = {.ctx = ctx, .run = run};
	long nr = ctx->call->nr;
	long r = -EMFILE;

	if (is_for_us_alone(nr) || (is_open(nr) && !is_number_free()))
		return r;
	for (int i = 0; i < ROUNDS && r == -EMFILE; i++) {
		ctx->copied = NULL;
		r = ovl_aside(ctx, handle, &h);
		if (r != OVL_COPIED)
			return r;
		ctx->tight = true;
		if (ctx->copied && !ovl_name_real(ctx->copied, OVL_UPPER, &ctx->real))
			ovl_refd(ctx, &ctx->copied->st, &ctx->real);
		r = run(ctx);
	}
	return r;
}
