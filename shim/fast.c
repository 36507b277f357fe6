/* SPDX-License-Identifier: MIT */
/*
 * fast.c - what a name is of is told by the tables (tell.h); then the call is the kernel's own
 *
 * A symlink at the end is found out by asking the kernel not to follow it.
 */
#include "fast.h"

#include "exe.h"
#include "fastfd.h"
#include "fastlower.h"
#include "fastmove.h"
#include "fastupper.h"
#include "filelock.h"
#include "flock.h"
#include "inode.h"
#include "known.h"
#include "sock.h"
#include "stat_x86_64.h"
#include "str.h"
#include "systab.h"
#include "tight.h"

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

/* A whiteout of a lower's is no object. */
static bool is_mark(unsigned mode, uint64_t rdev)
{
	return (mode & S_IFMT) == S_IFCHR && !rdev;
}

/* stat and lstat by whatever name: look at the name itself, a symlink is for the slow path. */
static enum ovl_verdict stat_told(struct ovl_call *c, struct ovl_told *t)
{
	const struct ovl_kstat *st = (const struct ovl_kstat *)t->arg[0];
	long flags = t->arg[1];
	long r;

	if (t->tell == OVL_TELL_UPPER)
		return ovl_fastup_stat(c, t);
	r = ovl_sys4(__NR_newfstatat, t->dirfd, t->path, st, flags | AT_SYMLINK_NOFOLLOW);
	if (!r && (is_linked(st->mode, (uint32_t)st->nlink) || is_mark(st->mode, st->rdev) ||
		   (!(flags & AT_SYMLINK_NOFOLLOW) && (st->mode & S_IFMT) == S_IFLNK)))
		return OVL_SLOW;
	return done(c, r);
}

static enum ovl_verdict statx_told(struct ovl_call *c, struct ovl_told *t)
{
	const struct statx *st = (const struct statx *)c->arg[4];
	long flags = c->arg[2];
	long r;

	if (t->tell == OVL_TELL_UPPER)
		return ovl_fastup_statx(c, t);
	r = ovl_sys(__NR_statx, t->dirfd, t->path, flags | AT_SYMLINK_NOFOLLOW, c->arg[3], st);
	if (!r && (is_linked(st->stx_mode, st->stx_nlink) ||
		   is_mark(st->stx_mode, st->stx_rdev_major | st->stx_rdev_minor) ||
		   (!(flags & AT_SYMLINK_NOFOLLOW) && (st->stx_mode & S_IFMT) == S_IFLNK)))
		return OVL_SLOW;
	return done(c, r);
}

static enum ovl_verdict open_told(struct ovl_call *c, struct ovl_told *t)
{
	if (t->tell == OVL_TELL_UPPER)
		return ovl_fastup_plain(t) ? ovl_fastup_open(c, t) : OVL_SLOW;
	if ((t->arg[0] & (O_ACCMODE | O_CREAT | O_TRUNC)) != O_RDONLY)
		return OVL_SLOW;
	return ovl_fastlow_open(c, t);
}

static enum ovl_verdict access_told(struct ovl_call *c, struct ovl_told *t)
{
	if (t->tell == OVL_TELL_UPPER)
		return ovl_fastup_access(c, t);
	return ovl_fastlow_access(c, t);
}

/*
 * Links of /proc tell real paths, which are the slow path's to translate. What is outside and
 * named by less than its whole path may be there.
 */
static bool may_be_of_proc(const struct ovl_told *t)
{
	const char *at = t->path;
	uint64_t value;

	if (*at == '/') {
		while (*at == '/' || (at[0] == '.' && at[1] == '/'))
			at++;
		return ovl_str_starts(at, "proc") && (!at[4] || at[4] == '/');
	}
	return !ovl_dirs_find(t->dir, &value) || (value & OVL_DIRS_OUTSIDE);
}

static enum ovl_verdict readlink_told(struct ovl_call *c, struct ovl_told *t)
{
	long r;

	if (t->tell == OVL_TELL_UPPER)
		return ovl_fastup_readlink(c, t);
	if (!t->room && may_be_of_proc(t))
		return OVL_SLOW;
	r = ovl_sys4(__NR_readlinkat, t->dirfd, t->path, t->arg[0], (int)t->arg[1]);
	return r == -EINVAL ? OVL_SLOW : done(c, r); /* it may be a whiteout */
}

enum what { STAT, STATX, OPEN, ACCESS, READLINK, UNLINK };

/*
 * A call that does @what with a name, @a and @b: see above. A frame of its own, in which nothing
 * but the answer lives: there is not much stack.
 */
