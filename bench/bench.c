/* SPDX-License-Identifier: MIT */
/*
 * bench.c - what one file operation costs, in nanoseconds
 *
 *   bench DIR                  set the tree up, then measure every operation: "NAME NS" lines
 *   bench DIR OP...            the same, of these
 *   bench DIR OP COUNT         set the tree up, then do one operation COUNT times: for strace
 *   bench DIR instructions     the number of them for one operation: those of the kernel are not
 * seen bench DIR large            the few that take a large tree, which stands already bench DIR
 * memory           what the process has for itself, and with all of "large" looked at bench -l | -L
 * names of the operations, of the large ones
 *
 * DIR is the tree made by bench/run: what stands under lower/ there is untouched, what the set-up
 * adds lies in upper. Nothing here knows which competitor it runs under; but with BENCH_PLAIN set
 * there are no layers, and a first write does what cp(1) does instead.
 */
#include "ops.h"

#include <ctype.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <time.h>

#define BATCHES	 5
#define BATCH_NS 4000000
#define STEPPED	 2 /* calls whose instructions are counted */

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* Two who do the same at the same time, in memory that processes share. */
struct worker {
	char path[8192];
	uint64_t start;
	uint64_t end;
	pthread_t thread;
	pid_t process;
};

static struct pair {
	pthread_barrier_t line; /* from where both start */
	const struct op *op;
	unsigned first;
	unsigned n;
	struct worker w[2];
} * pair;

static void *work(void *arg)
{
	struct worker *w = arg;

	pthread_barrier_wait(&pair->line);
	w->start = now();
	for (unsigned i = 0; i < pair->n; i++)
		pair->op->run(w->path, pair->first + i);
	w->end = now();
	return NULL;
}

static void begin(struct worker *w)
{
	pid_t child;

	if (pair->op->how == THREADS) {
		if (pthread_create(&w->thread, NULL, work, w))
			errx(1, "pthread_create");
		return;
	}
	child = fork();
	must(child, "fork");
	if (!child) {
		work(w);
		_exit(0);
	}
	w->process = child; /* not by the child: it writes to the same memory */
}

static void end(struct worker *w)
{
	int status = 0;

	if (pair->op->how == THREADS)
		pthread_join(w->thread, NULL);
	else
		waitpid(w->process, &status, 0);
	if (status)
		errx(1, "%s: status %d", pair->op->name, status);
}

static void make_pair(const struct op *op)
{
	pthread_barrierattr_t shared;

	if (!pair)
		pair = mmap(NULL, sizeof(*pair), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			    -1, 0);
	if (pair == MAP_FAILED)
		err(1, "mmap");
	pthread_barrierattr_init(&shared);
	pthread_barrierattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&pair->line, &shared, 2);
	pair->op = op;
}

/* From the start of the first to the end of the last. */
static uint64_t batch_of_two(const struct op *op, const char *path, unsigned first, unsigned n)
{
	struct worker *w;

	make_pair(op);
	pair->first = first;
	pair->n = n;
	w = pair->w;
	for (int i = 0; i < 2; i++) {
		/* only what creates takes a name of its own */
		snprintf(w[i].path, sizeof(w[i].path), op->run == op_create ? "%s%d" : "%s", path,
			 i);
		begin(&w[i]);
	}
	for (int i = 0; i < 2; i++)
		end(&w[i]);
	return (w[0].end > w[1].end ? w[0].end : w[1].end) -
	       (w[0].start < w[1].start ? w[0].start : w[1].start);
}

