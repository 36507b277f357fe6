/* SPDX-License-Identifier: MIT */
#include "whiteout.h"

#include "fault.h"
#include "fixture.h"

static void start(void)
{
	world_make_files();
}

TestSuite(whiteout, .init = start, .fini = world_end);

static int make(const char *name)
{
	int fd = open(in(W_UP, ""), O_PATH | O_DIRECTORY);
	int err = ovl_whiteout_make(fd, name);

	close(fd);
	return err;
}

static uint64_t ino_of(const char *name)
{
	return lstat_of(W_UP, name).st_ino;
}

Test(whiteout, all_are_one_inode_that_is_known)
{
	cr_expect(eq(int, make("a"), 0));
	cr_expect(eq(int, make("b"), 0));
	cr_expect(is_whiteout(W_UP, "a"));
	cr_expect(eq(ulong, ino_of("a"), ino_of("b")));
	cr_expect(ovl_whiteout_is(ino_of("a")));
	cr_expect(not(ovl_whiteout_is(ino_of(""))));
	cr_expect(not(ovl_whiteout_is(0)));
	EXPECT_NO_TEMPORARY();
}

Test(whiteout, a_taken_name_stays_and_a_removed_directory_is_told)
{
	int fd;

	put(W_UP, "f", "up");
	cr_expect(eq(int, make("f"), -EEXIST));
	cr_expect(not(is_whiteout(W_UP, "f")));
	put_dir(W_UP, "gone");
	fd = open(in(W_UP, "gone"), O_PATH | O_DIRECTORY);
	rmdir(in(W_UP, "gone"));
	cr_expect(eq(int, ovl_whiteout_make(fd, "x"), -ENOENT));
	close(fd);
}

Test(whiteout, one_that_has_all_its_names_is_followed_by_another)
{
	cr_assert_eq(make("a"), 0);
	fault_set(__NR_linkat, 1, -EMLINK);
	cr_expect(eq(int, make("b"), 0));
	cr_expect(is_whiteout(W_UP, "b"));
	cr_expect(ne(ulong, ino_of("a"), ino_of("b")));
	cr_expect(ovl_whiteout_is(ino_of("a")));
	cr_expect(ovl_whiteout_is(ino_of("b")));
	fault_reset();
	cr_expect(eq(int, make("c"), 0));
	cr_expect(eq(ulong, ino_of("b"), ino_of("c")));
	cr_expect(eq(uint, fault_total(), 1));
	EXPECT_NO_TEMPORARY();
}

Test(whiteout, where_there_are_no_links_each_has_an_inode_of_its_own)
{
	static const long answers[] = {-EMLINK, -EPERM, -EXDEV, -EOPNOTSUPP};

	for (size_t i = 0; i < OVL_ARRAY_SIZE(answers); i++) {
		fault_set(__NR_linkat, FAULT_EACH, answers[i]);
		cr_expect(eq(int, make("a"), 0));
		cr_expect(is_whiteout(W_UP, "a"));
		cr_expect(eq(ulong, lstat_of(W_UP, "a").st_nlink, 1));
		cr_expect(not(ovl_whiteout_is(ino_of("a"))));
		unlink(in(W_UP, "a"));
	}
}

Test(whiteout, what_else_goes_wrong_is_told)
{
	fault_set(__NR_mknodat, FAULT_EACH, -ENOSPC);
	cr_expect(eq(int, make("a"), -ENOSPC));
	fault_reset();
	fault_set(__NR_linkat, FAULT_EACH, -EDQUOT);
	cr_expect(eq(int, make("a"), -EDQUOT));
	cr_expect(not(is_there(W_UP, "a")));
}

static void other_makes(void *name)
{
	cr_assert_eq(make(name), 0);
}

Test(whiteout, who_comes_second_uses_the_first_ones)
{
	fault_hook(__NR_mknodat, 1, other_makes, (void *)"a");
	cr_expect(eq(int, make("b"), 0));
	cr_expect(eq(ulong, ino_of("a"), ino_of("b")));
}

Test(whiteout, a_listing_and_a_removal_look_at_none_of_them)
{
	char name[8];

	for (int i = 0; i < 30; i++) {
		snprintf(name, sizeof(name), "d/%d", i);
		put(W_LOW(1), name, "");
		cr_assert_eq(view(SYS_unlink, at(name)), 0);
	}
	cr_assert_eq(view(SYS_unlink, at("d/f")), 0);
	fault_reset();
	cr_expect(eq(long, view(SYS_rmdir, at("d")), 0));
	cr_expect(le(uint, fault_count(__NR_statx), 12));
	cr_expect(is_whiteout(W_UP, "d"));
	EXPECT_NO_TEMPORARY();
}