static __attribute__((noinline)) enum ovl_verdict
by_name(struct ovl_call *c, enum what what, int dirfd, const char *path, long a, long b)
{
	OVL_TOLD t;

	if (!ovl_tell(&t, dirfd, path))
		return OVL_SLOW;
	t.arg[0] = a;
	t.arg[1] = b;
	switch (what) {
	case STAT:
		return stat_told(c, &t);
	case STATX:
		return statx_told(c, &t);
	case OPEN:
		return open_told(c, &t);
	case ACCESS:
		return access_told(c, &t);
	case UNLINK:
		return ovl_fastup_unlink(c, &t);
	default:
		return readlink_told(c, &t);
	}
}

/* The same of a call that changes something: the directory it starts from stays what it is known
 * as. */
static __attribute__((noinline)) enum ovl_verdict
change_by_name(struct ovl_call *c, enum what what, int dirfd, const char *path, long a, long b)
{
	bool relative = (unsigned long)path >= 4096 && path[0] != '/';
	enum ovl_verdict v;

	if (!relative)
		return by_name(c, what, dirfd, path, a, b);
	ovl_known_pin(dirfd);
	v = by_name(c, what, dirfd, path, a, b);
	ovl_known_unpin(dirfd);
	return v;
}

static enum ovl_verdict fast_stat(struct ovl_call *c, int dirfd, long path, long buf, long flags)
{
	if (flags & ~(long)(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT))
		return OVL_SLOW;
	return by_name(c, STAT, dirfd, (const char *)path, buf, flags);
}

static enum ovl_verdict fast_statx(struct ovl_call *c)
{
	if (c->arg[2] & AT_EMPTY_PATH)
		return OVL_SLOW;
	return by_name(c, STATX, (int)c->arg[0], (const char *)c->arg[1], 0, 0);
}

static enum ovl_verdict fast_open(struct ovl_call *c, int dirfd, const char *path, long flags,
				  long mode)
{
	if (flags & (O_PATH | (O_TMPFILE & ~O_DIRECTORY)))
		return OVL_SLOW;
	if (flags & (O_ACCMODE | O_CREAT | O_TRUNC))
		return change_by_name(c, OPEN, dirfd, path, flags, mode);
	return by_name(c, OPEN, dirfd, path, flags, mode);
}

static enum ovl_verdict fast_access(struct ovl_call *c, int dirfd, const char *path, long mode)
{
	if (mode & ~7L)
		return OVL_SLOW; /* EINVAL comes first */
	return by_name(c, ACCESS, dirfd, path, mode, 0);
}

static enum ovl_verdict fast_readlink(struct ovl_call *c, int dirfd, const char *path, long buf,
				      long size)
{
	long r;

	if ((unsigned long)path >= 4096 && ovl_str_equal(path, OVL_EXE_LINK)) {
		r = ovl_exe_link((char *)buf, (int)size);
		return r < 0 ? OVL_SLOW : done(c, r);
	}
	return by_name(c, READLINK, dirfd, path, buf, size);
}

/* A descriptor's own attributes: wrong only for directories and copies, which are few. */
static __attribute__((noinline)) enum ovl_verdict fast_fstat(struct ovl_call *c, int fd, long buf)
{
	const struct ovl_kstat *st = (const struct ovl_kstat *)buf;
	uint64_t hash;
	int layer;
	long r = ovl_sys4(__NR_fstat, fd, buf, 0, 0);

	if (r)
		return done(c, r);
	if ((st->mode & S_IFMT) == S_IFDIR)
		return ovl_known_find(fd, &hash, &layer) && layer != OVL_UPPER &&
				       !ovl_filter_maybe(&ovl_ss->present, hash)
			       ? done(c, 0)
			       : OVL_SLOW;
	return (ovl_ss->overrides && (st->mode & S_IFMT) != S_IFREG) ||
			       ovl_inode_maybe_origin(st->ino) ||
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

/* Is the lower directory hashed @hash still what the view shows there? */
static bool is_shown(uint64_t hash)
{
	uint64_t value;

	if (!ovl_filter_maybe(&ovl_ss->present, hash) && !ovl_filter_maybe(&ovl_ss->hidden, hash))
		return true;
	return ovl_dcache_find(hash, &value) && !(value & OVL_DC_PURE);
}

/* The kernel tells where the cwd is; of a layer's directory that is not where it is seen. */
static enum ovl_verdict fast_getcwd(struct ovl_call *c)
{
	uint64_t hash;
	int layer;

	if (!ovl_known_find(AT_FDCWD, &hash, &layer))
		return OVL_SLOW;
	if (layer == OVL_UPPER)
		return ovl_fastup_getcwd(c);
	return layer == OVL_NONE || ((ovl_ss->flags & OVL_S_SAME_ROOT) && is_shown(hash))
		       ? OVL_PASS
		       : OVL_SLOW;
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
static __attribute__((noinline)) enum ovl_verdict watch(struct ovl_call *c)
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
	case __NR_sigaltstack:
		return ovl_tight_watch(c);
	case __NR_lseek:
	case __NR_ftruncate:
		return OVL_PASS;
	case __NR_fcntl:
		if (c->arg[1] == F_DUPFD || c->arg[1] == F_DUPFD_CLOEXEC)
			return ovl_fastlow_dup(c);
		return ovl_filelock_cmd((unsigned)c->arg[1]) ? OVL_SLOW : OVL_PASS;
	case __NR_ioctl:
		return ovl_ioctl_ours((unsigned)c->arg[1]) ? OVL_SLOW : OVL_PASS;
	default:
		return OVL_SLOW;
	}
}

