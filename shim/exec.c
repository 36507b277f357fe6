/* SPDX-License-Identifier: MIT */
/*
 * exec.c - execve and execveat
 *
 * The kernel executes real files. It is left alone where it finds what the view shows;
 * otherwise it gets the real path, and a "#!" line is taken apart here, because the kernel
 * would look for the interpreter in its own tree.
 */
#include "elfkind.h"
#include "execargs.h"
#include "execenv.h"
#include "fdview.h"
#include "filelock.h"
#include "hollow.h"
#include "lookup.h"
#include "nr.h"
#include "ops.h"
#include "perm.h"
#include "real.h"
#include "scratch.h"
#include "shebang.h"
#include "str.h"
#include "systab.h"
#include "trace.h"

#ifndef AT_EXECVE_CHECK
#define AT_EXECVE_CHECK 0x10000 /* Linux 6.14 */
#endif

#define X_OK	      1
#define PROT_RW	      3	   /* PROT_READ | PROT_WRITE */
#define MAP_PRIV      0x22 /* MAP_PRIVATE | MAP_ANONYMOUS */
#define SET_MASK      2	   /* SIG_SETMASK */
#define FD_IS_CLOEXEC 1	   /* FD_CLOEXEC */

/* What ctx->temp holds: the scripts' lines, the script's name, the dynamic linker's. */
#define TEMP_SCRIPT ((size_t)OVL_SHEBANG_MAX * OVL_SHEBANG_LINE)
#define TEMP_INTERP (TEMP_SCRIPT + PATH_MAX)
_Static_assert(TEMP_INTERP + OVL_ELF_INTERP_MAX <= OVL_PATH_CAP, "ctx->temp holds them");

/* struct iovec, whose headers differ between libc and the kernel */
struct vec {
	const void *base;
	size_t len;
};

/* An exec on its way from the program to the last interpreter. */
struct exec {
	struct ovl_ctx *ctx;
	struct ovl_name *n; /* what is to run: the program, later an interpreter */
	const char *path;   /* how that was named ... */
	int dirfd;	    /* ... relative to what ... */
	int flags;	    /* ... and AT_*: only the program has some */
	bool nameless;	    /* it has no path, @n is not valid: a memfd, a removed file */
	bool same;	    /* the kernel finds it under that name itself */
	bool all_same;	    /* and every script before it */
	bool load;	    /* it is for the loader */
	struct ovl_scripts s;
};

static bool is_bare_fd(const struct exec *x)
{
	return (x->flags & AT_EMPTY_PATH) && (!x->path || !*x->path);
}

/* Does the name as given lead the kernel to the object @x->n? */
static bool kernel_finds(const struct exec *x)
{
	const struct ovl_name *n = x->n;
	int flags = x->flags & (AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH);
	struct statx st;

	if ((ovl_ss->flags & OVL_S_SAME_ROOT) && n->layer != OVL_UPPER && !n->moved &&
	    !is_bare_fd(x) && ovl_str_equal(x->path, n->at.buf))
		return true;
	if (ovl_sys(__NR_statx, x->dirfd, x->path, flags, STATX_INO, &st))
		return false;
	return st.stx_ino == n->st.stx_ino && st.stx_dev_major == n->st.stx_dev_major &&
	       st.stx_dev_minor == n->st.stx_dev_minor;
}

static int find_in_view(struct exec *x)
{
	struct ovl_name *n = x->n;
	int err = ovl_lookup_stat(x->ctx, n);

	if (err)
		return err;
	if ((n->st.stx_mode & S_IFMT) == S_IFLNK)
		return -ELOOP; /* AT_SYMLINK_NOFOLLOW: execveat(2) */
	if (n->slash && (n->st.stx_mode & S_IFMT) != S_IFDIR)
		return -ENOTDIR;
	if ((n->st.stx_mode & S_IFMT) != S_IFREG)
		return -EACCES;
	if (n->layer == OVL_UPPER && ovl_ss->overrides)
		err = ovl_hollow_fill(x->ctx, n, false);
	x->same = kernel_finds(x);
	return err;
}

