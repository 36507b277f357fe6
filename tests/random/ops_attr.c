/* SPDX-License-Identifier: MIT */
/* ops_attr.c - operations by name that read or change attributes */
#include <sys/syscall.h>
#include <sys/xattr.h>

#include "fuzz.h"

static const char *const xattr_names[] = {
	"user.a",	  "user.b",    "user.long.name.of.an.attribute", "user.overlay.opaque",
	"user.overlay.x", "user.ovl.x"};

static const char *gen_xattr(struct rng *g)
{
	unsigned i = rng_below(g, 12);

	return xattr_names[i < 6 && (run.features & F_PRIVATE) ? i : i % 3];
}

bool op_stat(struct rng *g)
{
	struct where w;
	struct stat st;
	int flags = rng_chance(g, 50) ? AT_SYMLINK_NOFOLLOW : 0;
	long r;

	gen_where(g, &w);
	say("stat%d(", flags ? 0 : 1);
	say_where(&w);
	say(")");
	r = fstatat(w.fd, w.text, &st, flags);
	say_result(r);
	if (!r && flags)
		see_where(&w);
	else if (!r && !run.pins)
		see_stat(&st);
	return true;
}

bool op_access(struct rng *g)
{
	struct where w;
	int mode = (int)rng_below(g, 8);
	int flags = (rng_chance(g, 50) ? AT_EACCESS : 0) |
		    (rng_chance(g, 25) ? AT_SYMLINK_NOFOLLOW : 0);

	gen_where(g, &w);
	say("access(");
	say_where(&w);
	say(", %d, %x)", mode, (unsigned)flags);
	say_result(syscall(SYS_faccessat2, w.fd, w.text, mode, flags));
	return true;
}

bool op_readlink(struct rng *g)
{
	struct where w;
	char text[PATH_MAX];
	size_t size = rng_chance(g, 90) ? sizeof(text) : 1 + rng_below(g, 3);
	ssize_t n;

	gen_where(g, &w);
	say("readlink(");
	say_where(&w);
	say(", %zu)", size);
	n = readlinkat(w.fd, w.text, text, size);
	say_result(n < 0 ? n : 0);
	if (n >= 0 && size > 3)
		say_text(text, (size_t)n);
	return true;
}

bool op_chmod(struct rng *g)
{
	struct where w;
	mode_t mode = gen_mode(g, rng_chance(g, 60));
	long t;

	gen_where(g, &w);
	t = see_before(&w);
	say("chmod(");
	say_where(&w);
	say(", %o)", mode);
	say_result(fchmodat(w.fd, w.text, mode, 0));
	see_after(&w, t);
	return true;
}

bool op_chown(struct rng *g)
{
	struct where w;
	uid_t uid = rng_chance(g, 20) ? (uid_t)-1 : gen_uid(g);
	gid_t gid = rng_chance(g, 20) ? (gid_t)-1 : gen_uid(g);
	int flags = rng_chance(g, 50) ? AT_SYMLINK_NOFOLLOW : 0;
	long t;

	gen_where(g, &w);
	if (!(run.features & F_CHOWN))
		return false;
	t = see_before(&w);
	say("chown%d(", flags ? 0 : 1);
	say_where(&w);
	say(", %d, %d)", (int)uid, (int)gid);
	say_result(fchownat(w.fd, w.text, uid, gid, flags));
	see_after(&w, t);
	return true;
}

static void gen_times(struct rng *g, struct timespec *ts)
{
	for (int i = 0; i < 2; i++) {
		unsigned p = rng_below(g, 10);

		ts[i].tv_sec = 1000000000 + (time_t)rng_below(g, 1000);
		ts[i].tv_nsec = p == 0	 ? UTIME_OMIT
				: p == 1 ? UTIME_NOW
					 : (long)rng_below(g, 1000000);
	}
}

bool op_utimens(struct rng *g)
{
	struct where w;
	struct timespec ts[2];
	struct stat st;
	int flags = rng_chance(g, 50) ? AT_SYMLINK_NOFOLLOW : 0;
	long t;
	int r;

	gen_where(g, &w);
	gen_times(g, ts);
	t = see_before(&w);
	say("utimens%d(", flags ? 0 : 1);
	say_where(&w);
	say(", %ld.%ld, %ld.%ld)", (long)ts[0].tv_sec, ts[0].tv_nsec, (long)ts[1].tv_sec,
	    ts[1].tv_nsec);
	r = utimensat(w.fd, w.text, ts, flags);
	say_result(r);
	see_after(&w, t);
	if (!r && (run.features & F_TIMES) && ts[0].tv_nsec < 1000000 &&
	    !fstatat(w.fd, w.text, &st, AT_SYMLINK_NOFOLLOW) && !S_ISLNK(st.st_mode) &&
	    (!S_ISDIR(st.st_mode) || (run.features & F_DIR_TIMES)))
		say(" a=%ld", st.st_atim.tv_sec < 1100000000 ? (long)st.st_atim.tv_sec : 0);
	return true;
}

