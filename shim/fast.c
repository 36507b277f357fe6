/* SPDX-License-Identifier: MIT */
/*
 * fast.c - "certainly untouched" is told by the tables; then the call is the kernel's own
 *
 * A path is good when all but its last component are a directory known to be reached without
 * a symlink, nothing in upper hides any of them, and upper has nothing under the whole path.
 * A symlink at the end is found out by asking the kernel not to follow it.
 */
#include "fast.h"

#include "filelock.h"
#include "flock.h"
#include "inode.h"
#include "known.h"
#include "sock.h"
#include "readdir.h"
#include "stat_x86_64.h"
#include "systab.h"

/* What the tables say of a path. */
enum tell {
	UNKNOWN,   /* the slow path has to look */
	UNTOUCHED, /* the kernel's answer is the view's, but a symlink must not be followed */
	REGULAR,   /* the same, and it is a regular file or a directory */
};

static bool is_absolute(const char *path)
{
	return path[0] == '/';
}

/* May the directory @hash let others in than the lower one does? */
static bool has_own_rights(uint64_t hash)
{
	return ovl_ss->overrides && ovl_filter_maybe(&ovl_ss->present, hash);
}

/* The directory that @path starts from: its hash. */
static bool find_base(int dirfd, const char *path, uint64_t *ret_hash)
{
	if (is_absolute(path)) {
		*ret_hash = OVL_HASH_ROOT;
		return true;
	}
	return ovl_known_find(dirfd, ret_hash) && !has_own_rights(*ret_hash);
}

/*
 * Hash @path from *@hash on, up to its last component: *@hash becomes that of its directory,
 * @ret the last component. False: a "..", a trailing slash, nothing at all, or something of
 * upper's hides a directory on the way.
 */
static bool walk(const char *path, uint64_t *hash, struct ovl_part *ret)
{
	const char *at = path;
	struct ovl_part c = ovl_path_next(&at);

	for (; c.n; c = ovl_path_next(&at)) {
		if (c.name[0] == '.' && (ovl_is_dot(c.name, c.n) || ovl_is_dotdot(c.name, c.n)))
			return false;
		if (c.n > NAME_MAX)
			return false;
		if (c.last) {
			*ret = c;
			return !c.slash && at - path < PATH_MAX;
		}
		*hash = ovl_hash_push(*hash, c.name, c.n);
		if (ovl_filter_maybe(&ovl_ss->hidden, *hash) || has_own_rights(*hash))
			return false;
	}
	return false;
}

static uint64_t outside_now(void)
{
	return OVL_DIRS_OUTSIDE | __atomic_load_n(&ovl_ss->outside_gen, __ATOMIC_ACQUIRE);
}

/* Is the directory @hash, which a table entry @value describes, as the kernel shows it? */
static bool is_plain_dir(uint64_t hash, uint64_t value)
{
	if (value & OVL_DIRS_OUTSIDE)
		return value == outside_now();
	if (!(ovl_ss->flags & OVL_S_SAME_ROOT) || !(value & OVL_DIRS_LOWER))
		return false;
	/* Without a lower directory there it is missing, or upper's alone. */
	return value != OVL_DIRS_LOWER || !ovl_filter_maybe(&ovl_ss->present, hash);
}

static bool is_plain_file(uint64_t value)
{
	if (value & OVL_DIRS_OUTSIDE)
		return value == (OVL_DIRS_FILE | outside_now());
	return value & (OVL_DIRS_FILE | (OVL_DIRS_LOWER - 1));
}

static enum tell tell(int dirfd, const char *path)
{
	struct ovl_part last;
	uint64_t hash;
	uint64_t value;

