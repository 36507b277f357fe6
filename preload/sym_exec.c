/* SPDX-License-Identifier: MIT */
#include "sym_exec.h"

#include "nr.h"
#include "str.h"
#include "sys.h"

#define SHELL "/bin/sh"

/* @path is no program: the shell may know what to do with it, as a script without its first line.
 */
static long run_shell(const char *path, char *const *argv, char *const *envp)
{
	const char **args;
	size_t n = 0;
	size_t size;
	long r;

	while (argv[n])
		n++;
	size = (n + 3) * sizeof(*args);
	r = ovl_sys_room(size);
	if (ovl_is_err(r))
		return -ENOMEM;
	args = (const char **)r;
	args[0] = n ? argv[0] : SHELL;
	args[1] = path;
	for (size_t i = 1; i < n; i++)
		args[i + 1] = argv[i];
	r = ovl_sym(__NR_execve, SHELL, args, envp);
	(void)ovl_sys(__NR_munmap, args, size); /* it was mapped */
	return r;
}

static long run(const char *path, char *const *argv, char *const *envp, enum ovl_search how)
{
	long r = ovl_sym(__NR_execve, path, argv, envp);

	return r == -ENOEXEC && how == OVL_SEARCH_EXEC ? run_shell(path, argv, envp) : r;
}

/* May another directory of PATH have it? */
static bool goes_on(long err)
{
	return err == -ENOENT || err == -ENOTDIR || err == -EACCES || err == -ESTALE ||
	       err == -ENODEV || err == -ETIMEDOUT;
}

static const char *path_variable(void)
{
	char **env = ovl_sym_environ();

	for (; env && *env; env++) {
		if (ovl_str_starts(*env, "PATH="))
			return *env + 5;
	}
	return "/bin:/usr/bin";
}

/* The element of PATH at @dir, of @n bytes, with @file in it. */
static void join(char *to, const char *dir, size_t n, const char *file)
{
	memcpy(to, dir, n);
	if (n)
		to[n++] = '/';
	memcpy(to + n, file, strlen(file) + 1);
}

long ovl_exec_search(const char *file, char *const *argv, char *const *envp, enum ovl_search how)
{
	char path[PATH_MAX];
	const char *dir;
	long r = -ENOENT;
	bool denied = false;
	size_t n;

	if (!*file)
		return -ENOENT;
	if (ovl_str_has(file, "/"))
		return run(file, argv, envp, how);
	if (strlen(file) > NAME_MAX)
		return -ENAMETOOLONG;
	for (dir = path_variable();; dir += n + 1) {
		for (n = 0; dir[n] && dir[n] != ':';)
			n++;
		if (n + 1 + strlen(file) < sizeof(path)) {
			join(path, dir, n, file);
			r = run(path, argv, envp, how);
			denied |= r == -EACCES;
			if (!goes_on(r))
				return r;
		}
		if (!dir[n])
			return denied ? -EACCES : r;
	}
}

SYM(int, execv, const char *path, char *const *argv)
{
	return (int)ovl_sym_ret(ovl_sym(__NR_execve, path, argv, ovl_sym_environ()));
}

SYM(int, execvpe, const char *file, char *const *argv, char *const *envp)
{
	return (int)ovl_sym_ret(ovl_exec_search(file, argv, envp, OVL_SEARCH_EXEC));
}

SYM(int, execvp, const char *file, char *const *argv)
{
	return execvpe(file, argv, ovl_sym_environ());
}

SYM(int, fexecve, int fd, char *const *argv, char *const *envp)
{
	if (fd < 0 || !argv || !envp)
		return (int)ovl_sym_ret(-EINVAL);
	return (int)ovl_sym_ret(ovl_sym(__NR_execveat, fd, "", argv, envp, AT_EMPTY_PATH));
}

int ovl_sym_execl(const char *path, char *const *argv)
{
	return execv(path, argv);
}

int ovl_sym_execle(const char *path, char *const *argv)
{
	char *const *end = argv;

	while (*end)
		end++;
	/* the environment is the argument behind the end */
	return (int)ovl_sym_ret(ovl_sym(__NR_execve, path, argv, end[1]));
}

int ovl_sym_execlp(const char *file, char *const *argv)
{
	return execvp(file, argv);
}
