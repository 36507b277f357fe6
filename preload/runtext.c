/* SPDX-License-Identifier: MIT */
#include "runtext.h"

#include "sys.h"

#include <linux/memfd.h>
#include <linux/mman.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* Linux 6.3 */
#endif

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif
#ifndef PIDFD_SELF
#define PIDFD_SELF (-10000)
#endif
#ifndef __NR_process_madvise
#define __NR_process_madvise 440
#endif

#define PAGE	   4096UL
#define PIECES_MAX 24 /* of text; glibc 2.36: 15 */

/* Pages side by side: struct iovec, whose headers differ between libc and the kernel. */
struct piece {
	uint64_t start;
	uint64_t len;
};

void ovl_text_own(uint64_t base, const struct ovl_site_list *sites)
{
	struct piece v[PIECES_MAX];
	unsigned n = 0;

	for (uint32_t i = 0; i < sites->n; i++) {
		uint64_t at = base + sites->site[i].offset;
		uint64_t start = at & -PAGE;
		uint64_t end = (at + sites->site[i].length + PAGE - 1) & -PAGE;
		struct piece *last = n ? &v[n - 1] : NULL;

		/* they come in order; some lie across two pages */
		if (last && start <= last->start + last->len && end - last->start > last->len)
			last->len = end - last->start;
		else if ((!last || start > last->start + last->len) && n < PIECES_MAX)
			v[n++] = (struct piece){start, end - start};
	}
	(void)ovl_sys(__NR_process_madvise, PIDFD_SELF, v, n, MADV_POPULATE_WRITE, 0);
}

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