static uint64_t batch(const struct op *op, const char *path, unsigned first, unsigned n)
{
	uint64_t start = now();

	if (op->how != ALONE)
		return batch_of_two(op, path, first, n);
	for (unsigned i = 0; i < n; i++)
		op->run(path, first + i);
	return now() - start;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Median of some batches, each long enough for the clock; even numbers of calls. */
static double measure(const struct op *op, const char *path)
{
	double ns[BATCHES];
	unsigned done = 0;
	unsigned n = 2;

	if (op->most)
		return (double)batch(op, path, 0, op->most) / op->most;
	for (;; n *= 2) {
		uint64_t took = batch(op, path, done, n);

		done += n;
		if (took > BATCH_NS / 2)
			break;
	}
	for (int i = 0; i < BATCHES; i++) {
		ns[i] = (double)batch(op, path, done, n) / n;
		done += n;
	}
	qsort(ns, BATCHES, sizeof(ns[0]), by_value);
	return ns[BATCHES / 2];
}

static const char *op_path(const struct op *op)
{
	return op->path[0] == '@' ? path_of(op->path + 1) : op->path;
}

static int list(void)
{
	for (size_t i = 0; i < NOPS; i++)
		puts(ops[i].name);
	return 0;
}

static int repeat(const char *name, unsigned n)
{
	for (size_t i = 0; i < NOPS; i++) {
		if (strcmp(ops[i].name, name))
			continue;
		batch(&ops[i], op_path(&ops[i]), 0, n);
		return 0;
	}
	errx(2, "%s: no such operation", name);
}

static bool is(const char *arg, const char *word)
{
	return arg && !strcmp(arg, word);
}

/* Is @name one of @names, or are there none? */
static bool chosen(const char *name, char *const *names)
{
	if (!names || !*names)
		return true;
	while (*names && strcmp(*names, name))
		names++;
	return *names;
}

static void measure_all(const struct op *op, size_t n, char *const *names)
{
	for (size_t i = 0; i < n; i++) {
		if (!chosen(op[i].name, names))
			continue;
		printf("%s %.0f\n", op[i].name, measure(&op[i], op_path(&op[i])));
		fflush(stdout);
	}
}

static bool has_steps(const struct op *op)
{
	return op->how == ALONE && !op->most && op->run != op_exec && op->run != op_exec_static;
}

/* From the first signal to the second the parent counts. */
static void do_counted(const struct op *op, unsigned n)
{
	const char *path = op_path(op);

	raise(SIGUSR1);
	for (unsigned i = 0; i < n; i++)
		op->run(path, i);
	raise(SIGUSR1);
}

/* Each operation is done not once and then some times, counted both times. */
__attribute__((noreturn)) static void do_all_counted(void)
{
	must(ptrace(PTRACE_TRACEME, 0, NULL, NULL), "ptrace");
	raise(SIGSTOP);
	for (size_t i = 0; i < NOPS; i++) {
		if (!has_steps(&ops[i]))
			continue;
		batch(&ops[i], op_path(&ops[i]), 0, 2 * STEPPED);
		do_counted(&ops[i], 0);
		do_counted(&ops[i], STEPPED);
	}
	_exit(0);
}

/* Instructions of @child from one SIGUSR1 to the next, each a stop. */
static long steps(pid_t child)
{
	bool counting = false;
	int status = 0;
	long n = 0;

	for (;; n += counting) {
		must(ptrace(counting ? PTRACE_SINGLESTEP : PTRACE_CONT, child, NULL, NULL),
		     "ptrace");
		must(waitpid(child, &status, 0), "wait");
		if (!WIFSTOPPED(status))
			errx(1, "the counted process has ended");
		if (WSTOPSIG(status) != SIGUSR1)
			continue;
		if (counting)
			return n;
		counting = true;
	}
}

static void count_instructions(void)
{
	pid_t child = fork();
	long none;

	must(child, "fork");
	if (!child)
		do_all_counted();
	must(waitpid(child, NULL, 0), "wait");
	for (size_t i = 0; i < NOPS; i++) {
		if (!has_steps(&ops[i]))
			continue;
		none = steps(child);
		printf("%s %ld\n", ops[i].name, (steps(child) - none) / STEPPED);
		fflush(stdout);
	}
	ptrace(PTRACE_KILL, child, NULL, NULL);
}

/* KiB that /proc tells of this process under @what. */
static long kib(const char *what)
{
	FILE *f = fopen("/proc/self/smaps_rollup", "re");
	size_t n = strlen(what);
	char text[256];
	long value = 0;

	while (f && fgets(text, sizeof(text), f)) {
		if (!strncmp(text, what, n))
			value = strtol(text + n, NULL, 10);
	}
	if (f)
		fclose(f);
	return value;
}

/* What a process has for itself, and what it takes to know 100,000 names of upper. */
static int memory(void)
{
	char name[64];
	long before;

	printf("process-private %ld\n", kib("Anonymous:"));
	before = kib("Rss:");
	for (int i = 0; i < 100000; i++) {
		snprintf(name, sizeof(name), "own/%d", i);
		op_stat(name, 0);
	}
	op_readdir("own", 0);
	printf("100k-upper-entries %ld\n", kib("Rss:") - before);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "-l"))
		return list();
	if (argc < 2)
		errx(2, "usage: bench DIR [OP [COUNT] | instructions | large | memory] | bench -l");
	snprintf(top, sizeof(top), "%s", argv[1]);
	must(chdir(top), top);
	if (is(argv[2], "memory"))
		return memory();
	if (is(argv[2], "large")) {
		measure_all(large, NLARGE, NULL);
		return 0;
	}
	set_up();
	if (is(argv[2], "instructions"))
		count_instructions();
	else if (argc == 4 && isdigit((unsigned char)*argv[3]))
		return repeat(argv[2], (unsigned)strtoul(argv[3], NULL, 10));
	else
		measure_all(ops, NOPS, argv + 2);
	return 0;
}
