/* SPDX-License-Identifier: MIT */
#include "index.h"

#include "fault.h"
#include "fixture.h"

static void start(void)
{
	world_make(1);
	put_dir(W_LOW(1), "d");
	put(W_LOW(1), "d/a", "text");
	cr_assert_eq(link(in(W_LOW(1), "d/a"), in(W_LOW(1), "d/b")), 0);
	cr_assert_eq(link(in(W_LOW(1), "d/a"), in(W_LOW(1), "c")), 0);
}

TestSuite(index, .init = start, .fini = world_end);

static struct stat see(const char *rel)
{
	struct stat st;

	cr_assert(eq(long, view(SYS_lstat, at(rel), &st), 0), "%s", rel);
	return st;
}

/* Through one name, append. */
static void append(const char *rel, const char *text)
{
	long fd = view(SYS_openat, AT_FDCWD, at(rel), O_WRONLY | O_APPEND);

	cr_assert_geq(fd, 0);
	cr_assert_eq(write((int)fd, text, strlen(text)), (ssize_t)strlen(text));
	close((int)fd);
}

Test(index, a_write_through_one_name_shows_in_the_others)
{
	append("d/a", "+");
	cr_expect(eq(str, shown("d/b"), (char *)"text+"));
	cr_expect(eq(str, shown("c"), (char *)"text+"));
	append("c", "-");
	cr_expect(eq(str, shown("d/a"), (char *)"text+-"));
	cr_expect(eq(str, shown("d/b"), (char *)"text+-"));
	cr_expect(eq(str, text_of(W_LOW(1), "c"), (char *)"text"));
	EXPECT_NO_TEMPORARY();
}

Test(index, number_and_count_stay_and_agree)
{
	uint64_t ino = see("d/a").st_ino;

	cr_expect(eq(u64, see("c").st_nlink, 3));
	append("d/a", "+");
	cr_expect(eq(u64, see("d/a").st_ino, ino));
	cr_expect(eq(u64, see("d/b").st_ino, ino));
	cr_expect(eq(u64, see("c").st_ino, ino));
	cr_expect(eq(u64, see("d/a").st_nlink, 3));
	cr_expect(eq(u64, see("d/b").st_nlink, 3));
	append("c", "+");
	cr_expect(eq(u64, see("c").st_nlink, 3));
}

Test(index, removed_names_count_no_more)
{
	append("d/a", "+");
	cr_expect(eq(long, view(SYS_unlink, at("d/b")), 0));
	cr_expect(eq(u64, see("d/a").st_nlink, 2));
	cr_expect(eq(u64, see("c").st_nlink, 2));
	cr_expect(eq(long, view(SYS_unlink, at("d/a")), 0));
	cr_expect(eq(u64, see("c").st_nlink, 1));
	cr_expect(eq(str, shown("c"), (char *)"text+"));
}

/* Two that copy one name up at the same time: both come to cover it. */
Test(index, a_name_that_is_covered_already_is_not_counted_again)
{
	struct ovl_origin o;
	struct statx st;

	cr_assert_eq(ovl_sys(__NR_statx, AT_FDCWD, in(W_LOW(1), "c"), 0, STATX_BASIC_STATS, &st),
		     0);
	o = ovl_origin_of(&st);
	append("d/a", "+");
	cr_assert_eq(ovl_index_cover(&o, 3, "/d/a"), 0);
	cr_assert_eq(ovl_index_settle(&o), 0);
	cr_expect(eq(int, ovl_index_count(&o), 2));
	cr_assert_eq(ovl_index_cover(&o, 3, "/d/b"), 0);
	cr_assert_eq(ovl_index_settle(&o), 0);
	cr_expect(eq(int, ovl_index_count(&o), 2)); /* it was not done */
	cr_expect(eq(u64, see("c").st_nlink, 3));
}

Test(index, a_new_link_counts)
{
	cr_expect(eq(long, view(SYS_link, at("d/b"), at("e")), 0));
	cr_expect(eq(u64, see("e").st_nlink, 4));
	cr_expect(eq(u64, see("d/a").st_nlink, 4));
	append("e", "+");
	cr_expect(eq(str, shown("c"), (char *)"text+"));
}

Test(index, a_renamed_name_stays_tied)
{
	cr_expect(eq(long, view(SYS_rename, at("d/b"), at("moved")), 0));
	append("c", "+");
	cr_expect(eq(str, shown("moved"), (char *)"text+"));
	cr_expect(eq(u64, see("moved").st_nlink, 3));
	cr_expect(eq(u64, see("moved").st_ino, see("d/a").st_ino));
}

static void other_writes(void *arg)
{
	append(arg, "1");
}

Test(index, two_that_copy_up_two_names_make_one_copy)
{
	fault_hook(__NR_fcntl, 1, other_writes, (void *)"c"); /* before a lock, if there is one */
	append("d/a", "2");
	cr_expect(eq(str, shown("d/b"), (char *)"text12"));
	cr_expect(eq(str, shown("c"), (char *)"text12"));
	cr_expect(eq(u64, see("c").st_nlink, 3));
	EXPECT_NO_TEMPORARY();
}

Test(index, a_full_upper_leaves_the_names_as_they_were)
{
	int before = fds_open();

	fault_set(__NR_copy_file_range, FAULT_EACH, -ENOSPC);
	cr_expect(eq(long, view(SYS_openat, AT_FDCWD, at("d/a"), O_WRONLY), -ENOSPC));
	fault_reset();
	cr_expect(eq(str, shown("d/a"), (char *)"text"));
	cr_expect(eq(u64, see("c").st_nlink, 3));
	EXPECT_NO_TEMPORARY();
	cr_expect(eq(int, fds_open(), before));
}

Test(index, a_symlinks_number_is_remembered_there)
{
	uint64_t ino;

	put_link(W_LOW(1), "l", "x");
	ino = see("l").st_ino;
	cr_expect(eq(long, view(SYS_fchownat, AT_FDCWD, at("l"), getuid(), -1, AT_SYMLINK_NOFOLLOW),
		     0));
	cr_expect(is_there(W_UP, "l"));
	cr_expect(eq(u64, see("l").st_ino, ino));
	cr_expect(eq(long, view(SYS_rename, at("l"), at("l2")), 0));
	cr_expect(eq(u64, see("l2").st_ino, ino));
}
