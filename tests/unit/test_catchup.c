/* SPDX-License-Identifier: MIT */
#include "catchup.h"

#include "fault.h"
#include "fixture.h"

static void start(void)
{
	world_make(1);
	put(W_LOW(1), "f", "low");
	cr_assert_eq(setxattr(in(W_LOW(1), "f"), "user.a", "1", 1, 0), 0);
}

TestSuite(catchup, .init = start, .fini = world_end);

/* A descriptor of the lower file, as another process has one when this one has copied up. */
static int left_behind(void)
{
	long fd = view(SYS_openat, AT_FDCWD, at("f"), O_WRONLY | O_TRUNC);

	cr_assert_eq(write((int)fd, "other", 5), 5);
	cr_assert_eq(view(SYS_fchmod, fd, 0600), 0);
	cr_assert_eq(view(SYS_fsetxattr, fd, "user.a", "22", 2, 0), 0);
	close((int)fd);
	return open(in(W_LOW(1), "f"), O_RDONLY);
}

Test(catchup, fstat_tells_of_the_copy_and_reads_are_of_it_then)
{
	int fd = left_behind();
	struct stat st;

	cr_assert_eq(view(SYS_fstat, fd, &st), 0);
	cr_expect(eq(uint, st.st_mode & 07777, 0600));
	cr_expect(eq(long, st.st_size, 5));
	cr_expect(eq(u64, st.st_ino, lstat_of(W_LOW(1), "f").st_ino));
	cr_expect(eq(str, text_fd(fd), (char *)"other"));
}

Test(catchup, so_do_xattrs)
{
	int fd = left_behind();
	char value[8] = "";

	cr_expect(eq(long, view(SYS_fgetxattr, fd, "user.a", value, sizeof(value)), 2));
	cr_expect(eq(str, value, (char *)"22"));
	close(fd);
}
