/* SPDX-License-Identifier: MIT */
/*
 * ops.h - the operations that bench.c measures, each with what it takes, and their tables
 */
#ifndef BENCH_OPS_H
#define BENCH_OPS_H

#include <err.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define COPIES 200 /* files under copy/: each can be written first only once */

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

/* `cp --reflink=auto @from @to`: holes stay holes. */
static void copy(const char *from, const char *to)
{
	int in = open(from, O_RDONLY);
	int out = open(to, O_WRONLY | O_CREAT | O_EXCL, 0644);
	off_t at = 0;
	struct stat st;

	must(in, from);
	must(out, to);
	must(fstat(in, &st), from);
	if (ioctl(out, FICLONE, in)) {
		while ((at = lseek(in, at, SEEK_DATA)) >= 0) {
			off_t end = lseek(in, at, SEEK_HOLE);
			off_t to_at = at;

			while (at < end)
				must(copy_file_range(in, &at, out, &to_at, (size_t)(end - at), 0),
				     to);
		}
		must(ftruncate(out, st.st_size), to);
	}
	close(in);
	close(out);
}

/* The first change of a file. */
static void first_write(const char *name)
{
	char made[96];
	int fd;

	if (getenv("BENCH_PLAIN")) {
		snprintf(made, sizeof(made), "%s.copy", name);
		copy(name, made);
		name = made;
	}
	fd = open(name, O_WRONLY);
	must(fd, name);
	must(write(fd, "x", 1), name);
	close(fd);
}

/* There are only so many. */
static void op_first_write(const char *path, unsigned i)
{
	char name[64];

	if (i >= COPIES)
		return;
	snprintf(name, sizeof(name), "%s/%u", path, i);
	first_write(name);
}

static void op_first_write_one(const char *path, unsigned i)
{
	if (!i)
		first_write(path);
}

/* A program that is linked statically stands beside this one. */
static const char *beside(const char *name)
{
	static char path[4200];
	char self[4096] = "";
	char *end;

	must(readlink("/proc/self/exe", self, sizeof(self) - 1), "/proc/self/exe");
	end = strrchr(self, '/');
	snprintf(path, sizeof(path), "%.*s/%s", (int)(end - self), self, name);
	return path;
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

static void op_exec_static(const char *path, unsigned i)
{
	static const char *program;

	if (!program)
		program = beside(path);
	op_exec(program, i);
}

enum how {
	ALONE,
	THREADS,   /* two of them at once */
	PROCESSES, /* the same */
};

struct op {
	const char *name;
	const char *path; /* relative: a leading '@' makes it absolute */
	void (*run)(const char *path, unsigned i);
	unsigned most; /* calls; 0: as many as it takes */
	enum how how;  /* by two: each with its number behind the path */
};

static const struct op ops[] = {
	{"stat", "@lower/file", op_stat, 0, ALONE},
	{"stat-relative", "lower/file", op_stat, 0, ALONE},
	{"stat-20-deep", "@a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/file", op_stat, 0, ALONE},
	{"missing", "@lower/missing", op_missing, 0, ALONE},
	{"open-missing", "@lower/missing", op_open_missing, 0, ALONE},
	{"open+close", "@lower/file", op_open, 0, ALONE},
	{"access", "@lower/file", op_access, 0, ALONE},
	{"readlink", "@lower/link", op_readlink, 0, ALONE},
	{"openat+close", "lower/file", op_openat, 0, ALONE},
	{"fstatat", "lower/file", op_fstatat, 0, ALONE},
	{"fstat", "lower/file", op_fstat, 0, ALONE},
	{"getcwd", "", op_getcwd, 0, ALONE},
	{"pread-4k", "lower/file", op_pread, 0, ALONE},
	{"stat-upper", "@upper/file", op_stat, 0, ALONE},
	{"open+close-upper", "@upper/file", op_open, 0, ALONE},
	{"stat-merged", "@merged/upper-file", op_stat, 0, ALONE},
	{"missing-merged", "@merged/missing", op_missing, 0, ALONE},
	{"create+unlink", "@upper/new", op_create, 0, ALONE},
	{"create+unlink-merged", "@merged/new", op_create, 0, ALONE},
	{"rename", "upper", op_rename, 0, ALONE},
	{"mkdir+rmdir", "@upper/newdir", op_mkdir, 0, ALONE},
	{"readdir-10", "@lower10", op_readdir, 0, ALONE},
	{"readdir-1000", "@lower1000", op_readdir, 0, ALONE},
	{"readdir-10-merged", "@merged10", op_readdir, 0, ALONE},
	{"readdir-1000-merged", "@merged1000", op_readdir, 0, ALONE},
	{"first-write-4k", "copy", op_first_write, COPIES, ALONE},
	{"first-write-64m", "copy/64m", op_first_write_one, 1, ALONE},
	{"first-write-1g-sparse", "copy/1g", op_first_write_one, 1, ALONE},
	{"exec-true", "/bin/true", op_exec, 0, ALONE},
	{"exec-static", "true", op_exec_static, 0, ALONE},
	{"stat-2-threads", "@lower/file", op_stat, 0, THREADS},
	{"stat-2-processes", "@lower/file", op_stat, 0, PROCESSES},
	{"stat-upper-2-threads", "@upper/file", op_stat, 0, THREADS},
	{"create+unlink-2-threads", "@upper/new", op_create, 0, THREADS},
	{"create+unlink-2-processes", "@upper/new", op_create, 0, PROCESSES},
};

/* On a tree that bench/run makes once, with an upper that is there before. */
static const struct op large[] = {
	{"readdir-100k", "@plain", op_readdir, 0, ALONE},
	{"readdir-100k-merged", "@merged", op_readdir, 0, ALONE},
	{"stat-of-100k", "@plain/77777", op_stat, 0, ALONE},
	{"stat-of-100k-merged", "@merged/77777", op_stat, 0, ALONE},
};

#define NOPS   (sizeof(ops) / sizeof(ops[0]))
#define NLARGE (sizeof(large) / sizeof(large[0]))

#endif
