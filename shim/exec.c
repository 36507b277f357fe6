/* SPDX-License-Identifier: MIT */
/*
 * exec.c - execve and execveat
 *
 * The kernel executes real files. It is left alone where it finds what the view shows;
 * otherwise it gets the real path, and a "#!" line is taken apart here, because the kernel
 * would look for the interpreter in its own tree.
 */
#include "aside.h"
#include "elfkind.h"
#include "execimpl.h"
#include "fdview.h"
#include "filelock.h"
#include "hollow.h"
#include "linkers.h"
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
#include "walked.h"

#define X_OK	      1
#define FD_IS_CLOEXEC 1 /* FD_CLOEXEC */

/* What ctx->temp holds: the scripts' lines, the script's name, the dynamic linker's. */
#define TEMP_SCRIPT ((size_t)OVL_SHEBANG_MAX * OVL_SHEBANG_LINE)
#define TEMP_INTERP (TEMP_SCRIPT + PATH_MAX)
_Static_assert(TEMP_INTERP + OVL_ELF_INTERP_MAX <= OVL_PATH_CAP, "ctx->temp holds them");

/* struct iovec, whose headers differ between libc and the kernel */
struct vec {
	const void *base;
	size_t len;
};

bool ovl_exec_is_bare_fd(const struct ovl_exec *x)
{
	return (x->flags & AT_EMPTY_PATH) && (!x->path || !*x->path);
}

/* Does the name as given lead the kernel to the object @x->n? */
static bool kernel_finds(const struct ovl_exec *x)
{
	const struct ovl_name *n = x->n;
	int flags = x->flags & (AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH);
	struct statx st;

	if ((ovl_ss->flags & OVL_S_SAME_ROOT) && n->layer != OVL_UPPER && !n->moved &&
	    !ovl_exec_is_bare_fd(x) && ovl_str_equal(x->path, n->at.buf))
		return true;
	if (ovl_sys(__NR_statx, x->dirfd, x->path, flags, STATX_INO, &st))
		return false;
	return ovl_is_same_object(&st, &n->st);
}

static int find_in_view(struct ovl_exec *x)
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
static int find(struct ovl_exec *x)
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

void ovl_exec_fd_name(int fd, char *out)
{
	static const char dir[] = "/dev/fd/";

	memcpy(out, dir, sizeof(dir) - 1);
	ovl_str_number(out + sizeof(dir) - 1, (unsigned)fd, 10);
}

int ovl_exec_real_path(const struct ovl_exec *x, struct ovl_path *p)
{
	const struct ovl_name *n = x->n;

	if (n->zone == OVL_Z_VIEW)
		return ovl_name_real(n, n->layer, p);
	return ovl_path_set(p, n->at.buf, n->at.len);
}

/* Open what is to run for reading. */
static int open_program(const struct ovl_exec *x)
{
	const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	char link[OVL_FD_LINK];
	int err;

	if (ovl_exec_is_bare_fd(x) && x->same) {
		ovl_fd_link(x->dirfd, link);
		return (int)ovl_sys(__NR_openat, AT_FDCWD, link, flags);
	}
	if (x->same)
		return (int)ovl_sys(__NR_openat, x->dirfd, x->path, flags);
	if (x->n->magic)
		return (int)ovl_sys(__NR_openat, AT_FDCWD, x->n->at.buf, flags);
	err = ovl_exec_real_path(x, &x->ctx->real2);
	return err ? err : ovl_real_open(&x->ctx->real2, flags);
}

