/* SPDX-License-Identifier: MIT */
#include "sym_dir.h"

#include "nr.h"

#include <asm/stat.h>

#define BUFFER 32768

struct ovl_dir {
	int fd;
	uint32_t at;  /* of the next entry in buf */
	uint32_t end; /* of what is in buf */
	uint32_t busy;
	int64_t off; /* where the last entry that was given out ends */
	char buf[BUFFER] __attribute__((aligned(8)));
};

/* One thread at a time, as with libc's; whoever else comes waits for a call of the kernel's. */
static void take(struct ovl_dir *d)
{
	while (__atomic_exchange_n(&d->busy, 1, __ATOMIC_ACQUIRE))
		(void)ovl_sym(__NR_sched_yield); /* it does not fail */
}

static void give(struct ovl_dir *d)
{
	__atomic_store_n(&d->busy, 0, __ATOMIC_RELEASE);
}

static struct ovl_dir *make(long fd)
{
	struct ovl_dir *d = ovl_sym_malloc(sizeof(*d));

	if (!d)
		return NULL;
	d->fd = (int)fd;
	d->at = 0;
	d->end = 0;
	d->busy = 0;
	d->off = 0;
	return d;
}

struct ovl_dir *ovl_dir_openat(int at, const char *path)
{
	long fd = ovl_sym(__NR_openat, at, path,
			  O_RDONLY | O_NONBLOCK | O_DIRECTORY | O_CLOEXEC | O_LARGEFILE);
	struct ovl_dir *d;

	if (fd < 0)
		return ovl_sym_null(fd);
	d = make(fd);
	if (!d) {
		(void)ovl_sym(__NR_close, fd); /* what has to be told is that there is no memory */
		return ovl_sym_null(-ENOMEM);
	}
	return d;
}

struct ovl_dir *opendir(const char *path)
{
	return ovl_dir_openat(AT_FDCWD, path);
}

struct ovl_dir *fdopendir(int fd)
{
	struct stat st;
	struct ovl_dir *d;
	long r = ovl_sym(__NR_fstat, fd, &st);

	if (!r && (st.st_mode & S_IFMT) != S_IFDIR)
		r = -ENOTDIR;
	if (!r)
		r = ovl_sym(__NR_fcntl, fd, F_GETFL);
	if (r >= 0 && (r & O_PATH))
		r = -EBADF;
	if (r >= 0 && (r & O_ACCMODE) == O_WRONLY)
		r = -EINVAL;
	if (r < 0)
		return ovl_sym_null(r);
	d = make(fd);
	return d ? d : ovl_sym_null(-ENOMEM);
}

/* The next entry into *@ret: NULL at the end. 0 or -errno. */
static long next(struct ovl_dir *d, struct ovl_dirent **ret)
{
	*ret = NULL;
	if (d->at >= d->end) {
		long n = ovl_sym(__NR_getdents64, d->fd, d->buf, sizeof(d->buf));

		if (n <= 0)
			return n == -ENOENT ? 0 : n; /* it was removed: nothing is in it */
		d->end = (uint32_t)n;
		d->at = 0;
	}
	*ret = (struct ovl_dirent *)(d->buf + d->at);
	d->at += (*ret)->reclen;
	d->off = (*ret)->off;
	return 0;
}

struct ovl_dirent *readdir(struct ovl_dir *d)
{
	struct ovl_dirent *e;
	long r;

	take(d);
	r = next(d, &e);
	give(d);
	return r < 0 ? ovl_sym_null(r) : e;
}
SYM_ALIAS(readdir64, readdir);

SYM(int, readdir_r, struct ovl_dir *d, struct ovl_dirent *entry, struct ovl_dirent **ret)
{
	struct ovl_dirent *e;
	long r;

	take(d);
	r = next(d, &e);
	if (e)
		memcpy(entry, e, e->reclen);
	give(d);
	*ret = r < 0 || !e ? NULL : entry;
	return (int)-r;
}
SYM_ALIAS(readdir64_r, readdir_r);

int closedir(struct ovl_dir *d)
{
	int fd;

	if (!d)
		return (int)ovl_sym_ret(-EINVAL);
	fd = d->fd;
	ovl_sym_free(d);
	return (int)ovl_sym_ret(ovl_sym(__NR_close, fd));
}

int dirfd(const struct ovl_dir *d)
{
	return d->fd;
}

static void go_to(struct ovl_dir *d, int64_t off)
{
	take(d);
	(void)ovl_sym(__NR_lseek, d->fd, off, 0 /* SEEK_SET */); /* these functions tell no error */
	d->at = 0;
	d->end = 0;
	d->off = off;
	give(d);
}

SYM(void, rewinddir, struct ovl_dir *d)
{
	go_to(d, 0);
}

SYM(void, seekdir, struct ovl_dir *d, long off)
{
	go_to(d, off);
}

SYM(long, telldir, struct ovl_dir *d)
{
	return d->off;
}