/* Find what is to run. */
static int find(struct exec *x)
{
	struct ovl_name *n = x->n;
	int flags = x->flags & AT_SYMLINK_NOFOLLOW ? 0 : OVL_N_FOLLOW;
	int err;

	if (x->flags & AT_EMPTY_PATH)
		flags |= OVL_N_EMPTY;
	err = ovl_namei(x->ctx, n, x->dirfd, x->path, flags);
	x->nameless = err == -ESTALE;
	x->same = true;
	if (x->nameless)
		return 0;
	if (err)
		return err;
	if (n->zone == OVL_Z_HIDDEN || n->layer == OVL_NONE)
		return -ENOENT;
	if (n->zone == OVL_Z_VIEW)
		return find_in_view(x);
	x->same = !n->via_view;
	return 0;
}

/* @p becomes the real path of @x->n, which is not nameless. */
static int real_path(const struct exec *x, struct ovl_path *p)
{
	const struct ovl_name *n = x->n;

	if (n->zone == OVL_Z_VIEW)
		return ovl_name_real(n, n->layer, p);
	return ovl_path_set(p, n->at.buf, n->at.len);
}

/* Open what is to run for reading. */
static int open_program(const struct exec *x)
{
	const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	char link[32];
	int err;

	if (is_bare_fd(x) && x->same) {
		ovl_fd_link(x->dirfd, link);
		return (int)ovl_sys(__NR_openat, AT_FDCWD, link, flags);
	}
	if (x->same)
		return (int)ovl_sys(__NR_openat, x->dirfd, x->path, flags);
	if (x->n->magic)
		return (int)ovl_sys(__NR_openat, AT_FDCWD, x->n->at.buf, flags);
	err = real_path(x, &x->ctx->real2);
	return err ? err : ovl_real_open(&x->ctx->real2, flags);
}

/* May the caller execute it? Asked where the kernel will not be. */
static int may_execute(struct exec *x)
{
	int flags = x->flags & (AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH);
	long err;

	if (!x->nameless && x->n->zone == OVL_Z_VIEW)
		return ovl_perm_access(x->ctx, x->n, X_OK);
	if (x->same)
		err = ovl_sys(__NR_faccessat2, x->dirfd, x->path, X_OK, flags | AT_EACCESS);
	else
		err = ovl_sys(__NR_faccessat2, AT_FDCWD, x->n->at.buf, X_OK, AT_EACCESS);
	return err == -EACCES ? -EACCES : 0; /* anything else the kernel says at the end */
}

/* The one message of the engine: who waits for a program must learn why it does not start. */
static int refuse(const struct exec *x, const char *why)
{
	const char *name = x->nameless ? x->path : x->n->at.buf;
	char link[32];
	struct vec v[4];

	if (x->nameless && is_bare_fd(x)) {
		ovl_fd_link(x->dirfd, link);
		name = link;
	}
	v[0] = (struct vec){"ovlrun: ", 8};
	v[1] = (struct vec){name, strlen(name)};
	v[2] = (struct vec){why, strlen(why)};
	v[3] = (struct vec){": cannot be covered\n", 20};
	(void)ovl_sys(__NR_writev, 2, v, 4); /* no standard error: nobody to tell */
	ovl_note(x->ctx, "refused");
	return -EACCES;
}

static bool is_linker(const struct exec *x)
{
	if (x->path && ovl_elf_is_linker(x->path))
		return true;
	return !x->nameless && ovl_elf_is_linker(x->n->at.buf);
}

/*
 * The kernel starts the dynamic linker @path without us: if that is not what the view shows,
 * the loader has to do it. The name not in use is for it: a script's is kept in ctx->temp.
 */
