/* SPDX-License-Identifier: MIT */
/*
 * doors.c - what one system call costs by the door through which it reaches the engine
 *
 *   doors FILE     "NAME NS" lines, the best of some batches; FILE is an untouched one, absolute,
 *                  of 4 KiB or more
 *   doors          nothing: what it executes itself, linked as it is
 *
 * Run it natively, and in the view with and without --no-guard: see README.md.
 */
#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BATCHES	 15
#define BATCH_NS 5000000

/* A system call of our own, as compilers of other languages make it. */
long raw(long nr, const void *a, long b, long c, long d);

__asm__(".text\n"
	".balign 16\n"
	"raw:\n"
	"	mov %rdi, %rax\n"
	"	mov %rsi, %rdi\n"
	"	mov %rdx, %rsi\n"
	"	mov %rcx, %rdx\n"
	"	mov %r8, %r10\n"
	"	syscall\n"
	"	cmp $-4095, %rax\n"
	"	ret\n");

static const char *file;

static void op_getpid(void)
{
	(void)syscall(SYS_getpid);
}

/* Its arguments are looked at. */
static void op_open(void)
{
	close(open("/proc/self/none", O_RDONLY));
}

static void op_sigaction(void)
{
	sigaction(SIGUSR1, NULL, &(struct sigaction){0});
}

static void op_sigmask(void)
{
	sigprocmask(SIG_BLOCK, NULL, &(sigset_t){0});
}

static void op_access(void)
{
	(void)!access(file, R_OK);
}

static void op_access_raw(void)
{
	raw(SYS_access, file, R_OK, 0, 0);
}

static void op_unlink(void)
{
	unlink("/proc/none");
}

static void op_unlink_raw(void)
{
	raw(SYS_unlink, "/proc/none", 0, 0, 0);
}

static char block[4096];
static int reads;
static int writes;

static void op_read(void)
{
	(void)!pread(reads, block, sizeof(block), 0);
}

static void op_write(void)
{
	(void)!pwrite(writes, block, sizeof(block), 0);
}

static void execute(const char *program)
{
	pid_t pid = vfork();

	if (!pid) {
		execl(program, program, NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

static void op_exec(void)
{
	execute("/bin/true");
}

static void op_exec_self(void)
{
	execute("/proc/self/exe");
}

static const struct {
	const char *name;
	void (*fn)(void);
} ops[] = {
	{"getpid", op_getpid},	     {"open-missing", op_open},	    {"sigaction", op_sigaction},
	{"sigprocmask", op_sigmask}, {"access", op_access},	    {"access-raw", op_access_raw},
	{"unlink", op_unlink},	     {"unlink-raw", op_unlink_raw}, {"pread-4k", op_read},
	{"pwrite-4k", op_write},     {"exec-true", op_exec},	    {"exec-self", op_exec_self},
};

static long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

static long measure(void (*fn)(void))
{
	long best = LONG_MAX;

	fn();
	for (int i = 0; i < BATCHES; i++) {
		long start = now();
		long n = 0;
		long took;

		do {
			for (int k = 0; k < 16; k++)
				fn();
			n += 16;
			took = now() - start;
		} while (took < BATCH_NS);
		best = took / n < best ? took / n : best;
	}
	return best;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 0;
	file = argv[1];
	reads = open(file, O_RDONLY);
	writes = memfd_create("doors", 0);
	if (reads < 0 || writes < 0)
		err(1, "%s", file);
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		printf("%-14s %ld\n", ops[i].name, measure(ops[i].fn));
	return 0;
}
