/* SPDX-License-Identifier: MIT */
#include "runtext.h"

#include "sys.h"

#include <linux/memfd.h>
#include <linux/mman.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* Linux 6.3 */
#endif

static long new_file(void)
{
	long fd = ovl_sys(__NR_memfd_create, "ovl-text", MFD_CLOEXEC | MFD_EXEC);

	return fd == -EINVAL ? ovl_sys(__NR_memfd_create, "ovl-text", MFD_CLOEXEC) : fd;
}

static int write_all(int fd, const char *from, size_t len)
{
	while (len) {
		long n = ovl_sys(__NR_write, fd, from, len);

		if (n <= 0)
			return n ? (int)n : -EIO;
		from += n;
		len -= (size_t)n;
	}
	return 0;
}

int ovl_text_run(const void *start, size_t len, int prot)
{
	int err = (int)ovl_sys(__NR_mprotect, start, len, prot);
	OVL_FD fd = -1;
	long r;

	if (!err)
		return 0;
	fd = (int)new_file();
	if (fd < 0)
		return err;
	r = write_all(fd, start, len);
	if (!r)
		r = ovl_sys(__NR_mmap, start, len, prot, MAP_PRIVATE | MAP_FIXED, fd, 0);
	return ovl_is_err(r) ? err : 0;
}
