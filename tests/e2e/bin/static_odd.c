/* SPDX-License-Identifier: MIT */
/*
 * static_odd WHAT... - what a program without a dynamic linker may do to its stacks and signals
 *
 * Run in a directory with the files low and only and the FIFO fifo; the latter two are upper's.
 * Prints what it saw.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 200
#define OPENS	1000
#define SPAWNS	600 /* more than the loader has stacks */
#define JUMPS	600
#define TICKS	100

extern char **environ;

static void *open_often(void *unused)
{
	long bad = 0;

	(void)unused;
	for (int i = 0; i < OPENS; i++) {
		int fd = open(i & 1 ? "only" : "low", O_RDONLY);

		bad += fd < 0 || close(fd);
	}
	return (void *)bad;
}

static void threads(void)
{
	static pthread_t t[THREADS];
	long bad = 0;
	void *r;

	for (int i = 0; i < THREADS; i++)
		bad += pthread_create(&t[i], NULL, open_often, NULL);
	for (int i = 0; i < THREADS && !bad; i++)
		bad += pthread_join(t[i], &r) + (long)r;
	printf("threads: %ld bad\n", bad);
}

static pid_t spawn(void)
{
	char *const argv[] = {"true", NULL};
	pid_t pid = vfork();

	if (!pid) {
		execve("/bin/true", argv, environ);
		_exit(9);
	}
	return pid;
}

static void spawns(void)
{
	int bad = 0;

	for (int i = 0; i < SPAWNS; i++) {
		int status = -1;
		pid_t pid = spawn();

		bad += waitpid(pid, &status, 0) != pid || status;
	}
	printf("spawns: %d bad\n", bad);
}

static volatile int ticks;

static void on_tick(int sig)
{
	struct stat st;

	(void)sig;
	if (stat("only", &st))
		abort();
	ticks++;
}

static void repeat_alarm(void (*handler)(int), int flags, int usec)
{
	const struct sigaction act = {.sa_handler = handler, .sa_flags = flags};
	const struct itimerval often = {{0, usec}, {0, usec}};

	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
}

static void no_alarm(void)
{
	const struct itimerval never = {0};

	setitimer(ITIMER_REAL, &never, NULL);
}

static void storm(int flags)
{
	const stack_t st = {.ss_sp = malloc(65536), .ss_size = 65536};
	long bad = 0;

	sigaltstack(&st, NULL);
	ticks = 0;
	repeat_alarm(on_tick, flags, 1000);
	for (int i = 0; ticks < TICKS; i++) {
		int fd = open(i & 1 ? "only" : "low", i & 1 ? O_RDWR : O_RDONLY);

		bad += fd < 0 || close(fd);
	}
	no_alarm();
	printf("storm: %ld bad\n", bad);
}

static void blocked(void)
{
	sigset_t all, old;
	int fd;

	fflush(stdout);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	fd = open("only", O_RDWR);
	printf("blocked: %d %d\n", fd >= 0, mkdir("blocked", 0755));
	if (!fork())
		_exit(mkdir("child", 0755));
	wait(NULL);
	sigprocmask(SIG_SETMASK, NULL, &old);
	printf("still: %d\n", sigismember(&old, SIGTERM));
	sigemptyset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
}

static sigjmp_buf out;

static void jump(int sig)
{
	(void)sig;
	siglongjmp(out, 1);
}

/* Out of a call that waits, again and again. */
static void jumps(int flags)
{
	volatile int done = 0;

	while (done < JUMPS) {
		if (sigsetjmp(out, 1)) {
			done++;
			continue;
		}
		repeat_alarm(jump, 0, 500);
		printf("opened: %d\n", open("fifo", flags));
	}
	no_alarm();
	printf("jumps: %d\n", done);
}

/* On a signal's stack a call waits, and another signal comes on that stack. */
static int fifo[2];

static void on_inner(int sig)
{
	char room[2000];

	memset(room, sig, sizeof(room));
	if (write(fifo[1], room, 1) != 1)
		abort();
}

static void on_outer(int sig)
{
	volatile char room[2000];
	char byte = 0;
	int fd;

	memset((char *)room, 7, sizeof(room));
	(void)sig;
	repeat_alarm(on_inner, SA_ONSTACK | SA_RESTART, 2000);
	fd = open("fifo", O_RDONLY); /* a child opens the other end after the first byte */
	no_alarm();
	for (size_t i = 0; i < sizeof(room); i++)
		byte |= room[i] ^ 7;
	printf("nested: %d %d\n", fd >= 0, byte);
}

static void nested(void)
{
	const struct sigaction act = {.sa_handler = on_outer, .sa_flags = SA_ONSTACK};
	const stack_t st = {.ss_sp = malloc(65536), .ss_size = 65536};
	char byte;

	fflush(stdout);
	if (pipe(fifo))
		abort();
	if (!fork()) {
		_exit(read(fifo[0], &byte, 1) != 1 || open("fifo", O_WRONLY) < 0);
	}
	sigaltstack(&st, NULL);
	sigaction(SIGUSR1, &act, NULL);
	raise(SIGUSR1);
	wait(NULL);
}

static long (*call)(const char *path, long flags, long nr);

static void *call_it(void *unused)
{
	char buf[64] = "";
	long fd = call("only", O_RDONLY, SYS_open);

	(void)unused;
	if (fd < 0 || read((int)fd, buf, sizeof(buf) - 1) < 0)
		puts("none");
	printf("packed: %s", buf);
	fflush(stdout);
	close((int)fd);
	return NULL;
}

/* Text that is written first and made executable then, as a packed program's. */
static void packed(void)
{
	/* mov %rdx,%rax; syscall; ret */
	static const unsigned char text[] = {0x48, 0x89, 0xd0, 0x0f, 0x05, 0xc3};
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_t t;

	memcpy(p, text, sizeof(text));
	if (mprotect(p, 4096, PROT_READ | PROT_EXEC))
		abort();
	call = (long (*)(const char *, long, long))p;
	call_it(NULL);
	pthread_create(&t, NULL, call_it, NULL);
	pthread_join(t, NULL);
	if (!fork()) {
		call_it(NULL);
		_exit(0);
	}
	wait(NULL);
	/* by a number that is in a register */
	if (!syscall(SYS_fork)) {
		call_it(NULL);
		_exit(0);
	}
	wait(NULL);
	blocked();
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "threads"))
			threads();
		if (!strcmp(argv[i], "spawns"))
			spawns();
		if (!strcmp(argv[i], "storm")) {
			storm(0);
			storm(SA_ONSTACK);
			storm(SA_NODEFER);
		}
		if (!strcmp(argv[i], "blocked"))
			blocked();
		if (!strcmp(argv[i], "jumps")) {
			jumps(O_RDONLY);
			jumps(O_WRONLY);
		}
		if (!strcmp(argv[i], "nested"))
			nested();
		if (!strcmp(argv[i], "packed"))
			packed();
	}
	return 0;
}