	if ((unsigned long)path < 4096 || !find_base(dirfd, path, &hash) ||
	    !walk(path, &hash, &last) || !ovl_dirs_find(hash, &value) || !is_plain_dir(hash, value))
		return UNKNOWN;
	hash = ovl_hash_push(hash, last.name, last.n);
	if (ovl_filter_maybe(&ovl_ss->present, hash) || ovl_filter_maybe(&ovl_ss->hidden, hash))
		return UNKNOWN;
	if (ovl_dirs_find(hash, &value) && is_plain_file(value))
		return REGULAR;
	return UNTOUCHED;
}

static enum ovl_verdict done(struct ovl_call *c, long ret)
{
	c->ret = ret;
	return OVL_DONE;
}

/* An object of several names may have been copied up by one of the others. */
static bool is_linked(unsigned mode, uint32_t nlink)
{
	return nlink > 1 && (mode & S_IFMT) != S_IFDIR;
}

/* stat and lstat by whatever name: look at the name itself, a symlink is for the slow path. */
static enum ovl_verdict fast_stat(struct ovl_call *c, int dirfd, long path, long buf, long flags)
{
	const struct ovl_kstat *st = (const struct ovl_kstat *)buf;
	long r;

	if ((flags & ~(long)(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT)) ||
	    tell(dirfd, (const char *)path) == UNKNOWN)
		return OVL_SLOW;
	r = ovl_sys(__NR_newfstatat, dirfd, path, buf, flags | AT_SYMLINK_NOFOLLOW);
	if (!r && (is_linked(st->mode, (uint32_t)st->nlink) ||
		   (!(flags & AT_SYMLINK_NOFOLLOW) && (st->mode & S_IFMT) == S_IFLNK)))
		return OVL_SLOW;
	return done(c, r);
}

static enum ovl_verdict fast_statx(struct ovl_call *c)
{
	const struct statx *st = (const struct statx *)c->arg[4];
	long flags = c->arg[2];
	long r;

	if ((flags & AT_EMPTY_PATH) || tell((int)c->arg[0], (const char *)c->arg[1]) == UNKNOWN)
		return OVL_SLOW;
	r = ovl_sys(__NR_statx, c->arg[0], c->arg[1], flags | AT_SYMLINK_NOFOLLOW, c->arg[3], st);
	if (!r && (is_linked(st->stx_mode, st->stx_nlink) ||
		   (!(flags & AT_SYMLINK_NOFOLLOW) && (st->stx_mode & S_IFMT) == S_IFLNK)))
		return OVL_SLOW;
	return done(c, r);
}

/*
 * Calls that follow a symlink and cannot be asked not to: of a name that is not known to be
 * a file or directory, find out cheaply whether it is missing.
 */
static enum ovl_verdict pass_or_missing(struct ovl_call *c, int dirfd, const char *path)
{
	char byte;

	switch (tell(dirfd, path)) {
	case REGULAR:
		return OVL_PASS;
	case UNTOUCHED:
		if (ovl_sys(__NR_readlinkat, dirfd, path, &byte, 1) == -ENOENT)
			return done(c, -ENOENT);
		return OVL_SLOW;
	default:
		return OVL_SLOW;
	}
}

static enum ovl_verdict fast_open(struct ovl_call *c, int dirfd, const char *path, long flags)
{
	if ((flags & (O_ACCMODE | O_CREAT | O_TRUNC | O_PATH | (O_TMPFILE & ~O_DIRECTORY))) !=
	    O_RDONLY)
		return OVL_SLOW;
	return pass_or_missing(c, dirfd, path);
}

static enum ovl_verdict fast_access(struct ovl_call *c, int dirfd, const char *path, long mode)
{
	return mode & ~7L ? OVL_SLOW : pass_or_missing(c, dirfd, path); /* EINVAL comes first */
}

/* Links of /proc tell real paths, which are the slow path's to translate. */
static enum ovl_verdict fast_readlink(int dirfd, const char *path)
{
	uint64_t hash;

