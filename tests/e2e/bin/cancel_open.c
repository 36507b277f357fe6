/* SPDX-License-Identifier: MIT */
/*
 * cancel_open FIFO - cancel threads that sleep in open() of a FIFO without a writer
 *
 * Prints "handler", "destructor" and "canceled" for each of three ways to open it.
 * The destructor is what C++ makes of one: a landing pad that unwinding runs.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *fifo;

static void say(void *text)
{
	puts(text);
}

static void destroy(int *unused)
{
	(void)unused;
	puts("destructor");
}

static int by_open(void)
{
	return open(fifo, O_RDONLY);
}

static int by_openat(void)
{
	return openat(AT_FDCWD, fifo, O_RDONLY);
}

static int by_fopen(void)
{
	return fopen(fifo, "r") != NULL;
}

static void *sleeper(void *way)
{
	__attribute__((cleanup(destroy))) int object = 0;

	pthread_cleanup_push(say, "handler");
	/* fopen() is a cancellation point only if the libc likes */
	pthread_setcanceltype(way == (void *)by_fopen ? PTHREAD_CANCEL_ASYNCHRONOUS
						      : PTHREAD_CANCEL_DEFERRED,
			      NULL);
	object = ((int (*)(void))way)();
	pthread_cleanup_pop(0);
	return (void *)(long)object;
}

static void cancel_in(int (*way)(void))
{
	pthread_t t;
	void *result;

	pthread_create(&t, NULL, sleeper, (void *)way);
	usleep(100000);
	pthread_cancel(t);
	pthread_join(t, &result);
	puts(result == PTHREAD_CANCELED ? "canceled" : "returned");
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	setvbuf(stdout, NULL, _IONBF, 0);
	fifo = argv[1];
	cancel_in(by_open);
	cancel_in(by_openat);
	cancel_in(by_fopen);
	return 0;
}
