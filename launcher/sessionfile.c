/* SPDX-License-Identifier: MIT */
#include "sessionfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "say.h"

#define MEMORY "/dev/shm"
#define PLACE  MEMORY "/ovlrun." /* and the cookie */
#define FILE_  "/session"

/* statfs(2), linux/magic.h */
#define TMPFS	 0x01021994
#define BTRFS	 0x9123683e
#define BCACHEFS 0xca451a4e
#define ZFS	 0x2fc12fc1
#define NILFS	 0x3434

static unsigned long type_of(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) ? 0 : (unsigned)fs.f_type;
}

static bool moves_pages(const char *dir)
{
	switch (type_of(dir)) {
	case BTRFS:
	case BCACHEFS:
	case ZFS:
	case NILFS:
		return true;
	default:
		return false;
	}
}

/* Room for @size bytes in file @fd. A limit on files' sizes is an error: setrlimit(2). */
static int reserve(int fd, uint64_t size)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct sigaction old;
	int err;

	sigaction(SIGXFSZ, &ignore, &old);
	err = posix_fallocate(fd, 0, (off_t)size);
	sigaction(SIGXFSZ, &old, NULL);
	return err;
}

/* The file @path, new: its descriptor. -errno: there is none. */
static int make(const char *path, uint64_t size)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int err = 0;

	if (fd < 0)
		return -errno;
	err = reserve(fd, size);
	if (!err && fchmod(fd, geteuid() ? 0600 : 0666))
		err = errno;
	if (!err)
		return fd;
	close(fd);
	(void)unlink(path); /* a moment old */
	return -err;
}

/* The same in memory, where others may enter but not look, as in work; @name leads to it. */
static int make_in_memory(const char *path, const char *name, uint64_t size)
{
	char *dir = ovl_text("%.*s", (int)(strrchr(path, '/') - path), path);
	int fd = -EEXIST;

	if (type_of(MEMORY) != TMPFS || mkdir(dir, 0700)) {
		free(dir);
		return -ENOENT;
	}
	if (!chmod(dir, geteuid() ? 0700 : 0711))
		fd = make(path, size);
	if (fd >= 0 && symlink(path, name)) {
		close(fd);
		fd = -errno;
		(void)unlink(path); /* likewise */
	}
	if (fd < 0)
		(void)rmdir(dir); /* likewise */
	free(dir);
	return fd;
}

static char *name_in_work(const struct ovl_run *run)
{
	return ovl_text("%s/session.%016llx", run->work, (unsigned long long)run->cookie);
}

void ovl_sessionfile_name(struct ovl_run *run)
{
	run->session = name_in_work(run);
}

int ovl_sessionfile_make(struct ovl_run *run, uint64_t size)
{
	char *path = ovl_text(PLACE "%016llx" FILE_, (unsigned long long)run->cookie);
	int fd = moves_pages(run->work) ? make_in_memory(path, run->session, size) : -ENOENT;

	if (fd < 0) {
		free(path);
		return make(run->session, size);
	}
	free(run->session);
	run->session = path;
	return fd;
}

/* Is @path in work a symlink to one in memory? Its path, the caller's; NULL: no. */
static char *in_memory(const char *path)
{
	char text[PATH_MAX];
	ssize_t n = readlink(path, text, sizeof(text) - 1);

	if (n < 0)
		return NULL;
	text[n] = '\0';
	if (strncmp(text, PLACE, sizeof(PLACE) - 1) || strstr(text, "/../"))
		return NULL;
	return ovl_text("%s", text);
}

int ovl_sessionfile_open(const char *path)
{
	char *real = in_memory(path);
	int fd = open(real ? real : path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);

	free(real);
	return fd;
}

void ovl_sessionfile_remove(const char *path)
{
	char *real = in_memory(path);

	if (real) {
		(void)unlink(real); /* as sessionfile.h says */
		*strrchr(real, '/') = '\0';
		(void)rmdir(real); /* likewise */
		free(real);
	}
	(void)unlink(path); /* likewise */
}

void ovl_sessionfile_end(const struct ovl_run *run)
{
	char *name = run->session ? name_in_work(run) : NULL;

	if (name)
		ovl_sessionfile_remove(name);
	free(name);
}
