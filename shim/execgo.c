/* SPDX-License-Identifier: MIT */
#include "execenv.h"
#include "execimpl.h"
#include "filelock.h"
#include "nr.h"
#include "ops.h"
#include "real.h"
#include "scratch.h"
#include "str.h"
#include "trace.h"
#include "view.h"

#define SET_MASK 2 /* SIG_SETMASK */

/*
 * The kernel's exec, with the program's signal mask: it is what the new program starts with.
 * A handler that runs in between runs on our stack, which only this thread's exec is using.
 */
static long kernel_exec(struct ovl_ctx *ctx, long nr, const long *a, void *map, size_t size)
{
	uint64_t ours;
	long r;

	ovl_note(ctx, "exec");
	ovl_trace_call(ctx, 0);
	ctx->note = NULL;
	ovl_slot_exec(ctx, map, size);
	(void)ovl_sys(__NR_rt_sigprocmask, SET_MASK, &ctx->oldmask, &ours, sizeof(ours));
	r = ovl_sys6(nr, a[0], a[1], a[2], a[3], a[4], 0);
	(void)ovl_sys(__NR_rt_sigprocmask, SET_MASK, &ours, 0, sizeof(ours));
	ovl_slot_exec_failed(ctx);
	return r;
}

/* Execute what was found, with these arrays. */
static long call_kernel(struct ovl_exec *x, char **argv, char **envp, void *map, size_t size)
{
	struct ovl_ctx *ctx = x->ctx;
	OVL_LOC loc = OVL_LOC_INIT;
	long a[6];
	int err;

	memcpy(a, ctx->call->arg, sizeof(a));
	if (x->load) {
		a[0] = (long)ovl_session_str(ovl_ss, ovl_ss->loader);
		a[1] = (long)argv;
		a[2] = (long)envp;
		return kernel_exec(ctx, __NR_execve, a, map, size);
	}
	if (x->all_same && x->same) {
		int i = ctx->call->nr == __NR_execveat ? 2 : 1;

		a[i + 1] = (long)envp;
		return kernel_exec(ctx, ctx->call->nr, a, map, size);
	}
	loc.name = x->path; /* an interpreter that the kernel finds keeps the name it has */
	if (!x->same) {
		err = ovl_exec_real_path(x, &ctx->real2);
		if (!err)
			err = ovl_loc_get(&ctx->real2, &loc);
		if (err)
			return err;
	}
	a[4] = ctx->call->nr == __NR_execveat ? a[4] & AT_EXECVE_CHECK : 0;
	a[0] = loc.fd;
	a[1] = (long)loc.name;
	a[2] = (long)argv;
	a[3] = (long)envp;
	if (loc.fd == AT_FDCWD && !a[4])
		return kernel_exec(ctx, __NR_execve, a + 1, map, size);
	return kernel_exec(ctx, __NR_execveat, a, map, size);
}

/* A path of the program's that means another object, or none, in the new process. */
static bool is_of_process(const struct ovl_exec *x)
{
	return (x->dirfd != AT_FDCWD && *x->path != '/') || ovl_str_starts(x->path, "/proc/") ||
	       ovl_str_starts(x->path, "/dev/");
}

/*
 * What the loader is to load, into ctx->real: see OVL_ENV_LOAD. A program without a name is
 * handed over open, as *@ret_fd.
 */
static int tell_loader(const struct ovl_exec *x, int *ret_fd)
{
	const char *path = x->path;
	bool open = true;
	char link[OVL_FD_LINK];

	if (ovl_exec_is_bare_fd(x)) {
		ovl_exec_fd_name(x->dirfd, link);
		path = link;
		*ret_fd = (int)ovl_sys(__NR_fcntl, x->dirfd, F_DUPFD, 3); /* not a standard one */
	} else if (x->nameless || x->n->magic) {
		*ret_fd = (int)ovl_sys(__NR_openat, x->dirfd, x->path, O_RDONLY);
	} else {
		open = false;
		if (is_of_process(x))
			path = x->n->at.buf;
	}
	if (open && *ret_fd < 0)
		return *ret_fd;
	return ovl_env_load(&x->ctx->real, *ret_fd, x->s.n ? x->s.name : path, path);
}

/* May its dynamic linker need libraries that only the view has, before anybody is there? */
static bool needs_view(const struct ovl_exec *x, const struct ovl_env *env)
{
	uint32_t libs = __atomic_load_n(&ovl_ss->upper_libs, __ATOMIC_ACQUIRE);

	if (!x->dynamic || !libs)
		return false;
	return (libs & (OVL_LIBS_EVERYBODY | OVL_LIBS_FIRST)) || x->runpath || env->searches;
}

long ovl_exec_go(struct ovl_exec *x, char **argv, char **envp)
{
	struct ovl_env env;
	OVL_FILE handed = -1;
	size_t nargs;
	size_t size;
	bool same;
	char **map = NULL;
	long r;

	ovl_env_scan(envp, &env);
	if (needs_view(x, &env)) {
		r = ovl_exec_may(x);
		if (r)
			return r;
		x->load = true;
	}
	if (x->load) {
		r = tell_loader(x, &handed);
		if (r)
			return r;
		env.complete = false;
		env.load = x->ctx->real.buf;
	}
	same = x->all_same && x->same && !x->load;
	nargs = same || !x->s.n ? 0 : ovl_args_size(&x->s, argv);
	if (same && env.complete)
		return OVL_R_PASS;
	size = nargs * sizeof(char *) + (env.complete ? 0 : ovl_env_size(&env));
	if (size) {
		r = ovl_sys_room(size);
		if (ovl_is_err(r))
			return -ENOMEM;
		map = (char **)r;
	}
	if (nargs) {
		ovl_args_build(&x->s, argv, map);
		argv = map;
	}
	if (!env.complete)
		envp = ovl_env_build(&env, envp, map + nargs);
	r = call_kernel(x, argv, envp, map, size);
	if (map)
		(void)ovl_sys(__NR_munmap, map, size);
	return r;
}
