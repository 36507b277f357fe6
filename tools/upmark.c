/* SPDX-License-Identifier: MIT */
#include "upmark.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "attrs.h"
#include "ovl_hash.h"

#define PREFIX	 ".wh."
#define RESERVED ".wh..wh."
#define OPAQUE	 ".wh..wh..opq"
#define LAYER	 ".wh..wh.ovl" /* in a layer's root */

#define MARK_MODE (S_ISVTX | S_IRUSR)

/* A path, and a record's name. */
struct file {
	char s[PATH_MAX + 16];
};
struct record {
	char s[64];
};

static struct file file_in(const char *dir, const char *name)
{
	struct file f;

	snprintf(f.s, sizeof(f.s), "%s/%s", dir, name);
	return f;
}

static const char *const opaque_name[] = {"user.overlay.opaque", "trusted.overlay.opaque"};
static const char *const redirect_name[] = {"user.overlay.redirect", "trusted.overlay.redirect"};

/* WORK/index of the upper at hand. */
static int records = -1;

bool ovl_upmark_dot_wh(int at, const char *path)
{
	struct file f = file_in(path, LAYER);
	struct stat st;

	return !fstatat(at, f.s, &st, AT_SYMLINK_NOFOLLOW) && ovl_upmark_is_file(LAYER, &st);
}

int ovl_upmark_set_dot_wh(const char *path)
{
	struct file f = file_in(path, LAYER);
	struct stat was;
	int fd;

	if (stat(path, &was))
		return -errno;
	fd = open(f.s, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, MARK_MODE);
	if (fd < 0)
		return -errno;
	close(fd);
	return ovl_attrs_times(path, &was);
}

int ovl_upmark_clear_dot_wh(const char *path)
{
	struct file f = file_in(path, LAYER);
	struct stat was;

	if (stat(path, &was) || unlink(f.s))
		return -errno;
	return ovl_attrs_times(path, &was);
}

static bool is_hashed(const char *name)
{
	const char *hash = name + sizeof(RESERVED) - 1;

	return !strncmp(name, RESERVED, sizeof(RESERVED) - 1) && *hash &&
	       !hash[strspn(hash, "0123456789abcdef")];
}

bool ovl_upmark_is_file(const char *name, const struct stat *st)
{
	const char *of = name + sizeof(PREFIX) - 1;

	if (strncmp(name, PREFIX, sizeof(PREFIX) - 1))
		return false;
	if (S_ISLNK(st->st_mode))
		return is_hashed(name);
	return !st->st_size && *of && (st->st_mode | S_IRUSR) == (S_IFREG | MARK_MODE) &&
	       strcmp(of, ".") && strcmp(of, "..");
}

bool ovl_upmark_hidden(int at, const char *path, char *ret)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	const char *of = name + sizeof(PREFIX) - 1;
	ssize_t n;

	if (is_hashed(name)) {
		n = readlinkat(at, path, ret, NAME_MAX);
		ret[n < 0 ? 0 : n] = '\0';
		return n > 0;
	}
	if (!strcmp(name, OPAQUE))
		of = OVL_UPMARK_DIR;
	else if (!strncmp(name, RESERVED, sizeof(RESERVED) - 1))
		return false;
	strcpy(ret, of);
	return true;
}

static bool has_mark(int fd, const char *name)
{
	struct stat st;

	return !fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) && ovl_upmark_is_file(name, &st);
}

bool ovl_upmark_hides(int fd, const char *name)
{
	char mark[sizeof(RESERVED) + NAME_MAX + 17];

	if (!strcmp(name, OVL_UPMARK_DIR))
		snprintf(mark, sizeof(mark), "%s", OPAQUE);
	else
		snprintf(mark, sizeof(mark), PREFIX "%s", name);
	if (strncmp(name, PREFIX, sizeof(PREFIX) - 1) && has_mark(fd, mark))
		return true;
	snprintf(mark, sizeof(mark), RESERVED "%llx",
		 (unsigned long long)ovl_hash_push(OVL_HASH_ROOT, name, strlen(name)));
	return has_mark(fd, mark);
}

bool ovl_upmark_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

bool ovl_upmark_opaque(int fd, bool dot_wh)
{
	char value[2];

	if (dot_wh && ovl_upmark_hides(fd, OVL_UPMARK_DIR))
		return true;
	for (int i = 0; i < 2; i++) {
		if (fgetxattr(fd, opaque_name[i], value, sizeof(value)) == 1 && value[0] == 'y')
			return true;
	}
	return false;
}

void ovl_upmark_use_index(int fd)
{
	records = fd;
}

/* The name of that record: shim/record.h. */
static bool record_of(int at, const char *path, struct record *ret)
{
	struct statx st;

	if (statx(at, path, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, STATX_INO | STATX_BTIME, &st))
		return false;
	snprintf(ret->s, sizeof(ret->s), "r-%llx-%lld.%u", (unsigned long long)st.stx_ino,
		 (long long)st.stx_btime.tv_sec, st.stx_btime.tv_nsec);
	return true;
}

bool ovl_upmark_recorded_redirect(int fd, int at, const char *path, char *ret, size_t size)
{
	struct record r;
	ssize_t n;

	if (fd < 0 || !record_of(at, path, &r))
		return false;
	n = readlinkat(fd, r.s, ret, size - 1);
	if (n <= 0)
		return false;
	ret[n] = '\0';
	return true;
}

bool ovl_upmark_redirect(int fd, char *ret, size_t size)
{
	for (int i = 0; i < 2; i++) {
		ssize_t n = fgetxattr(fd, redirect_name[i], ret, size - 1);

		if (n > 0) {
			ret[n] = '\0';
			return true;
		}
	}
	return ovl_upmark_recorded_redirect(records, fd, "", ret, size);
}

int ovl_upmark_set_opaque(int fd)
{
	char value[2];

	/* not written again when it is there: nothing changes then */
	if (fgetxattr(fd, opaque_name[0], value, sizeof(value)) == 1 && value[0] == 'y')
		return 0;
	return fsetxattr(fd, opaque_name[0], "y", 1, 0) ? -errno : 0;
}

int ovl_upmark_clear_redirect(int fd)
{
	struct record r;

	for (int i = 0; i < 2; i++) {
		if (fgetxattr(fd, redirect_name[i], NULL, 0) >= 0 &&
		    fremovexattr(fd, redirect_name[i]))
			return -errno;
	}
	if (records >= 0 && record_of(fd, "", &r) &&
	    !faccessat(records, r.s, F_OK, AT_SYMLINK_NOFOLLOW) && unlinkat(records, r.s, 0))
		return -errno;
	return 0;
}

bool ovl_upmark_private(const char *name)
{
	static const char *const prefix[] = {"user.overlay.", "user.ovl.", "user.containers.",
					     "trusted.overlay."};

	for (size_t i = 0; i < sizeof(prefix) / sizeof(prefix[0]); i++) {
		if (!strncmp(name, prefix[i], strlen(prefix[i])))
			return true;
	}
	return false;
}
