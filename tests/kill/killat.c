/* SPDX-License-Identifier: MIT */
/*
 * killat.c - killat N[:ERRNO[+]] OPERATION PATH [PATH] -- COMMAND...: a change cut off half-way
 *
 * A child does the operation; it is killed (SIGKILL) in front of its N-th system call that may
 * change a file, whoever issues it: the program or the engine. With ERRNO (a number) that call
 * fails instead, with + all further ones too; the operation's own errno is told in a first line,
 * "errno E", or "signal S". Then this process, which is of the same run, executes COMMAND. Status
 * 77 instead: the operation ended before its N-th.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static int act_open(const char *a, int flags, const char *text)
{
	int fd = open(a, flags, 0640);

	return fd < 0 || (*text && write(fd, text, strlen(text)) < 0) ? -1 : 0;
}

static int act_rename(const char *a, const char *b, unsigned flags)
{
	return (int)syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, flags);
}

static int act(const char *op, const char *a, const char *b)
{
	if (!strcmp(op, "append"))
		return act_open(a, O_WRONLY | O_APPEND, "more\n");
	if (!strcmp(op, "open"))
		return act_open(a, O_WRONLY, "");
	if (!strcmp(op, "empty"))
		return act_open(a, O_WRONLY | O_TRUNC, "");
	if (!strcmp(op, "create"))
		return act_open(a, O_WRONLY | O_CREAT | O_EXCL, "");
	if (!strcmp(op, "truncate"))
		return truncate(a, 3);
	if (!strcmp(op, "mkdir"))
		return mkdir(a, geteuid() ? 0750 : 0500); /* a user cannot move that: create.c */
	if (!strcmp(op, "mkfifo"))
		return mkfifo(a, 0600);
	if (!strcmp(op, "symlink"))
		return symlink(b, a);
	if (!strcmp(op, "link"))
		return link(a, b);
	if (!strcmp(op, "unlink"))
		return unlink(a);
	if (!strcmp(op, "rmdir"))
		return rmdir(a);
	if (!strcmp(op, "rename"))
		return act_rename(a, b, 0);
	if (!strcmp(op, "noreplace"))
		return act_rename(a, b, 1);
	if (!strcmp(op, "exchange"))
		return act_rename(a, b, 2);
	if (!strcmp(op, "chmod"))
		return chmod(a, 0700);
	if (!strcmp(op, "utimes"))
		return utimensat(AT_FDCWD, a, (struct timespec[]){{1, 0}, {2, 0}},
				 AT_SYMLINK_NOFOLLOW);
	if (!strcmp(op, "setxattr"))
		return setxattr(a, "user.k", "v", 1, 0);
	errno = ENOSYS;
	return -1;
}

static const int changing[] = {
	SYS_rename,    SYS_renameat,  SYS_renameat2,	   SYS_link,	     SYS_linkat,
	SYS_unlink,    SYS_unlinkat,  SYS_rmdir,	   SYS_mkdir,	     SYS_mkdirat,
	SYS_mknod,     SYS_mknodat,   SYS_symlink,	   SYS_symlinkat,    SYS_setxattr,
	SYS_lsetxattr, SYS_fsetxattr, SYS_removexattr,	   SYS_lremovexattr, SYS_fremovexattr,
	SYS_chmod,     SYS_fchmod,    SYS_fchmodat,	   SYS_chown,	     SYS_lchown,
	SYS_fchown,    SYS_fchownat,  SYS_utimensat,	   SYS_truncate,     SYS_ftruncate,
	SYS_write,     SYS_sendfile,  SYS_copy_file_range, SYS_ioctl,	     SYS_exit_group,
};

static int changes(const struct user_regs_struct *r)
{
	if (r->orig_rax == SYS_openat)
		return (r->rdx & (O_CREAT | O_TRUNC)) != 0;
	for (size_t i = 0; i < sizeof(changing) / sizeof(changing[0]); i++)
		if (r->orig_rax == (unsigned long)changing[i])
			return 1;
	return 0;
}

/* Let @child go on to its @n-th changing call and kill it there; 0: it ended before. */
static int kill_at(pid_t child, long n)
{
	struct user_regs_struct regs;
	int status;
	int entry = 1;

	waitpid(child, &status, 0);
	ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD);
	for (;;) {
		ptrace(PTRACE_SYSCALL, child, 0, 0);
		if (waitpid(child, &status, 0) < 0 || !WIFSTOPPED(status))
			return 0;
		if (WSTOPSIG(status) != (SIGTRAP | 0x80))
			continue;
		ptrace(PTRACE_GETREGS, child, 0, &regs);
		if (entry && changes(&regs) && --n == 0) {
			kill(child, SIGKILL);
			waitpid(child, &status, 0);
			return 1;
		}
		entry = !entry;
	}
}

/* Of the calls that @child is about to make the @n-th that changes fails with @err, and, if @on,
 * all behind it. 0: it ended before. *@ret_status: how it ended. */
static int fail_at(pid_t child, long n, int err, int on, int *ret_status)
{
	struct user_regs_struct regs;
	int entry = 1;
	int failing = 0;

	waitpid(child, ret_status, 0);
	ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD);
	for (;;) {
		ptrace(PTRACE_SYSCALL, child, 0, 0);
		if (waitpid(child, ret_status, 0) < 0 || !WIFSTOPPED(*ret_status))
			return n <= 0;
		if (WSTOPSIG(*ret_status) != (SIGTRAP | 0x80))
			continue;
		ptrace(PTRACE_GETREGS, child, 0, &regs);
		if (entry && changes(&regs) && regs.orig_rax != SYS_exit_group) {
			n--;
			failing = n == 0 || (n < 0 && on);
			if (failing)
				regs.orig_rax = (unsigned long)-1; /* no call: not made */
		} else if (!entry && failing) {
			regs.rax = (unsigned long)-err;
		}
		if (failing)
			ptrace(PTRACE_SETREGS, child, 0, &regs);
		failing = entry && failing;
		entry = !entry;
	}
}

/* The same as @how, "N:ERRNO[+]", tells; how the operation ended is told. */
static int fail_as(pid_t child, const char *how)
{
	char *at;
	long n = strtol(how, &at, 10);
	int err = (int)strtol(at + 1, &at, 10);
	int status;

	if (!fail_at(child, n, err, *at == '+', &status))
		return 0;
	printf(WIFSIGNALED(status) ? "signal %d\n" : "errno %d\n",
	       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	fflush(stdout);
	return 1;
}

int main(int argc, char **argv)
{
	int at = 3;
	pid_t child;

	while (at < argc && strcmp(argv[at], "--"))
		at++;
	if (argc < 5 || at + 1 >= argc) {
		fprintf(stderr, "killat N[:ERRNO[+]] OPERATION PATH [PATH] -- COMMAND...\n");
		return 2;
	}
	child = fork();
	if (!child) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		if (act(argv[2], argv[3], at > 4 ? argv[4] : NULL))
			_exit(errno);
		_exit(0);
	}
	if (strchr(argv[1], ':') ? !fail_as(child, argv[1]) : !kill_at(child, atol(argv[1])))
		return 77;
	execvp(argv[at + 1], argv + at + 1);
	return 1;
}
