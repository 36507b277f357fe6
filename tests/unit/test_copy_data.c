/* SPDX-License-Identifier: MIT */
#include "copy_data.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <unistd.h>

#include "fault.h"

#define FICLONE_REFUSED -EOPNOTSUPP
#define BIG		(200 * 1024)

static char from_name[] = "/tmp/ovl-unit-from-XXXXXX";
static char to_name[] = "/tmp/ovl-unit-to-XXXXXX";
static int from;
static int to;
static char data[BIG];
static char back[BIG + 1];
static struct ovl_ctx ctx;

static void start(void)
{
	from = mkstemp(from_name);
	to = mkstemp(to_name);
	for (size_t i = 0; i < BIG; i++)
		data[i] = (char)(i * 2654435761U >> 13);
	fault_reset();
	fault_set(__NR_ioctl, FAULT_EACH, FICLONE_REFUSED);
}

static void end(void)
{
	unlink(from_name);
	unlink(to_name);
}

TestSuite(copy_data, .init = start, .fini = end);

static void fill(size_t n)
{
	cr_assert_eq(pwrite(from, data, n, 0), (ssize_t)n);
}

static int copy(int64_t size)
{
	return ovl_copy_data(&ctx, from, to, size);
}

static void expect_copied(size_t n)
{
	cr_expect(eq(long, lseek(to, 0, SEEK_END), (long)n));
	cr_assert_eq(pread(to, back, n, 0), (ssize_t)n);
	cr_expect(eq(int, memcmp(back, data, n), 0));
}

Test(copy_data, a_small_file_takes_one_call_besides_the_clone)
{
	fill(5000);
	cr_expect(eq(int, copy(5000), 0));
	expect_copied(5000);
	cr_expect(eq(uint, fault_total(), 2));
}

Test(copy_data, nothing_is_done_for_nothing)
{
	fill(5000);
	cr_expect(eq(int, copy(0), 0));
	expect_copied(0);
	cr_expect(eq(uint, fault_total(), 0));
}

Test(copy_data, only_the_first_bytes_are_copied)
{
	fill(BIG);
	cr_expect(eq(int, copy(1000), 0));
	expect_copied(1000);
}

Test(copy_data, a_clone_is_cut_to_the_size_asked_for)
{
	fill(5000);
	fault_reset();
	fault_set(__NR_ioctl, 1, 0);
	cr_assert_eq(write(to, data, 5000), 5000); /* what the clone would have done */
	cr_expect(eq(int, copy(1000), 0));
	expect_copied(1000);
	cr_expect(eq(uint, fault_count(__NR_copy_file_range), 0));
}

Test(copy_data, short_counts_are_carried_on)
{
	fill(BIG);
	fault_short(__NR_copy_file_range, 777);
	cr_expect(eq(int, copy(BIG), 0));
	expect_copied(BIG);
	cr_expect(gt(uint, fault_count(__NR_copy_file_range), BIG / 777));
}

Test(copy_data, short_counts_of_a_small_file_are_carried_on)
{
	fill(5000);
	fault_short(__NR_copy_file_range, 777);
	cr_expect(eq(int, copy(5000), 0));
	expect_copied(5000);
}

Test(copy_data, each_way_that_is_refused_gives_way_to_the_next)
{
	static const long refusals[] = {-EXDEV, -EINVAL, -ENOSYS, -EOPNOTSUPP, -EPERM};

	fill(BIG);
	for (size_t i = 0; i < OVL_ARRAY_SIZE(refusals); i++) {
		fault_reset();
		fault_set(__NR_ioctl, FAULT_EACH, FICLONE_REFUSED);
		fault_set(__NR_copy_file_range, FAULT_EACH, refusals[i]);
		cr_assert_eq(ftruncate(to, 0), 0);
		cr_expect(eq(int, copy(BIG), 0));
		expect_copied(BIG);
		cr_expect(ge(uint, fault_count(__NR_sendfile), 1));
		cr_expect(eq(uint, fault_count(__NR_read), 0));
	}
}

static void by_hand(void)
{
	fault_set(__NR_copy_file_range, FAULT_EACH, -EXDEV);
	fault_set(__NR_sendfile, FAULT_EACH, -EINVAL);
}

Test(copy_data, read_and_write_with_short_counts)
{
	fill(BIG);
	by_hand();
	fault_short(__NR_read, 3001);
	fault_short(__NR_write, 1000);
	cr_expect(eq(int, copy(BIG), 0));
	expect_copied(BIG);
}

