/* SPDX-License-Identifier: MIT */
/*
 * fixture.h - layers in a temporary directory and a session in memory, for tests that let the
 * engine run in their own process
 *
 *   world_make(2);                    w.dir/low1, low2 (low1 on top), up, work; view: w.dir/view
 *   put(W_LOW(1), "a/b", "text");     the test's own hand, past the engine
 *   view(SYS_unlink, at("a/b"));      as a program in the view, past the doors
 *   world_end();
 *
 * The view root is a place of its own, so that a call that slips past the engine finds nothing.
 */
#ifndef OVL_TEST_FIXTURE_H
#define OVL_TEST_FIXTURE_H

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "dirent.h"
#include "fault.h"
#include "namei.h"
#include "ovl.h"
#include "scratch.h"
#include "session.h"

#define UNUSED __attribute__((unused))

#ifndef DT_REG /* dirent.h is the engine's own here */
#define DT_CHR 2
#define DT_DIR 4
#define DT_REG 8
#endif

/* Names of the trees; a path below one is made by in(). */
#define W_UP	 "up"
#define W_WORK	 "work/tmp"
#define W_LOW(k) "low" #k

static struct {
	char dir[64];
	const char *view; /* where the view is: "view", or "low1" */
	struct ovl_session *ss;
} w;

/* "DIR/TREE/REL": one of eight buffers in turn. */
UNUSED static const char *in(const char *tree, const char *rel)
{
	static char buf[8][3 * PATH_MAX];
	static unsigned next;
	char *to = buf[next++ % 8];

	snprintf(to, sizeof(buf[0]), "%s/%s%s%s", w.dir, tree, *rel ? "/" : "", rel);
	return to;
}

/* The same in the view, as a system call's argument. */
UNUSED static long at(const char *rel)
{
	return (long)in(w.view, rel);
}

UNUSED static struct ovl_layer layer_of(const char *path)
{
	struct stat st;

	cr_assert_eq(stat(path, &st), 0, "%s", path);
	return (struct ovl_layer){
		.path = session_text(w.ss, path), .dev = st.st_dev, .ino = st.st_ino};
}

/* @nlower lowers, an upper, a work directory; ovl_ss is the session. */
UNUSED static void world_make(int nlower)
{
	char name[16];

	strcpy(w.dir, "/tmp/ovl-unit-XXXXXX");
	cr_assert(ne(ptr, mkdtemp(w.dir), NULL));
	chmod(w.dir, 0755);
	umask(022);
	w.view = "view";
	w.ss = session_make();
	mkdir(in("up", ""), 0755);
	mkdir(in("work", ""), 0755);
	mkdir(in("work", "tmp"), 0755);
	mkdir(in("work", "index"), 0755);
	/* As the launcher does: for whoever the process becomes. */
	close(open(in("work", "oplock"), O_RDWR | O_CREAT, 0600));
	chmod(in("work", "oplock"), 0666);
	w.ss->layer[0] = layer_of(in("up", ""));
	for (int k = 1; k <= nlower; k++) {
		snprintf(name, sizeof(name), "low%d", k);
		mkdir(in(name, ""), 0755);
		w.ss->layer[k] = layer_of(in(name, ""));
	}
	w.ss->nlower = (uint32_t)nlower;
	w.ss->root = session_text(w.ss, in("view", ""));
	session_work(w.ss, in("work", ""));
	ovl_filter_add(&w.ss->present, ovl_hash_path(in("view", ""), w.ss->root.len));
	fault_reset();
}

/* The same with one lower, seen at its own path: the usual case, and the fast path's. */
UNUSED static void world_make_same_root(void)
{
	world_make(1);
	w.view = "low1";
	w.ss->root = w.ss->layer[1].path;
	ovl_filter_add(&w.ss->present, ovl_hash_path(in("low1", ""), w.ss->root.len));
	w.ss->flags |= OVL_S_SAME_ROOT;
	ovl_init(w.ss);
	/* As the launcher does: upper and work do not exist inside. */
	w.ss->hide[0] = session_text(w.ss, in("up", ""));
	w.ss->hide[1] = session_text(w.ss, in("work", ""));
	w.ss->nhide = 2;
	for (int i = 0; i < 2; i++) {
		const char *path = ovl_session_str(w.ss, w.ss->hide[i]);

		ovl_filter_add(&w.ss->hidden, ovl_hash_path(path, w.ss->hide[i].len));
	}
}

UNUSED static int world_remove_one(const char *path, const struct stat *st, int type,
				   struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	return type == FTW_DP ? rmdir(path) : unlink(path);
}

