/* SPDX-License-Identifier: MIT */
/*
 * bench.c - what one file operation costs, in nanoseconds
 *
 *   bench DIR                  set the tree up, then measure every operation: "NAME NS" lines
 *   bench DIR OP COUNT         set the tree up, then do one operation COUNT times: for strace
 *   bench -l                   names of the operations
 *
 * DIR is the tree made by bench/run: what stands under lower/ there is untouched, what the set-up
 * adds lies in upper. Nothing here knows which competitor it runs under.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BATCHES	 5
#define BATCH_NS 4000000
#define COPIES	 200 /* files under copy/: each can be written first only once */

static int dir_fd;
static int file_fd;
static char buf[65536];

static void must(long r, const char *what)
{
	if (r < 0)
		err(1, "%s", what);
}

static void put(const char *name, size_t size)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	must(fd, name);
	must(write(fd, buf, size), name);
	close(fd);
}

/* Names that upper adds to what the lower has. */
static void fill(const char *dir, int from, int to)
{
	char name[64];

	for (int i = from; i < to; i++) {
		snprintf(name, sizeof(name), "%s/%d", dir, i);
		put(name, 0);
	}
}

static void set_up(void)
{
	put("upper-file", 4096);
	put("merged/upper-file", 4096);
	must(mkdir("upper", 0755), "upper");
	put("upper/file", 4096);
	put("upper/from", 0);
	fill("merged10", 5, 10);
	fill("merged1000", 500, 1000);
	dir_fd = open("lower", O_PATH | O_DIRECTORY | O_CLOEXEC);
	file_fd = open("lower/file", O_RDONLY | O_CLOEXEC);
	must(dir_fd, "lower");
	must(file_fd, "lower/file");
}

static char top[4096]; /* DIR, absolute */

static const char *path_of(const char *rel)
{
	static char path[2][8192];
	static unsigned next;
	char *to = path[next++ % 2];

	snprintf(to, sizeof(path[0]), "%s/%s", top, rel);
	return to;
}

/* The operations; each is called with its path and how often it was called before. */

static void op_stat(const char *path, unsigned i)
{
	struct stat st;

	(void)i;
	must(stat(path, &st), path);
}

static void op_missing(const char *path, unsigned i)
{
	struct stat st;

	(void)i;
	if (!stat(path, &st))
		errx(1, "%s exists", path);
}

static void op_open_missing(const char *path, unsigned i)
{
	(void)i;
	if (open(path, O_RDONLY) >= 0)
		errx(1, "%s exists", path);
}

static void op_open(const char *path, unsigned i)
{
	int fd = open(path, O_RDONLY);

	(void)i;
	must(fd, path);
	close(fd);
}

static void op_access(const char *path, unsigned i)
{
	(void)i;
	must(access(path, R_OK), path);
}

static void op_readlink(const char *path, unsigned i)
{
	(void)i;
	must(readlink(path, buf, sizeof(buf)), path);
}

static void op_openat(const char *path, unsigned i)
{
	int fd = openat(dir_fd, "file", O_RDONLY);

	(void)i;
	must(fd, path);
	close(fd);
}

static void op_fstatat(const char *path, unsigned i)
{
	struct stat st;

	(void)i;
	must(fstatat(dir_fd, "file", &st, 0), path);
}

static void op_fstat(const char *path, unsigned i)
{
	struct stat st;

	(void)i;
	must(fstat(file_fd, &st), path);
}

static void op_getcwd(const char *path, unsigned i)
{
	(void)i;
	must(syscall(SYS_getcwd, buf, sizeof(buf)), path);
}

static void op_pread(const char *path, unsigned i)
{
	(void)i;
	must(pread(file_fd, buf, 4096, 0), path);
}

static void op_create(const char *path, unsigned i)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);

	(void)i;
	must(fd, path);
	close(fd);
	must(unlink(path), path);
}

static void op_rename(const char *path, unsigned i)
{
	static const char *const name[] = {"upper/from", "upper/to"};

	must(rename(name[i % 2], name[(i + 1) % 2]), path);
}

