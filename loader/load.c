/* SPDX-License-Identifier: MIT */
/*
 * load.c - a user-space exec: the program is mapped from the view and started
 *
 * The kernel executed us in its place, with its arguments. What was to be executed is in
 * OVL_LOAD, see ovl_session.h. A program without a dynamic linker has its text rewritten; where
 * some of that is not understood it runs under user dispatch. One with a linker does so until the
 * preloaded object has patched libc.
 */
#include <linux/auxvec.h>
#include <linux/mman.h>
#include <linux/prctl.h>

#include "die.h"
#include "dispatch.h"
#include "exe.h"
#include "fdview.h"
#include "filelock.h"
#include "image.h"
#include "lean.h"
#include "opensession.h"
#include "ovl.h"
#include "own.h"
#include "rewrite.h"
#include "sigsys.h"
#include "startup.h"
#include "str.h"
#include "sys.h"
#include "view.h"

/* Programs that may lie anywhere: in front of us, so that a jump reaches our stubs. */
#define NEAR 0x40000000UL

#ifndef HWCAP2_FSGSBASE
#define HWCAP2_FSGSBASE (1 << 1) /* <asm/hwcap2.h>: a program may use rdfsbase */
#endif

uint64_t ovl_load(uint64_t *sp);

struct load {
	struct ovl_startup start;
	const char *path;   /* the program */
	const char *execfn; /* what execve() was given */
	int fd;
};

static OVL_LARGE struct ovl_image program;
static OVL_LARGE struct ovl_image linker;

/* Open @path in the view: the engine's answer, as a program would get it. */
static int open_in_view(const char *path)
{
	struct ovl_call c = {.nr = __NR_openat,
			     .arg = {AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0}};
	enum ovl_verdict v = ovl_enter(&c);
	const long *a = v == OVL_TAIL ? c.tail->arg : c.arg;

	if (v != OVL_DONE)
		c.ret = ovl_sys(v == OVL_TAIL ? c.tail->nr : c.nr, a[0], a[1], a[2], a[3]);
	if (v == OVL_TAIL)
		ovl_after(&c);
	return (int)c.ret;
}

/* A field of OVL_LOAD: a number and a colon. */
static uint64_t take_number(const char **at)
{
	uint64_t n;

	if (!ovl_str_parse(at, &n) || **at != ':')
		ovl_die("ovlload", "its environment was damaged", 0);
	++*at;
	return n;
}

/* Take OVL_LOAD apart, where it is: ovl_session.h. */
static void find_program(struct load *l)
{
	char *s = ovl_startup_env(&l->start, OVL_ENV_LOAD);
	const char *at = s;
	uint64_t len;

	if (!s)
		ovl_die("ovlload", "it is started by ovlrun, not by hand", 0);
	l->fd = -1;
	if (at[0] == '-' && at[1] == ':')
		at += 2;
	else
		l->fd = (int)take_number(&at);
	len = take_number(&at);
	if (len >= strlen(at))
		ovl_die("ovlload", "its environment was damaged", 0);
	l->execfn = at;
	s[at - s + (long)len] = '\0';
	l->path = at + len + 1;
	if (l->fd < 0)
		l->fd = open_in_view(l->path);
	if (l->fd < 0)
		ovl_die(l->path, "cannot be read", -l->fd);
}

static void map(int fd, const char *name, uint64_t near, struct ovl_image *ret)
{
	int err = ovl_image_map(fd, near, ret);

	if (err == -EEXIST)
		ovl_die(name, "cannot be loaded: it asks for addresses that are the loader's", 0);
	if (err)
		ovl_die(name, "cannot be loaded", -err);
}

/* /proc/self/exe is the program, and ps shows its name. The preloaded object is told, too. */
static void take_name(struct load *l)
{
	static char var[sizeof(OVL_ENV_LOAD "=") + PATH_MAX] = OVL_ENV_LOAD "=";
	char *real = var + sizeof(OVL_ENV_LOAD);
	const char *name = l->execfn;
	char link[32];
	long n;

	ovl_fd_link(l->fd, link);
	n = ovl_sys(__NR_readlink, link, real, PATH_MAX);
	if (n > 0)
		(void)ovl_exe_set(real, (size_t)n); /* too long: the loader's name shows */
	if (*program.interp)
		ovl_startup_replace(&l->start, OVL_ENV_LOAD, var);
	else
		ovl_startup_unset(&l->start, OVL_ENV_LOAD);
	for (const char *s = l->execfn; *s; s++) {
		if (*s == '/')
			name = s + 1;
	}
	(void)ovl_sys(__NR_prctl, PR_SET_NAME, name);
}

static void load_linker(void)
{
	OVL_FILE fd = open_in_view(program.interp);

	if (fd < 0)
		ovl_die(program.interp, "cannot be read", -fd);
	map(fd, program.interp, 0, &linker);
}

static void describe(const struct load *l)
{
	const struct ovl_startup *s = &l->start;

	ovl_startup_aux(s, AT_PHDR, program.phdr);
	ovl_startup_aux(s, AT_PHNUM, program.phnum);
	ovl_startup_aux(s, AT_ENTRY, program.entry);
	ovl_startup_aux(s, AT_BASE, linker.bias);
	ovl_startup_aux(s, AT_EXECFN, (uint64_t)l->execfn);
}

static void allow_stack(const uint64_t *sp)
{
	int err = (int)ovl_sys(__NR_mprotect, (uint64_t)sp & -4096UL, 4096,
			       PROT_READ | PROT_WRITE | PROT_EXEC | PROT_GROWSDOWN);

	if (err)
		ovl_die("program", "its stack cannot be made executable", -err);
}

static void dispatch(const struct load *l)
{
	int err = ovl_dispatch_arm();

	if (err)
		ovl_die(l->path, "this kernel has no syscall user dispatch (Linux 5.11)", -err);
}

uint64_t ovl_load(uint64_t *sp)
{
	struct load l;
	const char *session;

	ovl_startup_read(sp, &l.start);
	session = ovl_startup_env(&l.start, OVL_ENV_SESSION);
	if (!session)
		ovl_die("ovlload", "it is started by ovlrun, not by hand", 0);
	ovl_init(ovl_session_open(session));
	find_program(&l);
	map(l.fd, l.path, NEAR, &program);
	if (*program.interp)
		load_linker();
	take_name(&l);
	ovl_filelock_drop(&l.fd);
	describe(&l);
	if (ovl_startup_aux_value(&l.start, AT_HWCAP2) & HWCAP2_FSGSBASE)
		ovl_lean_use_rdfsbase();
	if (program.stack_exec)
		allow_stack(sp);
	/* for dispatch, and for what the guard traps of a program that was rewritten as far as one
	 * can see: text that it makes at run time */
	ovl_sigsys_init();
	ovl_sigsys_let_block();
	if (*program.interp) {
		/* not rewritten: the preloaded object will look for its calls itself */
		ovl_own_expect_end();
		dispatch(&l);
	} else if (!ovl_rewrite_engine(&program)) {
		ovl_rewrite_all(&program);
		dispatch(&l);
	}
	return *program.interp ? linker.entry : program.entry;
}
