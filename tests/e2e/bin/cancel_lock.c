/* SPDX-License-Identifier: MIT */
/*
 * cancel_lock FILE - cancel a thread that waits for a POSIX lock that another process holds
 *
 * The thread's descriptor is opened first, for reading. Prints "handler", "canceled".
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int fd;
static volatile pid_t tid;

static void say(void *text)
{
	puts(text);
}

static void *waiter(void *unused)
{
	struct flock l = {.l_type = F_RDLCK};

	pthread_cleanup_push(say, "handler");
	tid = (pid_t)syscall(SYS_gettid);
	unused = (void *)(long)fcntl(fd, F_SETLKW, &l);
	pthread_cleanup_pop(0);
	return unused;
}

/* Does the thread sleep in fcntl? */
static int sleeps(void)
{
	char path[64];
	int nr = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", (int)tid);
	f = fopen(path, "r");
	if (!f)
		return 0;
	if (fscanf(f, "%d", &nr) != 1)
		nr = -1; /* it runs */
	fclose(f);
	return nr == SYS_fcntl;
}

/* Hold the file until standard input of this process ends. */
static void hold(const char *path, int ready, int until)
{
	struct flock l = {.l_type = F_WRLCK};
	int held = open(path, O_RDWR);
	char c;

	if (held < 0 || fcntl(held, F_SETLK, &l) || write(ready, "", 1) != 1)
		_exit(1);
	_exit(read(until, &c, 1) != 0);
}

int main(int argc, char **argv)
{
	int ready[2], until[2];
	pthread_t t;
	void *result;
	char c;

	if (argc != 2 || pipe(ready) || pipe(until))
		return 2;
	setvbuf(stdout, NULL, _IONBF, 0);
	fd = open(argv[1], O_RDONLY);
	if (!fork()) {
		close(until[1]);
		hold(argv[1], ready[1], until[0]);
	}
	close(ready[1]);
	if (read(ready[0], &c, 1) != 1)
		return 3;
	pthread_create(&t, NULL, waiter, NULL);
	while (!tid || !sleeps())
		usleep(1000);
	pthread_cancel(t);
	pthread_join(t, &result);
	puts(result == PTHREAD_CANCELED ? "canceled" : "returned");
	close(until[1]);
	wait(NULL);
	return 0;
}