Test(copy_data, read_and_write_stop_at_the_size_asked_for)
{
	fill(BIG);
	by_hand();
	cr_expect(eq(int, copy(100001), 0));
	expect_copied(100001);
}

Test(copy_data, a_way_that_fails_half_way_is_taken_up_where_it_stopped)
{
	fill(BIG);
	fault_short(__NR_copy_file_range, 70000);
	fault_set(__NR_copy_file_range, 2, -EXDEV);
	fault_set(__NR_sendfile, FAULT_EACH, -EINVAL);
	cr_expect(eq(int, copy(BIG), 0));
	expect_copied(BIG);
	cr_expect(eq(uint, fault_count(__NR_copy_file_range), 2));
}

Test(copy_data, a_full_disk_is_told_at_each_step)
{
	fill(BIG);
	fault_set(__NR_copy_file_range, FAULT_EACH, -ENOSPC);
	cr_expect(eq(int, copy(BIG), -ENOSPC));
	fault_reset();
	fault_set(__NR_ioctl, FAULT_EACH, FICLONE_REFUSED);
	fault_short(__NR_copy_file_range, 70000);
	fault_set(__NR_copy_file_range, 3, -EDQUOT);
	cr_expect(eq(int, copy(BIG), -EDQUOT));
	by_hand();
	fault_set(__NR_write, 9, -ENOSPC);
	fault_short(__NR_write, 1000);
	cr_expect(eq(int, copy(BIG), -ENOSPC));
}

Test(copy_data, a_full_disk_is_told_for_a_small_file)
{
	fill(5000);
	fault_set(__NR_copy_file_range, FAULT_EACH, -ENOSPC);
	cr_expect(eq(int, copy(5000), -ENOSPC));
}

Test(copy_data, an_unreadable_sector_is_eio)
{
	fill(BIG);
	by_hand();
	fault_set(__NR_read, 3, -EIO);
	cr_expect(eq(int, copy(BIG), -EIO));
}

static long blocks(int fd)
{
	struct stat st;

	cr_assert_eq(fstat(fd, &st), 0);
	return st.st_blocks;
}

Test(copy_data, holes_stay_holes)
{
	const off_t gib = 1 << 30;
	char c = 0;

	cr_assert_eq(pwrite(from, "a", 1, 0), 1);
	cr_assert_eq(pwrite(from, "b", 1, gib), 1);
	cr_assert_eq(ftruncate(from, 2 * gib), 0);
	cr_expect(eq(int, copy(2 * gib), 0));
	cr_expect(eq(long, lseek(to, 0, SEEK_END), 2 * gib));
	cr_expect(le(long, blocks(to), blocks(from) + 16));
	cr_assert_eq(pread(to, &c, 1, gib), 1);
	cr_expect(eq(int, c, 'b'));
}

Test(copy_data, a_hole_may_be_all_there_is)
{
	cr_assert_eq(ftruncate(from, 1 << 20), 0);
	cr_expect(eq(int, copy(1 << 20), 0));
	cr_expect(eq(long, lseek(to, 0, SEEK_END), 1 << 20));
	cr_expect(le(long, blocks(to), 8));
}

Test(copy_data, where_holes_are_not_told_all_is_copied)
{
	fill(BIG);
	fault_set(__NR_lseek, 1, -EINVAL);
	cr_expect(eq(int, copy(BIG), 0));
	expect_copied(BIG);
}

static void cut_the_original(void *arg)
{
	(void)arg;
	(void)!ftruncate(from, 1000);
}

Test(copy_data, an_original_that_shrinks_does_not_hang)
{
	fill(BIG);
	fault_short(__NR_copy_file_range, 4096);
	fault_hook(__NR_copy_file_range, 3, cut_the_original, NULL);
	cr_expect(eq(int, copy(BIG), 0));
	cr_assert_eq(pread(to, back, 1000, 0), 1000);
	cr_expect(eq(int, memcmp(back, data, 1000), 0));
}

Test(copy_data, an_interrupted_call_is_repeated)
{
	fill(BIG);
	fault_short(__NR_copy_file_range, 70000);
	fault_set(__NR_copy_file_range, 2, -EINTR);
	cr_expect(eq(int, copy(BIG), 0));
	expect_copied(BIG);
	by_hand();
	cr_assert_eq(ftruncate(to, 0), 0);
	fault_set(__NR_read, 2, -EINTR);
	fault_set(__NR_write, 3, -EINTR);
	cr_expect(eq(int, copy(BIG), 0));
	expect_copied(BIG);
}
