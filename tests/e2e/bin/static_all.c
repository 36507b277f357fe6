/* SPDX-License-Identifier: MIT */
/*
 * static_all - what a program without a dynamic linker does to files, and how it starts others
 *
 * Linked statically in every way there is, and run in a directory that holds: f (a file), d/g,
 * e/ (empty), l -> f. It prints what it saw, for a comparison with a plain directory.
 */
#include <errno.h>
#include <fcntl.h>
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 8
#define FILES	50

extern char **environ;

static void told(const char *what, long r)
{
	printf("%s: %ld %s\n", what, r, r < 0 ? strerror(errno) : "");
}

static void *make_files(void *arg)
{
	char name[64];

	for (int i = 0; i < FILES; i++) {
		int fd;

		snprintf(name, sizeof(name), "e/%ld.%d", (long)arg, i);
		fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0640);
		if (fd < 0 || write(fd, name, strlen(name)) < 0 || close(fd))
			return (void *)-1L;
	}
	return NULL;
}

static void threads(void)
{
	pthread_t t[THREADS];
	long bad = 0;

	for (long i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, make_files, (void *)i);
	for (int i = 0; i < THREADS; i++) {
		void *r;

		pthread_join(t[i], &r);
		bad += r != NULL;
	}
	told("threads", -bad);
}

static int wait_for(pid_t pid)
{
	int status = -1;

	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -status;
}

static void children(void)
{
	char *const sh[] = {"sh", "-c", "echo spawned >spawned; exit 6", NULL};
	char *const gone[] = {"none", NULL};
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(mkdir("forked", 0700) ? errno : 5);
	told("fork", wait_for(pid));
	pid = vfork();
	if (!pid) {
		execve("/bin/sh", sh, environ);
		_exit(99);
	}
	told("vfork", wait_for(pid));
	told("spawn", posix_spawn(&pid, "/bin/sh", NULL, NULL, sh, environ));
	told("spawned", wait_for(pid));
	told("spawn none", posix_spawn(&pid, "./none", NULL, NULL, gone, environ));
	told("system", system("echo by system >>f"));
}

static void on_alarm(int sig)
{
	int fd = open("alarm", O_CREAT | O_WRONLY, 0600);

	(void)sig;
	close(fd);
}

/* A handler on a small stack of its own, and a call that it interrupts. */
static void signals(void)
{
	struct sigaction act = {.sa_handler = on_alarm, .sa_flags = SA_ONSTACK};
	/* again and again: the first may come before the call that it is to interrupt */
	struct itimerval soon = {.it_value = {.tv_usec = 20000}, .it_interval = {.tv_usec = 20000}};
	const struct itimerval never = {0};
	stack_t st = {.ss_sp = malloc(16384), .ss_size = 16384};
	char byte;
	int p[2];

	sigaltstack(&st, NULL);
	sigaction(SIGALRM, &act, NULL);
	told("pipe", pipe(p));
	setitimer(ITIMER_REAL, &soon, NULL);
	told("read", read(p[0], &byte, 1));
	setitimer(ITIMER_REAL, &never, NULL);
	told("access alarm", access("alarm", F_OK));
}

static void names(void)
{
	const struct timespec when[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000001}};
	int dir = open("d", O_RDONLY | O_DIRECTORY);
	int fd;

	told("chmod", chmod("f", 0600));
	told("utimensat", utimensat(AT_FDCWD, "l", when, 0));
	told("truncate", truncate("f", 2));
	told("link", link("f", "hard"));
	told("symlink", symlink("d/g", "soft"));
	told("renameat", renameat(dir, "g", AT_FDCWD, "moved"));
	told("rename dir", rename("d", "dd"));
	told("unlink", unlink("l"));
	told("mkfifo", mkfifo("fifo", 0600));
	told("open none", open("none/x", O_RDONLY));
	fd = openat(dir, "new", O_CREAT | O_RDWR, 0644);
	told("write", write(fd, "new\n", 4));
	told("fchmod", fchmod(fd, 0444));
	told("mkdirat", mkdirat(dir, "sub", 0755));
	told("chdir", chdir("dd/sub"));
	told("rmdir", rmdir("../../dd/sub"));
	told("getcwd", getcwd((char[300]){0}, 300) ? 0 : -1);
	told("fchdir", fchdir(dir));
	told("chdir ..", chdir(".."));
}

static void listing(void)
{
	DIR *d = opendir(".");
	struct dirent *e;
	long n = 0;

	while ((e = readdir(d)))
		n++;
	closedir(d);
	told("entries", n);
}

int main(int argc, char **argv)
{
	char exe[4096] = "";

	printf("%d %s %s\n", argc, argv[0], argv[argc - 1]);
	told("exe", readlink("/proc/self/exe", exe, sizeof(exe) - 1));
	printf("%s\n", exe);
	names();
	threads();
	children();
	signals();
	listing();
	return 3;
}
