/* SPDX-License-Identifier: MIT */
#include "linkindex.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "say.h"
#include "tree.h"

#define OWNER "upper"

/* What tells this upper from another one at the same path. */
static int name_upper(const char *upper, char *ret, size_t size)
{
	struct statx st;

	if (statx(AT_FDCWD, upper, 0, STATX_BASIC_STATS | STATX_BTIME, &st))
		return -errno;
	(void)snprintf(ret, size, "%llu %lld.%u", (unsigned long long)st.stx_ino,
		       (long long)st.stx_btime.tv_sec, st.stx_btime.tv_nsec);
	return 0;
}

/* Is the index in directory @fd that of the upper called @want? */
static bool is_ours(int fd, const char *want)
{
	char have[64];
	ssize_t n = readlinkat(fd, OWNER, have, sizeof(have) - 1);

	if (n < 0)
		return false;
	have[n] = '\0';
	return !strcmp(have, want);
}

/* The filter's hash of a lower inode: as in shim/index.c. */
static uint64_t hash_of(uint64_t ino, uint64_t dev)
{
	return ovl_hash_mix(ino ^ ovl_hash_mix(dev));
}

/* Does the record @name in the index @fd tell of an owner? See shim/record.h. */
static bool tells_owner(int fd, const char *name)
{
	char text[128];
	ssize_t n = readlinkat(fd, name, text, sizeof(text));

	return n > 0 && memchr(text, ':', (size_t)n);
}

static void note(struct ovl_session *ss, int fd, const char *name)
{
	unsigned long long ino;
	unsigned long long dev;
	struct stat st;

	if (sscanf(name, "u-%llx", &ino) == 1) {
		ovl_filter_add(&ss->origin, ovl_hash_mix(ino));
		if (tells_owner(fd, name))
			ss->overrides = 1;
	} else if (sscanf(name, "%llx-%llx", &ino, &dev) == 2) {
		ovl_filter_add(&ss->linked, hash_of(ino, dev));
		/* perhaps no name in upper is left that would tell of its origin */
		if (!fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW))
			ovl_filter_add(&ss->origin, ovl_hash_mix(st.st_ino));
	}
}

static int note_all(const char *path, struct ovl_session *ss)
{
	DIR *d = opendir(path);
	struct dirent *e;

	if (!d)
		return -errno;
	while ((e = readdir(d)))
		note(ss, dirfd(d), e->d_name);
	closedir(d);
	return 0;
}

/* Begin anew: nothing that is in @path is of this upper. */
static int claim(const char *path, const char *owner)
{
	char *link = ovl_text("%s/" OWNER, path);
	int err = ovl_tree_empty(path);

	if (!err && symlink(owner, link))
		err = -errno;
	free(link);
	return err;
}

int ovl_linkindex_open(const struct ovl_run *run, struct ovl_session *ss)
{
	char *path = ovl_text("%s/index", run->work);
	char owner[64];
	int fd = -1;
	int err = name_upper(run->upper, owner, sizeof(owner));

	if (!err && mkdir(path, 0700) && errno != EEXIST)
		err = -errno;
	if (!err && chmod(path, geteuid() ? 0700 : 01777))
		err = -errno;
	if (!err)
		fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (!err && fd < 0)
		err = -errno;
	if (!err && !is_ours(fd, owner))
		err = claim(path, owner);
	if (!err && ss)
		err = note_all(path, ss);
	if (fd >= 0)
		close(fd);
	free(path);
	return err;
}

int ovl_linkindex_read(const char *work, const char *upper)
{
	char *path = ovl_text("%s/index", work);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char owner[64];

	free(path);
	if (fd >= 0 && (name_upper(upper, owner, sizeof(owner)) || !is_ours(fd, owner))) {
		close(fd);
		return -1;
	}
	return fd;
}

void ovl_linkindex_end(const struct ovl_run *run)
{
	char *path = ovl_text("%s/index", run->work);
	char *link = ovl_text("%s/" OWNER, path);
	DIR *d = opendir(path);
	struct dirent *e;
	int names = -2; /* "." and ".." */

	while (d && (e = readdir(d))) {
		/* of an object that is gone, and nobody has open any more */
		if (strncmp(e->d_name, "g-", 2) != 0 || unlinkat(dirfd(d), e->d_name, 0))
			names++;
	}
	if (d)
		closedir(d);
	if (names <= 1) {
		(void)unlink(link); /* what stays is found by the next run */
		(void)rmdir(path);
	}
	free(link);
	free(path);
}
