/* SPDX-License-Identifier: MIT */
/*
 * raw_fifos OUTSIDE: raw calls that wait. 80 threads open FIFOs of the cwd and of OUTSIDE for
 * writing, until somebody reads. Then a hundred openings are left by siglongjmp(), one is
 * interrupted, and it still works.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "raw.h"

#define THREADS 80

static char name[THREADS][128];
static sigjmp_buf away;

static void *opener(void *arg)
{
	long fd = raw(SYS_open, arg, O_WRONLY, 0);

	return (void *)(fd < 0 ? fd : raw(SYS_write, fd, "x", 1));
}

static void threads(void)
{
	pthread_t t[THREADS];
	int good = 0;

	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&t[i], NULL, opener, name[i]))
			abort();
	for (int i = THREADS; i-- > 0;) {
		char c;
		int fd = open(name[i], O_RDONLY);

		good += fd >= 0 && read(fd, &c, 1) == 1 && c == 'x';
		close(fd);
	}
	for (int i = 0; i < THREADS; i++) {
		void *r;

		pthread_join(t[i], &r);
		if (r != (void *)1)
			printf("%s: %ld\n", name[i], (long)r);
	}
	printf("read: %d\n", good);
}

static void leave(int sig)
{
	(void)sig;
	siglongjmp(away, 1);
}

static void nothing(int sig)
{
	(void)sig;
}

/* The alarm comes again and again: one that is too early does no harm. */
static void alarms(void (*handler)(int), int flags)
{
	const struct itimerval often = {{0, 2000}, {0, 2000}};
	struct sigaction a = {.sa_handler = handler, .sa_flags = flags};

	sigaction(SIGALRM, &a, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
}

static void no_alarms(void)
{
	const struct itimerval never = {0};

	setitimer(ITIMER_REAL, &never, NULL);
	signal(SIGALRM, SIG_IGN);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	for (int i = 0; i < THREADS; i++) {
		snprintf(name[i], sizeof(name[i]), "%s/fifo.%d", i % 2 ? argv[1] : ".", i);
		unlink(name[i]);
		if (mkfifo(name[i], 0600))
			abort();
	}
	threads();
	for (volatile int i = 0; i < 100; i++) {
		if (!sigsetjmp(away, 1)) {
			alarms(leave, 0);
			raw(SYS_open, name[i % THREADS], O_WRONLY, 0);
			puts("opened?");
		}
		no_alarms();
	}
	alarms(nothing, 0);
	printf("interrupted: %ld\n", raw(SYS_open, name[0], O_WRONLY, 0));
	no_alarms();
	threads();
	return 0;
}