UNUSED static void world_end(void)
{
	if (geteuid())
		(void)!seteuid(0);
	(void)!chdir("/");
	nftw(w.dir, world_remove_one, 32, FTW_DEPTH | FTW_PHYS);
}

/* Root becomes another user, to whom the trees belong; an ordinary user stays himself. */
UNUSED static void leave_root(void)
{
	static const char *const trees[] = {"low1", "up", "work", W_WORK, "work/index"};

	if (geteuid())
		return;
	for (size_t i = 0; i < sizeof(trees) / sizeof(*trees); i++)
		cr_assert_eq(chown(in(trees[i], ""), 65534, 65534), 0);
	cr_assert_eq(seteuid(65534), 0);
}

/* What the launcher does with an upper that is not new: every name of @tree/@rel is announced. */
UNUSED static void announce(const char *rel, bool hides)
{
	const char *path = in(w.view, rel);

	struct stat st;

	ovl_announce(ovl_hash_path(path, strlen(path)), hides);
	if (!lstat(in(W_UP, rel), &st))
		ovl_announce_type(ovl_hash_path(path, strlen(path)), st.st_mode & S_IFMT);
}

/* A call as a program in the view makes it; the result or -errno. */
UNUSED static long view6(long nr, long a, long b, long c, long d, long e, long f)
{
	struct ovl_call call = {.nr = nr, .arg = {a, b, c, d, e, f}};

	switch (ovl_enter(&call)) {
	case OVL_DONE:
		return call.ret;
	case OVL_TAIL:
		call.ret = ovl_sys6(call.tail->nr, call.tail->arg[0], call.tail->arg[1],
				    call.tail->arg[2], call.tail->arg[3], call.tail->arg[4],
				    call.tail->arg[5]);
		ovl_after(&call);
		return call.ret;
	default:
		return ovl_sys6(nr, a, b, c, d, e, f);
	}
}

