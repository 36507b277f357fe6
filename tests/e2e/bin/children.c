/* SPDX-License-Identifier: MIT */
/*
 * children FILE - children of every kind open FILE: vfork, posix_spawn, fork, and clone
 * through syscall(), with and without a stack of its own
 *
 * Prints a line per kind, "NAME ok" or "NAME STATUS".
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK (64 * 1024)

extern char **environ;
static const char *file;

static void report(const char *name, pid_t pid)
{
	int status = -1;

	if (pid > 0)
		waitpid(pid, &status, __WALL);
	if (pid > 0 && status == 0)
		printf("%s ok\n", name);
	else
		printf("%s %d %x\n", name, pid, status);
}

static int try_open(void)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? 1 : close(fd);
}

static int on_own_stack(void *unused)
{
	(void)unused;
	return try_open();
}

static pid_t by_vfork(void)
{
	pid_t pid = vfork();

	if (!pid)
		_exit(try_open());
	return pid;
}

static pid_t by_vfork_exec(void)
{
	pid_t pid = vfork();

	if (!pid) {
		execlp("test", "test", "-r", file, NULL);
		_exit(9);
	}
	return pid;
}

static pid_t by_spawn(void)
{
	char *args[] = {"cat", NULL};
	posix_spawn_file_actions_t fa;
	pid_t pid;

	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 0, file, O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&fa, 1, "/dev/null", O_WRONLY, 0);
	return posix_spawnp(&pid, "cat", &fa, NULL, args, environ) ? -1 : pid;
}

static pid_t by_syscall_fork(void)
{
	pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (!pid)
		_exit(try_open());
	return pid;
}

static pid_t by_clone(void)
{
	char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return clone(on_own_stack, stack + STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
}

static pid_t by_syscall_clone3(void)
{
	uint64_t args[11] = {0, 0, 0, 0, SIGCHLD};
	pid_t pid = (pid_t)syscall(SYS_clone3, args, sizeof(args));

	if (!pid)
		_exit(try_open());
	return pid;
}

static pid_t by_fork(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(try_open());
	return pid;
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	file = argv[1];
	setvbuf(stdout, NULL, _IONBF, 0);
	report("vfork", by_vfork());
	report("vfork_exec", by_vfork_exec());
	report("spawn", by_spawn());
	report("syscall_fork", by_syscall_fork());
	report("clone", by_clone());
	report("syscall_clone3", by_syscall_clone3());
	report("fork", by_fork());
	printf("syscall_open %s\n", syscall(SYS_open, file, O_RDONLY) >= 0 ? "ok" : "failed");
	printf("syscall_getpid %s\n", syscall(SYS_getpid) == getpid() ? "ok" : "failed");
	return 0;
}