int ovl_exec_may(struct ovl_exec *x)
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
static int refuse(const struct ovl_exec *x, const char *why)
{
	const char *name = x->nameless ? x->path : x->n->at.buf;
	char link[OVL_FD_LINK];
	struct vec v[4];

	if (x->nameless && ovl_exec_is_bare_fd(x)) {
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

static bool is_linker(const struct ovl_exec *x)
{
	if (x->path && ovl_elf_is_linker(x->path))
		return true;
	return !x->nameless && ovl_elf_is_linker(x->n->at.buf);
}

/*
 * The kernel starts the dynamic linker @path without us: if that is not what the view shows,
 * the loader has to do it. The name not in use is for it: a script's is kept in ctx->temp.
 */
static int check_linker(struct ovl_exec *x, const char *path)
{
	struct ovl_exec linker = {.ctx = x->ctx, .dirfd = AT_FDCWD, .path = path};
	struct ovl_trail trail = {.n = 0};
	uint64_t gen = ovl_walked_gen();
	int err, denied;

	if (!*path || ovl_linkers_has(path))
		return 0;
	linker.n = &x->ctx->name[x->n == &x->ctx->name[0]];
	x->ctx->trail = *path == '/' ? &trail : NULL;
	err = find(&linker);
	x->ctx->trail = NULL;
	if (!err && linker.same) {
		if (*path == '/')
			ovl_linkers_add(path, &trail, gen);
		return 0;
	}
	denied = ovl_exec_may(x);
	x->load = !denied && !err;
	return denied ? denied : err;
}

static int check_kind(struct ovl_exec *x, enum ovl_elf kind)
{
	static const char why[][30] = {
		[OVL_ELF_32BIT] = ": 32-bit program",
		[OVL_ELF_FOREIGN] = ": program for another machine",
	};
	int err;

	if (kind == OVL_ELF_NOT || (kind == OVL_ELF_STATIC && is_linker(x)))
		return 0;
	err = ovl_exec_may(x);
	x->load = kind == OVL_ELF_STATIC && !err;
	return err || x->load ? err : refuse(x, why[kind]);
}

/* How the script is named to its interpreter; the text is kept in ctx->temp. */
static int name_script(struct ovl_exec *x)
{
	char *text = x->ctx->temp.buf + TEMP_SCRIPT;

	x->s.name = x->path;
	if (ovl_exec_is_bare_fd(x)) {
		/* The interpreter could not open it: execveat(2), BUGS. */
		if (ovl_sys(__NR_fcntl, x->dirfd, F_GETFD) == FD_IS_CLOEXEC)
			return -ENOENT;
		ovl_exec_fd_name(x->dirfd, text);
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
static int go_to_interpreter(struct ovl_exec *x, size_t n)
{
	char *line = x->ctx->temp.buf + x->s.n * OVL_SHEBANG_LINE;
	int i = x->s.n;
	int err = ovl_exec_may(x);

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
static int inspect(struct ovl_exec *x)
{
	struct ovl_ctx *ctx = x->ctx;
	char *interp = ctx->temp.buf + TEMP_INTERP;
	OVL_FILE fd = open_program(x);
	enum ovl_elf kind;
	long n;

	if (fd < 0)
		return fd == -EMFILE ? fd : 0;
	n = ovl_sys(__NR_pread64, fd, ctx->buf, sizeof(ctx->buf), 0);
	if (n <= 0)
		return 0;
	if (ovl_is_script(ctx->buf, (size_t)n))
		return go_to_interpreter(x, (size_t)n);
	kind = ovl_elf_kind(fd, ctx->buf, sizeof(ctx->buf), (size_t)n, interp);
	if (kind == OVL_ELF_DYNAMIC) {
		x->dynamic = true;
		x->runpath =
			ovl_ss->upper_libs && ovl_elf_has_runpath(fd, ctx->buf, sizeof(ctx->buf));
		return check_linker(x, interp);
	}
	return check_kind(x, kind);
}

/* A pointer that the kernel would refuse at once. */
static bool is_bad(const void *p)
{
	uintptr_t v = (uintptr_t)p;

	return v && v - 4096 >= -8192UL; /* the first and the last page */
}

/* All of it to the last interpreter; what is found out is in @arg, a struct ovl_exec. */
static long inspect_all(void *arg)
{
	int r;

	do {
		r = inspect(arg);
	} while (r > 0);
	return r;
}

static long run(struct ovl_exec *x, char **argv, char **envp)
{
	int r;

	if (is_bad(argv) || is_bad(envp))
		return OVL_R_PASS;
	x->n = &x->ctx->name[0];
	x->all_same = true;
	r = find(x);
	if (r)
		return r;
	r = (int)inspect_all(x);
	if (r == -EMFILE)
		r = (int)ovl_aside(x->ctx, inspect_all, x);
	return r ? r : ovl_exec_go(x, argv, envp);
}

long ovl_op_execve(struct ovl_ctx *ctx)
{
	struct ovl_exec x = {.ctx = ctx, .dirfd = AT_FDCWD, .path = ovl_arg_path(ctx, 0)};

	return run(&x, (char **)ovl_arg(ctx, 1), (char **)ovl_arg(ctx, 2));
}

long ovl_op_execveat(struct ovl_ctx *ctx)
{
	struct ovl_exec x = {.ctx = ctx,
			     .dirfd = ovl_arg_fd(ctx, 0),
			     .path = ovl_arg_path(ctx, 1),
			     .flags = (int)ovl_arg(ctx, 4)};

	if (x.flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_EXECVE_CHECK))
		return OVL_R_PASS; /* EINVAL */
	return run(&x, (char **)ovl_arg(ctx, 2), (char **)ovl_arg(ctx, 3));
}