#define view(...) VIEW_PAD(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)
#define VIEW_PAD(nr, a, b, c, d, e, f, ...) \
	view6(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

/* System calls that @nr on @rel takes, the second time. */
UNUSED static unsigned cost(long nr, const char *rel, long a, long b)
{
	for (int i = 0; i < 2; i++) {
		long r;

		fault_reset();
		r = view(nr, at(rel), a, b);
		if (r > 2 && nr == SYS_open)
			close((int)r);
	}
	return fault_total();
}

/* For fault_hook(): another process of the run removes the file @rel. */
UNUSED static void other_unlinks(void *rel)
{
	cr_assert_eq(view(SYS_unlink, at(rel)), 0);
}

/* A workspace for tests that call the engine's inner functions. */
UNUSED static struct ovl_ctx *ctx_make(void)
{
	static struct ovl_ctx ctx;
	static struct ovl_call call;

	memset(&ctx, 0, sizeof(ctx));
	ctx.call = &call;
	ctx.fd_layer = OVL_NONE;
	return &ctx;
}

/* name[@slot] of @ctx is what the view shows at @rel. */
UNUSED static struct ovl_name *name_of(struct ovl_ctx *ctx, int slot, const char *rel)
{
	struct ovl_name *n = &ctx->name[slot];
	int err = ovl_namei(ctx, n, AT_FDCWD, in(w.view, rel), 0);

	cr_assert(eq(int, err, 0), "%s", rel);
	return n;
}

/* By the test's own hand. */

UNUSED static void put(const char *tree, const char *rel, const char *text)
{
	int fd = open(in(tree, rel), O_WRONLY | O_CREAT | O_TRUNC, 0644);

	cr_assert(ge(int, fd, 0), "%s/%s", tree, rel);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	if (!strcmp(tree, W_UP))
		announce(rel, true);
}

UNUSED static void put_dir(const char *tree, const char *rel)
{
	cr_assert(eq(int, mkdir(in(tree, rel), 0755), 0), "%s/%s", tree, rel);
	if (!strcmp(tree, W_UP))
		announce(rel, false);
}

UNUSED static void put_link(const char *tree, const char *rel, const char *text)
{
	cr_assert(eq(int, symlink(text, in(tree, rel)), 0), "%s/%s", tree, rel);
	if (!strcmp(tree, W_UP))
		announce(rel, true);
}

UNUSED static void put_whiteout(const char *tree, const char *rel)
{
	cr_assert(eq(int, mknod(in(tree, rel), S_IFCHR, 0), 0), "%s/%s", tree, rel);
	if (!strcmp(tree, W_UP))
		announce(rel, true);
}

UNUSED static void put_opaque(const char *tree, const char *rel)
{
	put_dir(tree, rel);
	cr_assert_eq(setxattr(in(tree, rel), "user.overlay.opaque", "y", 1, 0), 0);
	if (!strcmp(tree, W_UP))
		announce(rel, true);
}

/* Two lowers; the one on top has the files f and d/f. */
UNUSED static void world_make_files(void)
{
	world_make(2);
	put_dir(W_LOW(1), "d");
	put(W_LOW(1), "d/f", "low");
	put(W_LOW(1), "f", "low");
}

/* One lower, at its own path. d has f of the lower and u of upper; p is upper's alone: f, e, l. */
UNUSED static void world_make_merged(void)
{
	world_make_same_root();
	put_dir(W_LOW(1), "d");
	put(W_LOW(1), "d/f", "low");
	put_dir(W_UP, "d");
	put(W_UP, "d/u", "up");
	put_dir(W_UP, "p");
	put_dir(W_UP, "p/e");
	put(W_UP, "p/f", "up");
	put_link(W_UP, "p/l", "f");
}

/* Since the last fault_reset(): the slow path is told by its blocking signals. */
UNUSED static bool was_slow(void)
{
	return fault_count(__NR_rt_sigprocmask) > 0;
}

UNUSED static struct stat lstat_of(const char *tree, const char *rel)
{
	struct stat st;

	cr_assert(eq(int, lstat(in(tree, rel), &st), 0), "%s/%s", tree, rel);
	return st;
}

UNUSED static bool is_there(const char *tree, const char *rel)
{
	struct stat st;

	return !lstat(in(tree, rel), &st);
}

UNUSED static bool is_whiteout(const char *tree, const char *rel)
{
	struct stat st;

	return !lstat(in(tree, rel), &st) && S_ISCHR(st.st_mode) && !st.st_rdev;
}

UNUSED static bool is_opaque(const char *tree, const char *rel)
{
	char v[2];

	return getxattr(in(tree, rel), "user.overlay.opaque", v, 2) == 1 && v[0] == 'y';
}

/* The content of a short file; "(-2)" when it cannot be opened with ENOENT. */
UNUSED static char *text_fd(long fd)
{
	static char buf[4][512];
	static unsigned next;
	char *to = buf[next++ % 4];
	ssize_t n;

	if (fd < 0) {
		snprintf(to, sizeof(buf[0]), "(%ld)", fd);
		return to;
	}
	n = pread((int)fd, to, sizeof(buf[0]) - 1, 0);
	to[n < 0 ? 0 : n] = '\0';
	close((int)fd);
	return to;
}

UNUSED static char *text_of(const char *tree, const char *rel)
{
	int fd = open(in(tree, rel), O_RDONLY | O_NOFOLLOW);

	return text_fd(fd < 0 ? -errno : fd);
}

/* The same as the view shows it. */
UNUSED static char *shown(const char *rel)
{
	return text_fd(view(SYS_openat, AT_FDCWD, at(rel), O_RDONLY));
}

/* Number of names in a directory, "." and ".." not counted; -1: no such directory. */
UNUSED static int names_in(const char *tree, const char *rel)
{
	static char buf[64 * 1024] __attribute__((aligned(8)));
	int fd = open(in(tree, rel), O_RDONLY | O_DIRECTORY);
	int names = 0;
	long n;

	if (fd < 0)
		return -1;
	while ((n = syscall(SYS_getdents64, fd, buf, sizeof(buf))) > 0) {
		for (long i = 0; i < n;) {
			const struct ovl_dirent *d = (const void *)(buf + i);

			names += !ovl_dirent_is_dots(d);
			i += d->reclen;
		}
	}
	close(fd);
	return names;
}

/* What is in the engine's workshop besides the inodes of whiteouts: shim/whiteout.h. */
UNUSED static int temporaries(void)
{
	int names = names_in(W_WORK, "");

	for (int i = 0; i < OVL_WHITEOUTS; i++)
		names -= !access(ovl_session_str(ovl_ss, ovl_ss->whiteout[i]), F_OK);
	return names;
}

/* Is it empty, as it must be between two calls? */
#define EXPECT_NO_TEMPORARY() cr_expect(eq(int, temporaries(), 0))

/* The number that the next descriptor gets. */
UNUSED static int next_fd(void)
{
	int fd = dup(2);

	close(fd);
	return fd;
}

/* How many there are: equal before and after a call that keeps none. */
UNUSED static int fds_open(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

#endif
