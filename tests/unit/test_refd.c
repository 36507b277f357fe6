/* SPDX-License-Identifier: MIT */
#include "refd.h"

#include <sys/file.h>

#include "fault.h"
#include "fixture.h"

static void start(void)
{
	world_make(1);
	put_dir(W_LOW(1), "d");
	put(W_LOW(1), "d/f", "old text");
}

TestSuite(refd, .init = start, .fini = world_end);

static long open_(const char *rel, int flags)
{
	return view(SYS_openat, AT_FDCWD, at(rel), flags);
}

/* Another descriptor changes the file's first bytes. */
static void write_new(void)
{
	long fd = open_("d/f", O_WRONLY | O_CLOEXEC);

	cr_assert_geq(fd, 0);
	cr_assert_eq(pwrite((int)fd, "new", 3, 0), 3);
	close((int)fd);
}

Test(refd, a_descriptor_from_before_sees_what_is_written_after)
{
	long fd = open_("d/f", O_RDONLY);
	int open_before = fds_open();

	write_new();
	cr_expect(eq(int, fds_open(), open_before));
	cr_expect(eq(str, text_fd(fd), (char *)"new text"));
	cr_expect(eq(str, text_of(W_LOW(1), "d/f"), (char *)"old text"));
}

Test(refd, number_offset_and_flags_stay)
{
	char buf[16] = "";
	long fd = open_("d/f", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	long plain = open_("d/f", O_RDONLY);

	cr_assert_eq(read((int)fd, buf, 4), 4);
	write_new();
	cr_expect(eq(int, fcntl((int)fd, F_GETFD), FD_CLOEXEC));
	cr_expect(eq(int, fcntl((int)plain, F_GETFD), 0));
	cr_expect(ne(int, fcntl((int)fd, F_GETFL) & O_NONBLOCK, 0));
	cr_expect(eq(int, fcntl((int)plain, F_GETFL) & O_NONBLOCK, 0));
	cr_expect(eq(long, read((int)fd, buf, 15), 4));
	cr_expect(eq(str, buf, (char *)"text"));
	cr_expect(eq(long, lseek((int)plain, 0, SEEK_CUR), 0));
}

Test(refd, twins_share_their_offset_and_strangers_do_not)
{
	long fd = open_("d/f", O_RDONLY);
	int twin = dup((int)fd);
	long stranger = open_("d/f", O_RDONLY);

	write_new();
	lseek((int)fd, 5, SEEK_SET);
	cr_expect(eq(long, lseek(twin, 0, SEEK_CUR), 5));
	cr_expect(eq(long, lseek((int)stranger, 0, SEEK_CUR), 0));
}

Test(refd, path_descriptors_follow_too)
{
	long fd = open_("d/f", O_PATH);
	struct stat st;

	write_new();
	cr_expect(eq(int, fstat((int)fd, &st), 0));
	cr_expect(eq(u64, st.st_ino, lstat_of(W_UP, "d/f").st_ino));
}

Test(refd, other_files_descriptors_are_left_alone)
{
	long other;
	struct stat before;
	struct stat after;

	put(W_LOW(1), "d/g", "");
	other = open_("d/g", O_RDONLY);
	fstat((int)other, &before);
	write_new();
	fstat((int)other, &after);
	cr_expect(eq(u64, before.st_ino, after.st_ino));
}

Test(refd, a_truncated_file_is_truncated_for_all)
{
	long fd = open_("d/f", O_RDONLY);

	close((int)open_("d/f", O_WRONLY | O_TRUNC));
	cr_expect(eq(str, text_fd(fd), (char *)""));
}

/* Another process of the run: the name d/f is of another file from now on. */
static void other_replaces_it(void *arg)
{
	(void)arg;
	put(W_UP, "other", "another text");
	cr_assert_eq(view(SYS_rename, at("other"), at("d/f")), 0);
}

Test(refd, what_has_come_to_the_copys_name_is_left_alone)
{
	long fd = open_("d/f", O_RDONLY);

	fault_hook(__NR_lseek, 1, other_replaces_it, NULL); /* before it is opened again */
	cr_expect(eq(long, view(SYS_chmod, at("d/f"), 0600), 0));
	cr_expect(eq(str, text_fd(fd), (char *)"old text"));
}

Test(refd, many_descriptors_are_not_lost)
{
	long fd[40];
	int before;

	for (int i = 0; i < 40; i++)
		fd[i] = open_("d/f", O_RDONLY);
	before = fds_open();
	write_new();
	cr_expect(eq(int, fds_open(), before));
	for (int i = 0; i < 40; i++)
		cr_expect(ge(int, fcntl((int)fd[i], F_GETFD), 0));
	cr_expect(eq(str, text_fd(fd[0]), (char *)"new text"));
}

Test(refd, a_flock_goes_along)
{
	long fd = open_("d/f", O_RDONLY);
	long other;

	cr_assert_eq(flock((int)fd, LOCK_SH), 0); /* past the engine: on the lower */
	write_new();
	other = open_("d/f", O_RDONLY);
	cr_expect(eq(int, flock((int)other, LOCK_EX | LOCK_NB), -1));
	cr_expect(eq(int, flock((int)other, LOCK_SH | LOCK_NB), 0));
	cr_expect(eq(int, flock((int)fd, LOCK_UN), 0));
	cr_expect(eq(int, flock((int)other, LOCK_EX | LOCK_NB), 0));
}

Test(refd, a_flock_that_cannot_go_along_stays)
{
	long fd = open_("d/f", O_RDONLY);
	int before = fds_open();

	cr_assert_eq(flock((int)fd, LOCK_SH), 0);
	fault_set(__NR_flock, 1, -EAGAIN);
	write_new();
	cr_expect(eq(int, fds_open(), before));
	cr_expect(eq(str, text_fd(fd), (char *)"old text"));
}
