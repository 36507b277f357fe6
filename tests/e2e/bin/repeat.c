/* SPDX-License-Identifier: MIT */
/*
 * repeat.c - repeat CALL PATH N: the same call N times, for counting what reaches the kernel
 *
 * stat, lstat, access, open (with close), missing (stat of PATH that is not there), readlink,
 * read (8 bytes at 0), write (8 bytes at 0; PATH must be writable), lock (of a reader) and
 * wlock (of a writer: locked and unlocked, fcntl and flock), getfl (F_GETFL), fstat, lseek,
 * mmap (with munmap), fsync, getcwd (in the directory PATH), list (the directory PATH: open, read
 * to its end, close), exec (of the program PATH, with vfork and wait).
 * openat (with close), fstatat and missingat are of the last component of PATH, relative to a
 * descriptor of its directory. create (with close and unlink), mkdir (with rmdir) and rename (of
 * PATH, to another name and back) change the view.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int fd = -1;
static int dir = -1;
static const char *last; /* component of PATH */

static int lock(short type)
{
	struct flock l = {.l_type = type};

	if (fcntl(fd, F_SETLK, &l) || flock(fd, type == F_RDLCK ? LOCK_SH : LOCK_EX))
		return 1;
	l.l_type = F_UNLCK;
	return fcntl(fd, F_SETLKW, &l) || flock(fd, LOCK_UN);
}

static int map(void)
{
	void *at = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);

	return at == MAP_FAILED || munmap(at, 4096);
}

static int list(const char *path)
{
	static char buf[32768];
	int from = open(path, O_RDONLY | O_DIRECTORY);
	long n;

	if (from < 0)
		return 1;
	do {
		n = syscall(SYS_getdents64, from, buf, sizeof(buf));
	} while (n > 0);
	return n < 0 || close(from);
}

static int execute(const char *path)
{
	int status = 1;
	pid_t child = vfork();

	if (!child) {
		execl(path, path, (char *)NULL);
		_exit(127);
	}
	return child < 0 || waitpid(child, &status, 0) != child || status;
}

static int create(const char *path)
{
	int new = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);

	return new < 0 || close(new) || unlink(path);
}

static int move(const char *path)
{
	char other[4096];

	snprintf(other, sizeof(other), "%s.other", path);
	return rename(path, other) || rename(other, path);
}

/* What starts at a name. */
static int of_path(const char *call, const char *path)
{
	struct stat st;
	char buf[64];

	if (!strcmp(call, "stat"))
		return stat(path, &st);
	if (!strcmp(call, "lstat"))
		return lstat(path, &st);
	if (!strcmp(call, "access"))
		return access(path, R_OK);
	if (!strcmp(call, "readlink"))
		return readlink(path, buf, sizeof(buf)) < 0;
	if (!strcmp(call, "missing"))
		return !stat(path, &st);
	if (!strcmp(call, "list"))
		return list(path);
	if (!strcmp(call, "exec"))
		return execute(path);
	if (!strcmp(call, "create"))
		return create(path);
	if (!strcmp(call, "mkdir"))
		return mkdir(path, 0755) || rmdir(path);
	if (!strcmp(call, "rename"))
		return move(path);
	if (!strcmp(call, "open")) {
		int new = open(path, O_RDONLY);

		return new < 0 || close(new);
	}
	return -1;
}

/* What starts at a descriptor, of the file or of its directory, or at the cwd. */
static int of_descriptor(const char *call)
{
	struct stat st;
	char buf[4096];

	if (!strcmp(call, "read"))
		return pread(fd, buf, 8, 0) < 0;
	if (!strcmp(call, "write"))
		return pwrite(fd, "12345678", 8, 0) != 8;
	if (!strcmp(call, "lock"))
		return lock(F_RDLCK);
	if (!strcmp(call, "wlock"))
		return lock(F_WRLCK);
	if (!strcmp(call, "getfl"))
		return fcntl(fd, F_GETFL) < 0;
	if (!strcmp(call, "fstat"))
		return fstat(fd, &st);
	if (!strcmp(call, "lseek"))
		return lseek(fd, 1, SEEK_SET) < 0;
	if (!strcmp(call, "mmap"))
		return map();
	if (!strcmp(call, "fsync"))
		return fsync(fd);
	if (!strcmp(call, "fstatat"))
		return fstatat(dir, last, &st, 0);
	if (!strcmp(call, "missingat"))
		return !fstatat(dir, last, &st, 0);
	if (!strcmp(call, "getcwd"))
		return syscall(SYS_getcwd, buf, sizeof(buf)) < 0;
	if (!strcmp(call, "openat")) {
		int new = openat(dir, last, O_RDONLY);

		return new < 0 || close(new);
	}
	fprintf(stderr, "repeat: what is %s?\n", call);
	return 1;
}

static int once(const char *call, const char *path)
{
	int r = of_path(call, path);

	return r < 0 ? of_descriptor(call) : r;
}

static int is_one_of(const char *call, const char *const *calls)
{
	while (*calls && strcmp(*calls, call))
		calls++;
	return *calls != NULL;
}

/* Opens what @call works on. */
static int set_up(const char *call, const char *path)
{
	static const char *const writers[] = {"write", "wlock", NULL};
	static const char *const readers[] = {"read",  "lock", "getfl", "fstat",
					      "lseek", "mmap", "fsync", NULL};
	static const char *const below[] = {"openat", "fstatat", "missingat", NULL};
	char above[4096];

	fd = 0;
	if (is_one_of(call, writers))
		fd = open(path, O_RDWR);
	else if (is_one_of(call, readers))
		fd = open(path, O_RDONLY);
	if (!strcmp(call, "getcwd"))
		return chdir(path);
	if (is_one_of(call, below)) {
		last = strrchr(path, '/') + 1;
		snprintf(above, sizeof(above), "%.*s", (int)(last - path), path);
		dir = open(above, O_RDONLY | O_DIRECTORY);
		fd = dir;
	}
	return fd < 0;
}

int main(int argc, char **argv)
{
	int n = argc > 3 ? atoi(argv[3]) : 0;

	if (argc < 4)
		return 2;
	if (set_up(argv[1], argv[2]))
		return 3;
	for (int i = 0; i < n; i++)
		if (once(argv[1], argv[2]))
			return 1;
	return 0;
}
