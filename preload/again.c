/* SPDX-License-Identifier: MIT */
#include "again.h"

#include "die.h"
#include "ovl_base.h"
#include "str.h"
#include "sys.h"

#define PRELOAD "LD_PRELOAD="
#define PROGRAM "/proc/self/exe"

static struct ovl_session *session;
static char **environment;

void ovl_again_may(struct ovl_session *ss, char **envp)
{
	session = ss;
	environment = envp;
}

/* The arguments are in front of the environment, and their number in front of them. */
static char **find_argv(char **envp)
{
	char **argv = envp - 1;

	for (uintptr_t n = 0; (uintptr_t)argv[-1] != n; n++)
		argv--;
	return argv;
}

/* In LD_PRELOAD, where our object is the last one, the other takes its place. */
static int change_preload(char *var, char *to, size_t size)
{
	struct ovl_str own = session->preload;
	struct ovl_str names = session->names;
	size_t n = strlen(var);

	if (n < own.len || !ovl_str_equal(var + n - own.len, ovl_session_str(session, own)))
		return -ENOENT;
	n -= own.len;
	if (n + names.len >= size)
		return -ENAMETOOLONG;
	memcpy(to, var, n);
	memcpy(to + n, ovl_session_str(session, names), names.len + 1);
	return 0;
}

/* The program's own file, by the name that it has: the kernel calls the process by it. */
static int find_program(char *to, size_t size)
{
	long n = ovl_sys(__NR_readlink, PROGRAM, to, size - 1);

	if (n < 0)
		return (int)n;
	to[n] = '\0';
	/* the loader maps what the kernel would not: it cannot be asked again */
	return ovl_str_equal(to, ovl_session_str(session, session->loader)) ? -ENOEXEC : 0;
}

void ovl_again(const char *what, const char *why, long err)
{
	static OVL_LARGE char preload[2 * PATH_MAX];
	static OVL_LARGE char program[PATH_MAX];
	char **env = environment;

	if (!env || !session->names.len || find_program(program, sizeof(program)))
		ovl_die(what, why, err);
	for (; *env; env++) {
		if (ovl_str_starts(*env, PRELOAD) &&
		    !change_preload(*env, preload, sizeof(preload)))
			*env = preload;
	}
	if (*preload)
		(void)ovl_sys(__NR_execve, program, find_argv(environment), environment);
	ovl_die(what, why, err);
}