static void op_mkdir(const char *path, unsigned i)
{
	(void)i;
	must(mkdir(path, 0755), path);
	must(rmdir(path), path);
}

static void op_readdir(const char *path, unsigned i)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY);
	long n;

	(void)i;
	must(fd, path);
	while ((n = syscall(SYS_getdents64, fd, buf, 32768)) > 0)
		;
	must(n, path);
	close(fd);
}

/* The first change of a file; there are only so many. */
static void op_first_write(const char *path, unsigned i)
{
	char name[64];
	int fd;

	if (i >= COPIES)
		return;
	snprintf(name, sizeof(name), "copy/%u", i);
	fd = open(name, O_WRONLY);
	must(fd, path);
	must(write(fd, "x", 1), name);
	close(fd);
}

static void op_exec(const char *path, unsigned i)
{
	int status = 1;
	pid_t child = vfork();

	(void)i;
	if (!child) {
		execl(path, path, (char *)NULL);
		_exit(127);
	}
	must(child, "vfork");
	must(waitpid(child, &status, 0), "wait");
	if (status)
		errx(1, "%s: status %d", path, status);
}

struct op {
	const char *name;
	const char *path; /* relative: a leading '@' makes it absolute */
	void (*run)(const char *path, unsigned i);
	unsigned most; /* calls; 0: as many as it takes */
};

static const struct op ops[] = {
	{"stat", "@lower/file", op_stat, 0},
	{"stat-relative", "lower/file", op_stat, 0},
	{"stat-20-deep", "@a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/file", op_stat, 0},
	{"missing", "@lower/missing", op_missing, 0},
	{"open-missing", "@lower/missing", op_open_missing, 0},
	{"open+close", "@lower/file", op_open, 0},
	{"access", "@lower/file", op_access, 0},
	{"readlink", "@lower/link", op_readlink, 0},
	{"openat+close", "lower/file", op_openat, 0},
	{"fstatat", "lower/file", op_fstatat, 0},
	{"fstat", "lower/file", op_fstat, 0},
	{"getcwd", "", op_getcwd, 0},
	{"pread-4k", "lower/file", op_pread, 0},
	{"stat-upper", "@upper/file", op_stat, 0},
	{"open+close-upper", "@upper/file", op_open, 0},
	{"stat-merged", "@merged/upper-file", op_stat, 0},
	{"missing-merged", "@merged/missing", op_missing, 0},
	{"create+unlink", "@upper/new", op_create, 0},
	{"create+unlink-merged", "@merged/new", op_create, 0},
	{"rename", "upper", op_rename, 0},
	{"mkdir+rmdir", "@upper/newdir", op_mkdir, 0},
	{"readdir-10", "@lower10", op_readdir, 0},
	{"readdir-1000", "@lower1000", op_readdir, 0},
	{"readdir-10-merged", "@merged10", op_readdir, 0},
	{"readdir-1000-merged", "@merged1000", op_readdir, 0},
	{"first-write-4k", "copy", op_first_write, COPIES},
	{"exec-true", "/bin/true", op_exec, 0},
};

#define NOPS (sizeof(ops) / sizeof(ops[0]))

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static uint64_t batch(const struct op *op, const char *path, unsigned first, unsigned n)
{
	uint64_t begin = now();

	for (unsigned i = 0; i < n; i++)
		op->run(path, first + i);
	return now() - begin;
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

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "-l"))
		return list();
	if (argc != 2 && argc != 4)
		errx(2, "usage: bench DIR [OP COUNT] | bench -l");
	snprintf(top, sizeof(top), "%s", argv[1]);
	must(chdir(top), top);
	set_up();
	if (argc == 4)
		return repeat(argv[2], (unsigned)strtoul(argv[3], NULL, 10));
	for (size_t i = 0; i < NOPS; i++) {
		printf("%s %.0f\n", ops[i].name, measure(&ops[i], op_path(&ops[i])));
		fflush(stdout);
	}
	return 0;
}
