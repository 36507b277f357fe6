/* SPDX-License-Identifier: MIT */
/*
 * corner.h - what the programs of the corner cases share
 *
 * corner_X SECTION does one section's calls in the cwd, a tree of the lower, and prints a line
 * for each: the call's text, its result, the error's name. The test compares the lines with
 * those of a plain copy of the tree: nothing is expected here, so a section should show all
 * that could differ. Lines go straight to descriptor 1, for forks and for exec.
 */
#ifndef CORNER_H
#define CORNER_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* What this libc's headers may not know yet; x86-64 and arm64 share these numbers. */
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif
#ifndef SYS_setxattrat
#define SYS_setxattrat	  463
#define SYS_getxattrat	  464
#define SYS_listxattrat	  465
#define SYS_removexattrat 466
#endif

/* Make the call, tell it and its result; the value is the result. */
#define DO(call)                                    \
	({                                          \
		long result_;                       \
		errno = 0;                          \
		result_ = (long)(call);             \
		corner_told(#call, result_, errno); \
	})

static inline void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vdprintf(1, fmt, ap);
	va_end(ap);
}

static inline long corner_told(const char *what, long r, int err)
{
	if (r == -1)
		say("%s = -1 %s\n", what, err ? strerrorname_np(err) : "-");
	else
		say("%s = %ld\n", what, r);
	return r;
}

/* Bytes as they are, or escaped, in quotes. */
static inline void say_bytes(const char *s, size_t n)
{
	say("\"");
	for (size_t i = 0; i < n; i++) {
		if (s[i] >= 32 && s[i] < 127)
			say("%c", s[i]);
		else
			say("\\%02x", (unsigned char)s[i]);
	}
	say("\"");
}

/* What stat tells, but for what differs from one plain copy to the next. */
static inline void say_stat(const char *what, const struct stat *st)
{
	bool dir = S_ISDIR(st->st_mode);

	say("%s: %06o n=%ld %d:%d s=%ld r=%lx m=", what, st->st_mode, dir ? 0 : (long)st->st_nlink,
	    (int)st->st_uid, (int)st->st_gid, dir ? 0 : (long)st->st_size, (long)st->st_rdev);
	if (st->st_mtime < 1500000000)
		say("%ld.%09ld\n", (long)st->st_mtime, st->st_mtim.tv_nsec);
	else
		say("now\n");
}

static inline void show(const char *path)
{
	struct stat st;

	if (lstat(path, &st))
		say("%s: %s\n", path, strerrorname_np(errno));
	else
		say_stat(path, &st);
}

static inline void show_fd(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		say("fd %d: %s\n", fd, strerrorname_np(errno));
	else
		say_stat("fd", &st);
}

/* The first bytes of @fd, its offset untouched. */
static inline void content_fd(int fd)
{
	char buf[64];
	ssize_t n = pread(fd, buf, sizeof(buf), 0);

	if (n < 0) {
		say("content: %s\n", strerrorname_np(errno));
		return;
	}
	say("content: ");
	say_bytes(buf, (size_t)n);
	say("\n");
}

static inline void content(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	say("%s ", path);
	if (fd < 0) {
		say("content: %s\n", strerrorname_np(errno));
		return;
	}
	content_fd(fd);
	close(fd);
}

/* Are both one object? */
static inline void same(const char *a, const char *b)
{
	struct stat s;
	struct stat t;

	if (lstat(a, &s) || lstat(b, &t))
		say("%s, %s: %s\n", a, b, strerrorname_np(errno));
	else
		say("%s, %s: %s inode, %s device\n", a, b, s.st_ino == t.st_ino ? "one" : "another",
		    s.st_dev == t.st_dev ? "one" : "another");
}

static inline void same_fd(int fd, const char *b)
{
	struct stat s;
	struct stat t;

	if (fstat(fd, &s) || lstat(b, &t))
		say("fd, %s: %s\n", b, strerrorname_np(errno));
	else
		say("fd, %s: %s inode\n", b, s.st_ino == t.st_ino ? "one" : "another");
}

static inline int corner_by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names of directory @fd, sorted, with their types; @fd stays open. */
static inline void list_fd(int fd)
{
	int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = own < 0 ? NULL : fdopendir(own);
	char *name[256];
	struct dirent *e;
	size_t n = 0;

	if (!d) {
		say("list: %s\n", strerrorname_np(errno));
		return;
	}
	while (n < 256 && (e = readdir(d)))
		if (asprintf(&name[n], "%s:%d", e->d_name, e->d_type) > 0)
			n++;
	closedir(d);
	qsort(name, n, sizeof(*name), corner_by_name);
	say("list:");
	for (size_t i = 0; i < n; i++) {
		say(" %s", name[i]);
		free(name[i]);
	}
	say("\n");
}

static inline void list(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	say("%s ", path);
	list_fd(fd);
	if (fd >= 0)
		close(fd);
}

static inline void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		say("put %s: %s\n", path, strerrorname_np(errno));
	if (fd >= 0)
		close(fd);
}

/* The target of a symlink, with the cwd's path in it as $PWD. */
static inline void say_link(const char *path)
{
	const char *pwd = getenv("PWD");
	char buf[PATH_MAX];
	ssize_t n = readlink(path, buf, sizeof(buf) - 1);

	if (n < 0) {
		say("%s -> %s\n", path, strerrorname_np(errno));
		return;
	}
	buf[n] = '\0';
	if (pwd && !strncmp(buf, pwd, strlen(pwd)))
		say("%s -> $PWD%s\n", path, buf + strlen(pwd));
	else
		say("%s -> %s\n", path, buf);
}

/* Wait for child @pid and tell how it ended. */
static inline void ended(pid_t pid)
{
	int status = 0;

	if (waitpid(pid, &status, 0) != pid)
		say("waitpid: %s\n", strerrorname_np(errno));
	else if (WIFEXITED(status))
		say("child: %d\n", WEXITSTATUS(status));
	else
		say("child: signal %d\n", WTERMSIG(status));
}

struct corner {
	const char *name;
	void (*run)(void);
};

/* main: run the section that argv[1] names. */
static inline int corner_main(int argc, char **argv, const struct corner *table)
{
	alarm(120); /* what waits for a message that got lost is to fail */
	for (; argc > 1 && table->name; table++) {
		if (!strcmp(argv[1], table->name)) {
			table->run();
			return 0;
		}
	}
	dprintf(2, "%s: no such section\n", argv[0]);
	return 99;
}

#endif