	if ((unsigned long)path < 4096 || tell(dirfd, path) == UNKNOWN)
		return OVL_SLOW;
	if (is_absolute(path))
		return ovl_path_below(path, 6, "/proc", 5) ? OVL_SLOW : OVL_PASS;
	/* A cwd below /proc is outside the view: let the slow path do all of those. */
	if (!ovl_known_find(dirfd, &hash) || !(ovl_ss->flags & OVL_S_SAME_ROOT))
		return OVL_SLOW;
	return ovl_dirs_find(hash, &hash) && !(hash & OVL_DIRS_OUTSIDE) ? OVL_PASS : OVL_SLOW;
}

/* A descriptor's own attributes: wrong only for directories and copies, which are few. */
static enum ovl_verdict fast_fstat(struct ovl_call *c, int fd, long buf)
{
	const struct ovl_kstat *st = (const struct ovl_kstat *)buf;
	uint64_t hash;
	long r = ovl_sys(__NR_fstat, fd, buf);

	if (r)
		return done(c, r);
	if ((st->mode & S_IFMT) == S_IFDIR)
		return ovl_known_find(fd, &hash) && !ovl_filter_maybe(&ovl_ss->present, hash)
			       ? done(c, 0)
			       : OVL_SLOW;
	return ovl_ss->overrides || ovl_inode_maybe_origin(st->ino) ||
			       (ovl_inode_is_foreign() && st->dev == ovl_ss->layer[OVL_UPPER].dev)
		       ? OVL_SLOW
		       : done(c, 0);
}

static enum ovl_verdict fast_fstatat(struct ovl_call *c)
{
	const char *path = (const char *)c->arg[1];

	if ((c->arg[3] & AT_EMPTY_PATH) && (int)c->arg[0] != AT_FDCWD && ovl_arg_is_empty(path))
		return fast_fstat(c, (int)c->arg[0], c->arg[2]);
	return fast_stat(c, (int)c->arg[0], c->arg[1], c->arg[2], c->arg[3] & ~AT_EMPTY_PATH);
}

/* A directory that upper has nothing of is listed by the kernel. */
static enum ovl_verdict fast_getdents(struct ovl_call *c)
{
	int fd = (int)c->arg[0];
	uint64_t hash;
	uint64_t value;

	if (!ovl_known_find(fd, &hash) || ovl_filter_maybe(&ovl_ss->present, hash) ||
	    !ovl_dirs_find(hash, &value) || !is_plain_dir(hash, value))
		return OVL_SLOW;
	ovl_known_set_listing(fd, ovl_dir_tag(hash));
	return OVL_PASS;
}

/* Sockets that are not AF_UNIX, and messages without an address, are nothing to us. */
static enum ovl_verdict fast_address(const void *address)
{
	uint16_t family;

	if (!address)
		return OVL_PASS;
	if ((unsigned long)address < 4096)
		return OVL_SLOW;
	memcpy(&family, address, sizeof(family));
	return family == 1 ? OVL_SLOW : OVL_PASS; /* AF_UNIX */
}

/*
 * A message with the address it came from, for which @room bytes are: one of AF_UNIX is longer
 * than those of the Internet, but where there is room for any the socket must be asked.
 */
static enum ovl_verdict fast_source(int fd, const void *address, const int *room)
{
	const int inet6 = 28; /* struct sockaddr_in6 */

	if (!address || (unsigned long)room < 4096 || *room <= inet6)
		return OVL_PASS;
	return ovl_sock_is_unix(fd) ? OVL_SLOW : OVL_PASS;
}

static enum ovl_verdict forget_around(struct ovl_call *c, int fd)
{
	ovl_known_forget(fd);
	c->ret = ovl_sys(c->nr, c->arg[0], c->arg[1], c->arg[2]);
	ovl_known_forget(fd);
	return OVL_DONE;
}

#define CLONE_FS_BIT 0x00000200 /* unshare(2) */

