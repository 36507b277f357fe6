/* SPDX-License-Identifier: MIT */
#include "copydata.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int write_full(int out, const char *buf, size_t size, off_t at)
{
	while (size) {
		ssize_t n = pwrite(out, buf, size, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		buf += n;
		at += n;
		size -= (size_t)n;
	}
	return 0;
}

/* Through memory: works everywhere. */
static int copy_plain(int in, int out, off_t from, off_t to)
{
	static char buf[65536];

	while (from < to) {
		size_t want = to - from < (off_t)sizeof(buf) ? (size_t)(to - from) : sizeof(buf);
		ssize_t n = pread(in, buf, want, from);
		int err;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			return 0; /* it shrank meanwhile */
		err = write_full(out, buf, (size_t)n, from);
		if (err)
			return err;
		from += n;
	}
	return 0;
}

/* In the kernel, as far as that goes. */
static int copy_range(int in, int out, off_t from, off_t to)
{
	while (from < to) {
		off_t src = from;
		off_t dst = from;
		ssize_t n = copy_file_range(in, &src, out, &dst, (size_t)(to - from), 0);

		if (n <= 0)
			return copy_plain(in, out, from, to);
		from += n;
	}
	return 0;
}

int ovl_copydata(int in, int out, off_t size)
{
	off_t at = 0;

	if (!size || !ioctl(out, FICLONE, in))
		return 0;
	if (ftruncate(out, size))
		return -errno;
	while (at < size) {
		off_t data = lseek(in, at, SEEK_DATA);
		off_t hole;
		int err;

		if (data < 0 && errno == ENXIO)
			return 0; /* nothing but a hole from here on */
		if (data < 0)
			return copy_plain(in, out, at, size);
		hole = lseek(in, data, SEEK_HOLE);
		if (hole < 0 || hole > size)
			hole = size;
		err = copy_range(in, out, data, hole);
		if (err)
			return err;
		at = hole;
	}
	return 0;
}
