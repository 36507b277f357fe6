/* SPDX-License-Identifier: MIT */
#include "copy_data.h"

#define FICLONE_NR 0x40049409 /* _IOW(0x94, 9, int): ioctl_ficlonerange(2) */
#define CHUNK	   (1 << 30)

enum { FROM_SET = 0, FROM_DATA = 3, FROM_HOLE = 4 }; /* lseek(2) */

/* This pair of files cannot be copied that way; another may do. */
static bool try_next(long r)
{
	return r == -EXDEV || r == -EINVAL || r == -ENOSYS || r == -EOPNOTSUPP || r == -EPERM ||
	       r == -EBADF;
}

/* A call that a signal could not interrupt here, but a network file system may. */
static long again(long nr, long a, long b, long c, long d, long e)
{
	long r;

	do {
		r = ovl_sys(nr, a, b, c, d, e, 0);
	} while (r == -EINTR);
	return r;
}

/* Both file positions are at the range's start: read and write it. */
static int copy_by_hand(struct ovl_ctx *ctx, int from, int to, int64_t left)
{
	while (left > 0) {
		int64_t want = left < (int64_t)sizeof(ctx->buf) ? left : (int64_t)sizeof(ctx->buf);
		long n = again(__NR_read, from, (long)ctx->buf, want, 0, 0);
		long done = 0;

		if (n <= 0)
			return (int)n;
		while (done < n) {
			long w = again(__NR_write, to, (long)(ctx->buf + done), n - done, 0, 0);

			if (w < 0)
				return (int)w;
			done += w;
		}
		left -= n;
	}
	return 0;
}

/* Copy by one of the kernel's own ways; *@left is what remains, the positions move along. */
static long copy_in_kernel(long nr, int from, int to, int64_t *left)
{
	long n = 1;

	while (*left > 0 && n > 0) {
		int64_t want = *left < CHUNK ? *left : CHUNK;

		if (nr == __NR_sendfile)
			n = again(nr, to, from, 0, want, 0);
		else
			n = again(nr, from, 0, to, 0, want);
		if (n > 0)
			*left -= n;
	}
	return n < 0 ? n : 0;
}

static int copy_range(struct ovl_ctx *ctx, int from, int to, int64_t start, int64_t end)
{
	int64_t left = end - start;
	long r = ovl_sys(__NR_lseek, from, start, FROM_SET);

	if (r >= 0)
		r = ovl_sys(__NR_lseek, to, start, FROM_SET);
	if (r < 0)
		return (int)r;
	r = copy_in_kernel(__NR_copy_file_range, from, to, &left);
	if (try_next(r))
		r = copy_in_kernel(__NR_sendfile, from, to, &left);
	if (try_next(r))
		r = copy_by_hand(ctx, from, to, left);
	return (int)r;
}

/* The file may be shorter than @size by now; what is there is copied. */
static int copy_extents(struct ovl_ctx *ctx, int from, int to, int64_t size)
{
	int64_t at = 0;

	while (at < size) {
		int64_t data = ovl_sys(__NR_lseek, from, at, FROM_DATA);
		int64_t hole;
		int err;

		if (data == -ENXIO || data >= size)
			break;
		if (data < 0)
			return copy_range(ctx, from, to, at, size);
		hole = ovl_sys(__NR_lseek, from, data, FROM_HOLE);
		if (hole < 0 || hole > size)
			hole = size;
		err = copy_range(ctx, from, to, data, hole);
		if (err)
			return err;
		at = hole;
	}
	/* A hole at the end has no data to write; the size says it is there. */
	return (int)ovl_sys(__NR_ftruncate, to, size);
}

int ovl_copy_data(struct ovl_ctx *ctx, int from, int to, int64_t size)
{
	if (!size)
		return 0;
	if (!ovl_sys(__NR_ioctl, to, FICLONE_NR, from))
		return (int)ovl_sys(__NR_ftruncate, to, size);
	/* One call is enough for a small file: it has no hole worth keeping. */
	if (size <= 64 * 1024) {
		int64_t left = size;

		if (!copy_in_kernel(__NR_copy_file_range, from, to, &left) && !left)
			return 0;
	}
	return copy_extents(ctx, from, to, size);
}
