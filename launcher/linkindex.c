/* SPDX-License-Identifier: MIT */
#include "linkindex.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "say.h"
#include "tree.h"
#include "upmark.h"

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

/* Has the copy @name in the index @fd an owner or mode that is only recorded? */
static bool has_override(int fd, const char *name)
{
	char *path = ovl_text("/proc/self/fd/%d/%s", fd, name);
	bool has = lgetxattr(path, "user.containers.override_stat", NULL, 0) >= 0;

	free(path);
	return has;
}

static void note(struct ovl_session *ss, int fd, const char *name)
{
	unsigned long long ino;
	unsigned long long dev;
	struct stat st;

	if (sscanf(name, "u-%llx", &ino) == 1) {
		ovl_filter_add(&ss->origin, ovl_hash_mix(ino));
		ss->records = 1;
		if (tells_owner(fd, name))
			ss->overrides = 1;
	} else if (sscanf(name, "r-%llx-", &ino) == 1) {
		ovl_filter_add(&ss->origin, ovl_hash_mix(ino));
	} else if (sscanf(name, "%llx-%llx", &ino, &dev) == 2) {
		ovl_filter_add(&ss->linked, hash_of(ino, dev));
		ss->links = 1;
		/* perhaps no name in upper is left that would tell of its origin */
		if (!fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW))
			ovl_filter_add(&ss->origin, ovl_hash_mix(st.st_ino));
		if (has_override(fd, name))
			ss->overrides = 1;
	}
}

/* Has upper an entry at @path below it, or a .wh. file for one? */
static bool is_covered(const struct ovl_run *run, const char *path)
{
	char *there = ovl_text("%s/%s", run->upper, path);
	char *slash = strrchr(there, '/');
	struct stat st;
	bool is = !lstat(there, &st);
	int dir;

	*slash = '\0';
	dir = !is && run->dot_wh ? open(there, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (dir >= 0) {
		is = ovl_upmark_hides(dir, slash + 1);
		close(dir);
	}
	free(there);
	return is;
}

/*
 * "N PATH": who was about to cover a lower name was killed. It counts no more if PATH is there.
 * Rewritten in one step, by way of @temp.
 */
static int settle(const struct ovl_run *run, int fd, const char *name)
{
	static const char temp[] = "settle";
	char text[256];
	char *path = NULL;
	ssize_t n = readlinkat(fd, name, text, sizeof(text) - 1);
	unsigned long count;

	if (n < 0)
		return -errno;
	text[n] = '\0';
	count = strtoul(text, &path, 10);
	if (*path != ' ')
		return 0;
	count += !is_covered(run, path + 1);
	(void)snprintf(text, sizeof(text), "%lu", count);
	(void)unlinkat(fd, temp, 0); /* of a run that was killed here */
	return symlinkat(text, fd, temp) || renameat(fd, temp, fd, name) ? -errno : 0;
}

/*
 * No lower name of the inode counted by @name shows any more: the names that its copy has in upper
 * are all, and descriptors, which alone led to it by the index, are closed by now.
 */
static void drop_uncounted(int fd, const char *name)
{
	char text[8];
	char record[32];
	char *copy = ovl_must(strdup(name));
	ssize_t n = readlinkat(fd, name, text, sizeof(text));
	struct stat st;

	copy[strlen(copy) - 2] = '\0'; /* ".n" */
	if (n == 1 && text[0] == '0') {
		if (!fstatat(fd, copy, &st, AT_SYMLINK_NOFOLLOW) && st.st_nlink == 1) {
			(void)snprintf(record, sizeof(record), "u-%llx",
				       (unsigned long long)st.st_ino);
			(void)unlinkat(fd, record, 0); /* it need not have one */
		}
		(void)unlinkat(fd, copy, 0); /* what stays is tried again by the next run */
		(void)unlinkat(fd, name, 0);
	}
	free(copy);
}

static int settle_all(const struct ovl_run *run, const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	int err = 0;

	if (!d)
		return -errno;
	while (!err && (e = readdir(d))) {
		size_t n = strlen(e->d_name);

		if (n <= 2 || strcmp(e->d_name + n - 2, ".n") != 0)
			continue;
		err = settle(run, dirfd(d), e->d_name);
		if (!err)
			drop_uncounted(dirfd(d), e->d_name);
	}
	closedir(d);
	return err;
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

/*
 * A new upper's root shows what the top lower's does; where it has no xattrs, the index tells what
 * of it the kernel did not let us set: shim/record.h.
 */
static int note_root(const struct ovl_run *run, int fd)
{
	char name[32];
	char text[128];
	struct stat want;
	struct stat st;
	struct statx now;

	if (!run->no_xattr || stat(run->lower.path[0], &want) || stat(run->upper, &st) ||
	    statx(AT_FDCWD, run->upper, 0, STATX_INO | STATX_BTIME, &now))
		return 0;
	if (st.st_uid == want.st_uid && st.st_gid == want.st_gid && st.st_mode == want.st_mode)
		return 0;
	(void)snprintf(name, sizeof(name), "u-%llx", (unsigned long long)now.stx_ino);
	(void)snprintf(text, sizeof(text), "0 0 0 %lld.%u %u:%u:%o",
		       (long long)now.stx_btime.tv_sec, now.stx_btime.tv_nsec, want.st_uid,
		       want.st_gid, want.st_mode & 07777u);
	return symlinkat(text, fd, name) ? -errno : 0;
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
	if (!err && run->made_upper)
		err = note_root(run, fd);
	if (!err)
		err = settle_all(run, path);
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
	DIR *d = NULL;
	struct dirent *e;
	int names = -2; /* "." and ".." */

	(void)settle_all(run, path); /* what stays is found by the next run */
	d = opendir(path);
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