bool op_fd_times(struct rng *g)
{
	struct timespec ts[2];
	int i = (int)rng_below(g, SLOTS);

	gen_times(g, ts);
	if (run.fd[i] < 0)
		return false;
	say("futimens(%d, %ld.%ld, %ld.%ld)", i, (long)ts[0].tv_sec, ts[0].tv_nsec,
	    (long)ts[1].tv_sec, ts[1].tv_nsec);
	say_result(futimens(run.fd[i], ts));
	see_fd(run.fd[i]);
	return true;
}

bool op_truncate(struct rng *g)
{
	struct where w;
	struct stat st;
	off_t size = rng_chance(g, 30) ? 0 : (off_t)rng_below(g, rng_chance(g, 20) ? 20000 : 100);
	long t;

	gen_path(g, &w);
	if (!(run.features & F_OWN_WAYS) && !stat(w.text, &st) && S_ISREG(st.st_mode) &&
	    st.st_size == size)
		return false;
	t = see_before(&w);
	say("truncate(");
	say_where(&w);
	say(", %ld)", (long)size);
	say_result(truncate(w.text, size));
	see_after(&w, t);
	return true;
}

bool op_setxattr(struct rng *g)
{
	struct where w;
	const char *name = gen_xattr(g);
	int flags = (int)rng_below(g, 10);
	bool follow = rng_chance(g, 60);
	char value[64];
	size_t n = rng_below(g, sizeof(value));
	long t;

	gen_path(g, &w);
	if (!(run.features & F_XATTR))
		return false;
	memset(value, 'a' + run.op % 26, sizeof(value));
	flags = flags < 3 ? flags : 0;
	t = see_before(&w);
	say("setxattr%d(", follow);
	say_where(&w);
	say(", %s, %zu, %d)", name, n, flags);
	say_result((follow ? setxattr : lsetxattr)(w.text, name, value, n, flags));
	see_after(&w, t);
	return true;
}

bool op_getxattr(struct rng *g)
{
	struct where w;
	const char *name = gen_xattr(g);
	bool follow = rng_chance(g, 60);
	size_t size = rng_chance(g, 15) ? 0 : rng_chance(g, 10) ? 1 : 64;
	char value[64];
	ssize_t n;

	gen_path(g, &w);
	if (!(run.features & F_XATTR))
		return false;
	say("getxattr%d(", follow);
	say_where(&w);
	say(", %s, %zu)", name, size);
	n = (follow ? getxattr : lgetxattr)(w.text, name, value, size);
	say_result(n);
	if (n > 0 && size)
		say_text(value, (size_t)n);
	return true;
}

bool op_listxattr(struct rng *g)
{
	struct where w;
	char list[4096];
	ssize_t n;
	ssize_t ask;

	gen_path(g, &w);
	if (!(run.features & F_XATTR))
		return false;
	say("listxattr(");
	say_where(&w);
	say(")");
	n = llistxattr(w.text, list, sizeof(list));
	say_result(n);
	ask = llistxattr(w.text, NULL, 0);
	if (n >= 0 && ask < n)
		say(" asked %zd", ask);
	if (n > 0)
		see_xattrs(w.text, -1);
	return true;
}

bool op_removexattr(struct rng *g)
{
	struct where w;
	const char *name = gen_xattr(g);
	bool follow = rng_chance(g, 60);
	long t;

	gen_path(g, &w);
	if (!(run.features & F_XATTR))
		return false;
	t = see_before(&w);
	say("removexattr%d(", follow);
	say_where(&w);
	say(", %s)", name);
	say_result((follow ? removexattr : lremovexattr)(w.text, name));
	see_after(&w, t);
	return true;
}

/*
 * tmpfs takes the sgid bit away from who is not of the group when an access ACL is dropped, even
 * one that is not there; ext4 does not. What a copy shows is the copy's file system's way.
 */
static bool depends_on_fs(const struct where *w)
{
	struct stat st;

	return !run.root && !stat(w->text, &st) && (st.st_mode & S_ISGID);
}

/* A default ACL on a directory, or an access ACL on anything. */
bool op_acl(struct rng *g)
{
	/* version 2; u::rwx u:UID:r-x g::r-x m::rwx o::--- */
	struct {
		uint32_t version;
		struct {
			uint16_t tag, perm;
			uint32_t id;
		} e[5];
	} acl = {2, {{1, 7, ~0U}, {2, 5, run.uid}, {4, 5, ~0U}, {16, 7, ~0U}, {32, 0, ~0U}}};
	bool def = rng_chance(g, 70);
	struct where w;
	const char *name = def ? "system.posix_acl_default" : "system.posix_acl_access";
	bool drop = rng_chance(g, 25);

	acl.e[3].perm = (uint16_t)rng_below(g, 8);
	acl.e[4].perm = (uint16_t)rng_below(g, 8);
	gen_path(g, &w);
	if (!(run.features & F_ACL) || (drop && !def && depends_on_fs(&w)))
		return false;
	say("acl%s(", drop ? "_drop" : "");
	say_where(&w);
	say(", %s, %o)", def ? "default" : "access", acl.e[3].perm * 8 + acl.e[4].perm);
	say_result(drop ? removexattr(w.text, name) : setxattr(w.text, name, &acl, sizeof(acl), 0));
	see_where(&w);
	return true;
}
