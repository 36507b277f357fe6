/* SPDX-License-Identifier: MIT */
#include "refd.h"

#include "dirent.h"
#include "fdview.h"
#include "filelock.h"
#include "inode.h"
#include "real.h"
#include "str.h"

#define KCMP_FILE_NR 0 /* kcmp(2) */
#define GROUPS	     16
#define RLIMIT_FILE  7 /* RLIMIT_NOFILE */
#define MANY	     65536

/* Open file descriptions that were reopened already: one descriptor of each, old and new. */
struct groups {
	int n;
	int old[GROUPS]; /* a duplicate of the old one, to compare with */
	int new[GROUPS];
};

/* What is to become of the descriptors of a lower object. */
struct job {
	const struct statx *lower;
	struct ovl_path *upper;	     /* they are to be of this; NULL: one is to be found */
	const struct ovl_path *only; /* those that were opened by this real path; NULL: all */
	bool left;		     /* there are others */
	int after;		     /* numbers up to this one are not looked at */
	int found;
	struct groups g;
};

static void drop_groups(const struct groups *g)
{
	for (int i = 0; i < g->n; i++) {
		ovl_fd_drop(&g->old[i]);
		ovl_filelock_drop(&g->new[i]);
	}
}

static bool is_of(struct ovl_ctx *ctx, int fd, const struct statx *lower)
{
	const struct statx *st = &ctx->st;

	if (ovl_sys(__NR_statx, fd, "", AT_EMPTY_PATH, STATX_TYPE | STATX_INO, st))
		return false;
	return ovl_is_same_object(st, lower);
}

/*
 * A new description of @upper that is as @fd's is. -ESTALE: that is no copy of @lower, but what
 * has come to its name since.
 */
static int reopen(int fd, long flags, const struct statx *lower, struct ovl_path *upper)
{
	long at = flags & O_PATH ? 0 : ovl_sys(__NR_lseek, fd, 0, 1);
	int new = ovl_real_open(upper, (int)(flags & ~(long)(O_CREAT | O_EXCL | O_TRUNC)));

	if (new >= 0 && ovl_inode_is_other(new, lower)) {
		ovl_filelock_drop(&new);
		return -ESTALE;
	}
	if (new >= 0 && at > 0)
		(void)ovl_sys(__NR_lseek, new, at, 0); /* a regular file: it can */
	return new;
}

/* A flock on @fd's description is to be one on @new's: -EAGAIN when somebody is in its way. */
static int carry_lock(int fd, long flags, int new)
{
	int lock = flags & O_PATH ? 0 : ovl_filelock_flock(fd);

	return lock ? (int)ovl_sys(__NR_flock, new, lock | LOCK_NB) : 0;
}

/* The new description for that of @fd: one that was made already, or a new one. */
static int find_new(struct groups *g, int fd, long flags, const struct statx *lower,
		    struct ovl_path *upper)
{
	long pid = ovl_sys(__NR_getpid);
	int new;
	int err;

	for (int i = 0; i < g->n; i++) {
		if (!ovl_sys(__NR_kcmp, pid, pid, KCMP_FILE_NR, fd, g->old[i]))
			return g->new[i];
	}
	if (g->n == GROUPS)
		return -EMFILE;
	new = reopen(fd, flags, lower, upper);
	if (new < 0)
		return new;
	err = carry_lock(fd, flags, new);
	if (err) {
		ovl_filelock_drop(&new);
		return err;
	}
	g->old[g->n] = (int)ovl_sys(__NR_fcntl, fd, F_DUPFD_CLOEXEC, 0);
	g->new[g->n] = new;
	return g->new[g->n++];
}

/* Was @fd opened by the real path @name? */
static bool is_by_name(struct ovl_ctx *ctx, int fd, const struct ovl_path *name)
{
	const struct ovl_path *p = &ctx->link;

	return !ovl_fd_real(fd, &ctx->link) && p->len == name->len &&
	       !memcmp(p->buf, name->buf, p->len);
}

static void replace(struct ovl_ctx *ctx, struct job *j, int fd)
{
	long flags = ovl_sys(__NR_fcntl, fd, F_GETFL);
	long cloexec = ovl_sys(__NR_fcntl, fd, F_GETFD);
	int new;

	/* One that can write was of upper from the start, or was opened outside on purpose. */
	if (flags < 0 || (!(flags & O_PATH) && (flags & O_ACCMODE) != O_RDONLY))
		return;
	if (j->only && !is_by_name(ctx, fd, j->only)) {
		j->left = true;
		return;
	}
	new = find_new(&j->g, fd, flags, j->lower, j->upper);
	if (new >= 0)
		(void)ovl_sys(__NR_dup3, new, fd, cloexec & 1 ? O_CLOEXEC : 0); /* best effort */
}

/* Do what there is to do with @fd. True: that was all. */
static bool visit(struct ovl_ctx *ctx, struct job *j, int fd)
{
	if (fd <= j->after || !is_of(ctx, fd, j->lower))
		return false;
	if (j->upper) {
		replace(ctx, j, fd);
		return false;
	}
	j->found = fd;
	return true;
}

/* Without a number to list them with: nearly all below the limit are descriptors. */
static void visit_numbers(struct ovl_ctx *ctx, struct job *j)
{
	uint64_t limit[2];

	if (ovl_sys(__NR_prlimit64, 0, RLIMIT_FILE, 0, limit))
		return;
	for (int fd = 0; (uint64_t)fd < limit[0] && fd < MANY; fd++) {
		if (visit(ctx, j, fd))
			return;
	}
}

/* All that the directory of descriptors open as @dir has left, but for that itself. */
static void visit_listed(struct ovl_ctx *ctx, struct job *j, int dir)
{
	long n;

	while ((n = ovl_sys(__NR_getdents64, dir, ctx->buf, sizeof(ctx->buf))) > 0) {
		for (long i = 0; i < n;) {
			const struct ovl_dirent *d = (const void *)(ctx->buf + i);
			const char *text = d->name;
			uint64_t fd;

			i += d->reclen;
			if (ovl_str_parse(&text, &fd) && (int)fd != dir && visit(ctx, j, (int)fd))
				return;
		}
	}
}

static void visit_all(struct ovl_ctx *ctx, struct job *j)
{
	OVL_FD dir = -1;

	if (ctx->tight) {
		visit_numbers(ctx, j);
	} else {
		dir = (int)ovl_sys(__NR_openat, AT_FDCWD, "/proc/self/fd",
				   O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
		if (dir >= 0)
			visit_listed(ctx, j, dir);
	}
	drop_groups(&j->g);
}

void ovl_refd(struct ovl_ctx *ctx, const struct statx *lower, struct ovl_path *upper)
{
	struct job j = {.lower = lower, .upper = upper, .after = -1};

	visit_all(ctx, &j);
}

bool ovl_refd_named(struct ovl_ctx *ctx, const struct statx *lower, struct ovl_path *upper,
		    const struct ovl_path *name)
{
	struct job j = {.lower = lower, .upper = upper, .only = name, .after = -1};

	visit_all(ctx, &j);
	return j.left;
}

int ovl_refd_next(struct ovl_ctx *ctx, const struct statx *lower, int after)
{
	struct job j = {.lower = lower, .after = after, .found = -1};

	visit_all(ctx, &j);
	return j.found;
}