static int check_linker(struct exec *x, const char *path)
{
	struct exec linker = {.ctx = x->ctx, .dirfd = AT_FDCWD, .path = path};
	int err, denied;

	if (!*path)
		return 0;
	linker.n = &x->ctx->name[x->n == &x->ctx->name[0]];
	err = find(&linker);
	if (!err && linker.same)
		return 0;
	denied = may_execute(x);
	x->load = !denied && !err;
	return denied ? denied : err;
}

static int check_kind(struct exec *x, enum ovl_elf kind)
{
	static const char *const why[] = {
		[OVL_ELF_32BIT] = ": 32-bit program",
		[OVL_ELF_FOREIGN] = ": program for another machine",
	};
	int err;

	if (kind == OVL_ELF_NOT || (kind == OVL_ELF_STATIC && is_linker(x)))
		return 0;
	err = may_execute(x);
	x->load = kind == OVL_ELF_STATIC && !err;
	return err || x->load ? err : refuse(x, why[kind]);
}

/* How the script is named to its interpreter; the text is kept in ctx->temp. */
static int name_script(struct exec *x)
{
	static const char dir[] = "/dev/fd/";
	char *text = x->ctx->temp.buf + TEMP_SCRIPT;

	x->s.name = x->path;
	if (is_bare_fd(x)) {
		/* The interpreter could not open it: execveat(2), BUGS. */
		if (ovl_sys(__NR_fcntl, x->dirfd, F_GETFD) == FD_IS_CLOEXEC)
			return -ENOENT;
		memcpy(text, dir, sizeof(dir) - 1);
		ovl_str_number(text + sizeof(dir) - 1, (unsigned)x->dirfd, 10);
		x->s.name = text;
	} else if (x->dirfd != AT_FDCWD && *x->path != '/' && !x->nameless) {
		if (x->n->at.len >= PATH_MAX)
			return -ENAMETOOLONG; /* the interpreter could not open it */
		memcpy(text, x->n->at.buf, x->n->at.len + 1);
		x->s.name = text;
	}
	return 0;
}

/* The file is a script that starts with the @n bytes in ctx->buf: go on to its interpreter. */
static int go_to_interpreter(struct exec *x, size_t n)
{
	char *line = x->ctx->temp.buf + x->s.n * OVL_SHEBANG_LINE;
	int i = x->s.n;
	int err = may_execute(x);

	if (err)
		return err;
	if (i == OVL_SHEBANG_MAX)
		return -ELOOP;
	if (n > OVL_SHEBANG_LINE)
		n = OVL_SHEBANG_LINE;
	memset(line, 0, OVL_SHEBANG_LINE);
	memcpy(line, x->ctx->buf, n);
	if (ovl_shebang_parse(line, &x->s.interp[i], &x->s.arg[i]))
		return 0; /* the kernel says ENOEXEC */
	if (!*x->s.interp[i])
		return -EACCES; /* to the kernel it is the cwd, a directory */
	if (!i)
		err = name_script(x);
	if (err)
		return err;
	x->s.n++;
	x->all_same &= x->same;
	x->n = &x->ctx->name[1];
	x->path = x->s.interp[i];
	x->dirfd = AT_FDCWD;
	x->flags = 0;
	err = find(x);
	return err ? err : 1;
}

/*
 * Look at the file's first bytes. 1: it is a script and @x is now its interpreter; 0: the
 * kernel may have it. What cannot be read can still be executed, and is taken for dynamic.
 */
static int inspect(struct exec *x)
{
	struct ovl_ctx *ctx = x->ctx;
	char *interp = ctx->temp.buf + TEMP_INTERP;
	OVL_FILE fd = open_program(x);
	enum ovl_elf kind;
	long n;

	if (fd < 0)
		return 0;
	n = ovl_sys(__NR_pread64, fd, ctx->buf, sizeof(ctx->buf), 0);
	if (n <= 0)
		return 0;
	if (ovl_is_script(ctx->buf, (size_t)n))
		return go_to_interpreter(x, (size_t)n);
	kind = ovl_elf_kind(fd, ctx->buf, sizeof(ctx->buf), (size_t)n, interp);
	if (kind == OVL_ELF_DYNAMIC)
		return check_linker(x, interp);
	return check_kind(x, kind);
}

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
static long call_kernel(struct exec *x, char **argv, char **envp, void *map, size_t size)
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
		err = real_path(x, &ctx->real2);
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
static bool is_of_process(const struct exec *x)
{
	return (x->dirfd != AT_FDCWD && *x->path != '/') || ovl_str_starts(x->path, "/proc/") ||
	       ovl_str_starts(x->path, "/dev/");
}

