/* SPDX-License-Identifier: MIT */
/*
 * small_sigstack DIR - a signal handler on 4 KiB opens, reads and writes files below DIR
 *
 * Prints how many of its calls succeeded. The page below the stack is a guard. Linked with
 * -z now: binding a first call takes 3 KiB of stack.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE  4096
#define STACK PAGE

static int good;
static char list[1024];

static void handler(int sig)
{
	struct stat st;
	int fd;

	(void)sig;
	fd = open("old", O_RDONLY);
	good += fd >= 0;
	close(fd);
	fd = open("new", O_CREAT | O_RDWR, 0644);
	good += fd >= 0;
	good += write(fd, "x", 1) == 1;
	close(fd);
	good += stat("new", &st) == 0;
	good += open("missing/name", O_RDONLY) < 0;
	fd = open("dir", O_RDONLY | O_DIRECTORY);
	good += fd >= 0;
	good += syscall(SYS_getdents64, fd, list, sizeof(list)) > 0;
	close(fd);
}

int main(int argc, char **argv)
{
	struct sigaction sa = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
	stack_t ss = {.ss_size = STACK};
	char *p = mmap(NULL, STACK + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);

	if (argc != 2 || p == MAP_FAILED || mprotect(p, PAGE, PROT_NONE) || chdir(argv[1]))
		return 2;
	ss.ss_sp = p + PAGE;
	if (sigaltstack(&ss, NULL) || sigaction(SIGUSR1, &sa, NULL))
		return 2;
	for (int i = 0; i < 3; i++)
		raise(SIGUSR1);
	printf("%d\n", good);
	return 0;
}
