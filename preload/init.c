/* SPDX-License-Identifier: MIT */
/*
 * init.c - the one constructor: finds the session, starts the engine, opens the door
 *
 * Runs before every other constructor of the process (-z initfirst), before libc is
 * ready. Without OVL_SESSION the object does nothing at all.
 */
#include "exe.h"
#include "again.h"
#include "names.h"
#include "objects.h"
#include "opensession.h"
#include "ovl.h"
#include "ovl_session.h"
#include "ownlibs.h"
#include "patch.h"
#include "die.h"
#include "execfn.h"
#include "far.h"
#include "sigsys.h"
#include "sys.h"
#include "watch.h"

#include <linux/prctl.h>

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#endif

/* The one thing that this object takes from others, where there is one. */
extern char **__environ __attribute__((weak));

static const char *env_value(char **envp, const char *name)
{
	size_t n = strlen(name);

	for (; *envp; envp++)
		if (!memcmp(*envp, name, n) && (*envp)[n] == '=')
			return *envp + n + 1;
	return NULL;
}

/*
 * The loader started this program, because the kernel would have taken other files than the
 * view shows; calls were dispatched to it until now. @real is the program's file.
 */
static void take_over(char **envp, const char *real)
{
	(void)ovl_exe_set(real, strlen(real)); /* too long: the loader's name shows */
	while (*envp != real - sizeof(OVL_ENV_LOAD))
		envp++;
	do {
		envp[0] = envp[1];
	} while (*envp++);
	(void)ovl_sys(__NR_prctl, PR_SET_SYSCALL_USER_DISPATCH, 0, 0, 0, 0); /* it was on */
}

/* The vector behind the environment. */
static uint64_t *find_auxv(char **envp)
{
	while (*envp)
		envp++;
	return (uint64_t *)(envp + 1);
}

static void patch_all(struct ovl_session *ss, const uint64_t *auxv)
{
	struct ovl_object o[OVL_OBJECTS_MAX];
	int n = ovl_objects_find(auxv, o);

	if (n < 0)
		ovl_again("program", "the dynamic linker does not tell what is loaded", -n);
	if (!n)
		ovl_again("program", "its libc is not known", 0);
	for (int i = 0; i < n; i++)
		ovl_patch_libc(ss, &o[i]);
}

/*
 * glibc's dynamic linker passes what main() gets. musl's passes nothing, so whatever there is in
 * those registers is looked at only, not followed; but libc is ready there, and has the
 * environment.
 */
static char **find_env(long argc, char **argv, char **envp)
{
	if (argc >= 0 && envp == argv + argc + 1)
		return envp;
	return &__environ ? __environ : NULL;
}

/*
 * Does valgrind make this process's calls? Its own header asks by these instructions, which do
 * nothing elsewhere. It is a static program: the loader has it in the view, and with it what it
 * runs, from which the session's file, which we have opened past that, is hidden. Where it is not,
 * valgrind is around the whole run, and we are to answer.
 */
static bool is_answered_outside(const char *session)
{
	const uint64_t request[6] = {0x1001}; /* VG_USERREQ__RUNNING_ON_VALGRIND */
	uint64_t is = 0;

	__asm__ volatile("rolq $3, %%rdi; rolq $13, %%rdi; rolq $61, %%rdi; rolq $51, %%rdi\n\t"
			 "xchgq %%rbx, %%rbx"
			 : "+d"(is)
			 : "a"(request)
			 : "cc", "memory", "rdi");
	return is && ovl_sys(__NR_access, session, 0);
}

__attribute__((constructor)) static void init(int argc, char **argv, char **args_end)
{
	char **envp = find_env(argc, argv, args_end);
	uint64_t *auxv;
	struct ovl_session *ss;
	const char *path;
	const char *loaded;

	if (!envp)
		ovl_die("program", "its libc does not tell its environment", 0);
	auxv = find_auxv(envp);
	if (ovl_names_open)
		ovl_names_open(auxv);
	path = env_value(envp, OVL_ENV_SESSION);
	if (!path)
		return;
	loaded = env_value(envp, OVL_ENV_LOAD);
	if (loaded)
		take_over(envp, loaded);
	ss = ovl_session_open(path);
	if (is_answered_outside(path)) {
		if (ovl_names_open) /* libc's functions would go past that, with the guard's key */
			ovl_die("valgrind", "not where programs run by names", 0);
		return;
	}
	ovl_init(ss);
	if (ss->flags & OVL_S_GUARD) {
		ovl_sigsys_init();
		ovl_sigsys_unblock();
	}
	if (!ovl_names_open) {
		ovl_again_may(ss, envp);
		patch_all(ss, auxv);
		ovl_far_init(ss, auxv);
		ovl_again_may(ss, NULL);
		ovl_ownlibs_init(ss, auxv);
		ovl_watch_init(ss);
	}
	ovl_execfn_show(auxv);
}