/*
 * What the loader is to load, into ctx->real: see OVL_ENV_LOAD. A program without a name is
 * handed over open, as *@ret_fd.
 */
static int tell_loader(const struct exec *x, int *ret_fd)
{
	static const char dir[] = "/dev/fd/";
	const char *path = x->path;
	char link[32];

	if (is_bare_fd(x)) {
		memcpy(link, dir, sizeof(dir) - 1);
		ovl_str_number(link + sizeof(dir) - 1, (unsigned)x->dirfd, 10);
		path = link;
		*ret_fd = (int)ovl_sys(__NR_fcntl, x->dirfd, F_DUPFD, 3); /* not a standard one */
	} else if (x->nameless || x->n->magic) {
		*ret_fd = (int)ovl_sys(__NR_openat, x->dirfd, x->path, O_RDONLY);
	} else if (is_of_process(x)) {
		path = x->n->at.buf;
	}
	if (*ret_fd < 0 && (is_bare_fd(x) || x->nameless || x->n->magic))
		return *ret_fd;
	return ovl_env_load(&x->ctx->real, *ret_fd, x->s.n ? x->s.name : path, path);
}

/* All is found: let the kernel have the call, or make it with arrays of our own. */
static long finish(struct exec *x, char **argv, char **envp)
{
	struct ovl_env env;
	bool same = x->all_same && x->same && !x->load;
	OVL_FILE handed = -1;
	size_t nargs = same || !x->s.n ? 0 : ovl_args_size(&x->s, argv);
	size_t size;
	char **map = NULL;
	long r;

	ovl_env_scan(envp, &env);
	if (x->load) {
		r = tell_loader(x, &handed);
		if (r)
			return r;
		env.complete = false;
		env.load = x->ctx->real.buf;
	}
	if (same && env.complete)
		return OVL_R_PASS;
	size = nargs * sizeof(char *) + (env.complete ? 0 : ovl_env_size(&env));
	if (size) {
		r = ovl_sys(__NR_mmap, 0, size, PROT_RW, MAP_PRIV, -1, 0);
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

/* A pointer that the kernel would refuse at once. */
static bool is_bad(const void *p)
{
	uintptr_t v = (uintptr_t)p;

	return v && v - 4096 >= -8192UL; /* the first and the last page */
}

static long run(struct exec *x, char **argv, char **envp)
{
	int r;

	if (is_bad(argv) || is_bad(envp))
		return OVL_R_PASS;
	x->n = &x->ctx->name[0];
	x->all_same = true;
	r = find(x);
	if (r)
		return r;
	do {
		r = inspect(x);
	} while (r > 0);
	return r ? r : finish(x, argv, envp);
}

long ovl_op_execve(struct ovl_ctx *ctx)
{
	struct exec x = {.ctx = ctx, .dirfd = AT_FDCWD, .path = ovl_arg_path(ctx, 0)};

	return run(&x, (char **)ovl_arg(ctx, 1), (char **)ovl_arg(ctx, 2));
}

long ovl_op_execveat(struct ovl_ctx *ctx)
{
	struct exec x = {.ctx = ctx,
			 .dirfd = ovl_arg_fd(ctx, 0),
			 .path = ovl_arg_path(ctx, 1),
			 .flags = (int)ovl_arg(ctx, 4)};

	if (x.flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_EXECVE_CHECK))
		return OVL_R_PASS; /* EINVAL */
	return run(&x, (char **)ovl_arg(ctx, 2), (char **)ovl_arg(ctx, 3));
}