/* Do both paths of renameat(2), with the arguments @a, start from the cwd? */
static bool are_cwd(const long *a)
{
	return (int)a[0] == AT_FDCWD && (int)a[2] == AT_FDCWD;
}

/* Calls without a name, and renames. */
static __attribute__((noinline)) enum ovl_verdict look(struct ovl_call *c)
{
	const long *a = c->arg;
	enum ovl_verdict v;

	switch (c->nr) {
	case __NR_fstat:
		return fast_fstat(c, (int)a[0], a[1]);
	case __NR_getcwd:
		return fast_getcwd(c);
	case __NR_rename:
		return ovl_fastmove(c, (const char *)a[0], (const char *)a[1], true, 0);
	case __NR_renameat:
		return ovl_fastmove(c, (const char *)a[1], (const char *)a[3], are_cwd(a), 0);
	case __NR_renameat2:
		return ovl_fastmove(c, (const char *)a[1], (const char *)a[3], are_cwd(a), a[4]);
	case __NR_getdents64:
		return ovl_fastlow_list(c);
	case __NR_unlink:
		return change_by_name(c, UNLINK, AT_FDCWD, (const char *)a[0], 0, 0);
	case __NR_unlinkat:
		return a[2] ? OVL_SLOW
			    : change_by_name(c, UNLINK, (int)a[0], (const char *)a[1], 0, 0);
	case __NR_fchmod:
	case __NR_fchown:
	case __NR_utimensat:
	case __NR_fsetxattr:
	case __NR_fremovexattr:
		return ovl_fastfd_change(c);
	case __NR_fgetxattr:
	case __NR_flistxattr:
		return ovl_fastfd_xattr(c);
	case __NR_fcntl:
		v = watch(c);
		if (v != OVL_SLOW)
			return v;
		return ovl_flock_meets(c) ? OVL_PASS : OVL_SLOW;
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
		return watch(c);
	}
}

enum ovl_verdict ovl_fast(struct ovl_call *c)
{
	const long *a = c->arg;

	if (OVL_UNLIKELY((ovl_ss->flags & OVL_S_TRACE) || ovl_tight))
		return watch(c);
	switch (c->nr) {
	case __NR_close: /* after each open */
		ovl_known_forget((int)a[0]);
		return OVL_PASS;
	case __NR_stat:
		return fast_stat(c, AT_FDCWD, a[0], a[1], 0);
	case __NR_lstat:
		return fast_stat(c, AT_FDCWD, a[0], a[1], AT_SYMLINK_NOFOLLOW);
	case __NR_newfstatat:
		return fast_fstatat(c);
	case __NR_statx:
		return fast_statx(c);
	case __NR_open:
		return fast_open(c, AT_FDCWD, (const char *)a[0], a[1], a[2]);
	case __NR_openat:
		return fast_open(c, (int)a[0], (const char *)a[1], a[2], a[3]);
	case __NR_creat:
		return fast_open(c, AT_FDCWD, (const char *)a[0], O_CREAT | O_WRONLY | O_TRUNC,
				 a[1]);
	case __NR_access:
		return fast_access(c, AT_FDCWD, (const char *)a[0], a[1]);
	case __NR_faccessat:
		return fast_access(c, (int)a[0], (const char *)a[1], a[2]);
	case __NR_readlink:
		return fast_readlink(c, AT_FDCWD, (const char *)a[0], a[1], a[2]);
	case __NR_readlinkat:
		return fast_readlink(c, (int)a[0], (const char *)a[1], a[2], a[3]);
	default:
		return look(c);
	}
}