/* What must be known of even while calls are traced, and is nothing else to us. */
static enum ovl_verdict watch(struct ovl_call *c)
{
	switch (c->nr) {
	case __NR_close:
		ovl_known_forget((int)c->arg[0]);
		return OVL_PASS;
	case __NR_dup2:
	case __NR_dup3:
		if ((int)c->arg[0] != (int)c->arg[1])
			return forget_around(c, (int)c->arg[1]);
		return OVL_PASS;
	case __NR_close_range:
		ovl_known_forget_range((unsigned)c->arg[0], (unsigned)c->arg[1]);
		return OVL_PASS;
	case __NR_fchdir:
		return ovl_ss->overrides ? OVL_SLOW : forget_around(c, AT_FDCWD);
	case __NR_unshare:
		if (c->arg[0] & CLONE_FS_BIT)
			ovl_known_no_cwd();
		return OVL_PASS;
	case __NR_lseek:
	case __NR_ftruncate:
		return OVL_PASS;
	case __NR_fcntl:
		return ovl_filelock_cmd((unsigned)c->arg[1]) ? OVL_SLOW : OVL_PASS;
	case __NR_ioctl:
		return ovl_ioctl_ours((unsigned)c->arg[1]) ? OVL_SLOW : OVL_PASS;
	default:
		return OVL_SLOW;
	}
}

static enum ovl_verdict look(struct ovl_call *c)
{
	const long *a = c->arg;

	switch (c->nr) {
	case __NR_stat:
		return fast_stat(c, AT_FDCWD, a[0], a[1], 0);
	case __NR_lstat:
		return fast_stat(c, AT_FDCWD, a[0], a[1], AT_SYMLINK_NOFOLLOW);
	case __NR_newfstatat:
		return fast_fstatat(c);
	case __NR_fstat:
		return fast_fstat(c, (int)a[0], a[1]);
	case __NR_statx:
		return fast_statx(c);
	case __NR_open:
		return fast_open(c, AT_FDCWD, (const char *)a[0], a[1]);
	case __NR_openat:
		return fast_open(c, (int)a[0], (const char *)a[1], a[2]);
	case __NR_access:
		return fast_access(c, AT_FDCWD, (const char *)a[0], a[1]);
	case __NR_faccessat:
		return fast_access(c, (int)a[0], (const char *)a[1], a[2]);
	case __NR_readlink:
		return fast_readlink(AT_FDCWD, (const char *)a[0]);
	case __NR_readlinkat:
		return fast_readlink((int)a[0], (const char *)a[1]);
	case __NR_getdents64:
		return fast_getdents(c);
	case __NR_fcntl:
	case __NR_flock:
		return ovl_flock_meets(c) ? OVL_PASS : OVL_SLOW;
	case __NR_connect:
	case __NR_bind:
		return fast_address((const void *)a[1]);
	case __NR_sendto:
		return fast_address((const void *)a[4]);
	case __NR_sendmsg:
		/* struct msghdr begins with the address's pointer: sendmsg(2). */
		return (unsigned long)a[1] < 4096 ? OVL_PASS : fast_address(*(void **)a[1]);
	case __NR_recvfrom:
		return fast_source((int)a[0], (const void *)a[4], (const int *)a[5]);
	case __NR_recvmsg:
		/* and goes on with the room for it */
		if ((unsigned long)a[1] < 4096)
			return OVL_PASS;
		return fast_source((int)a[0], *(void **)a[1], (const int *)((void **)a[1] + 1));
	case __NR_sendmmsg:
	case __NR_recvmmsg:
		return ovl_sock_is_unix((int)a[0]) ? OVL_SLOW : OVL_PASS;
	default:
		return OVL_SLOW;
	}
}

enum ovl_verdict ovl_fast(struct ovl_call *c)
{
	enum ovl_verdict v = watch(c);

	if (v != OVL_SLOW || (ovl_ss->flags & OVL_S_TRACE))
		return v;
	return look(c);
}
