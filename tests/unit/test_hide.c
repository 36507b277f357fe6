/* SPDX-License-Identifier: MIT */
#include "hide.h"

#include "fault.h"
#include "fixture.h"

/* In the view: d is merged, with a, b and f of the lower and u of upper; p is upper's alone. */
static void start(void)
{
	world_make_same_root();
	put_dir(W_LOW(1), "d");
	put(W_LOW(1), "d/a", "low");
	put(W_LOW(1), "d/b", "low");
	put(W_LOW(1), "d/f", "low");
	put_dir(W_UP, "d");
	put(W_UP, "d/u", "up");
	put_dir(W_UP, "p");
	put(W_UP, "p/a", "up");
	put(W_UP, "p/b", "up");
	put(W_UP, "p/f", "up");
}

TestSuite(hide, .init = start, .fini = world_end);

static struct stat st;

/* What is known of the directories is known, the whiteouts' inode made. */
static void warm(void)
{
	cr_assert_eq(view(SYS_lstat, at("d/u"), &st), 0);
	cr_assert_eq(view(SYS_lstat, at("d/f"), &st), 0);
	cr_assert_eq(view(SYS_lstat, at("p/f"), &st), 0);
	cr_assert_eq(view(SYS_unlink, at("d/a")), 0);
	fault_reset();
}

static long unlink_(const char *rel)
{
	return view(SYS_unlink, at(rel));
}

Test(hide, a_lower_file_takes_one_look_and_a_whiteout_in_the_held_directory)
{
	warm();
	cr_expect(eq(long, unlink_("d/b"), 0));
	/* signals twice, the look, the directory opened and closed, the link */
	cr_expect(eq(uint, fault_total(), 6));
	cr_expect(is_whiteout(W_UP, "d/b"));
	cr_expect(is_there(W_LOW(1), "d/b"));
	cr_expect(eq(long, view(SYS_lstat, at("d/b"), &st), -ENOENT));
	cr_expect(eq(long, unlink_("d/b"), -ENOENT));
	EXPECT_NO_TEMPORARY();
}

Test(hide, so_it_does_from_the_directorys_descriptor)
{
	int fd = (int)view(SYS_open, at("d"), O_RDONLY | O_DIRECTORY);

	warm();
	cr_assert_eq(view(SYS_unlinkat, fd, "u", 0), 0);
	cr_expect(not(is_there(W_UP, "d/u")));
	fault_reset();
	cr_expect(eq(long, view(SYS_unlinkat, fd, "b", 0), 0));
	cr_expect(eq(uint, fault_total(), 6));
	cr_expect(is_whiteout(W_UP, "d/b"));
	close(fd);
}

Test(hide, what_upper_alone_has_is_unlinked_in_the_held_directory)
{
	warm();
	cr_expect(eq(long, unlink_("p/a"), 0));
	cr_expect(eq(uint, fault_total(), 5));
	cr_expect(not(is_there(W_UP, "p/a")));
	fault_reset();
	cr_expect(eq(long, unlink_("d/u"), 0));
	cr_expect(eq(uint, fault_total(), 6)); /* no lower has it */
	cr_expect(not(is_there(W_UP, "d/u")));
	cr_expect(eq(long, unlink_("p/a"), -ENOENT));
}

Test(hide, from_a_descriptor_of_uppers_directory_it_is_one_call)
{
	int fd = (int)view(SYS_open, at("p"), O_RDONLY | O_DIRECTORY);

	warm();
	cr_assert_eq(view(SYS_newfstatat, fd, "f", &st, 0), 0);
	fault_reset();
	cr_expect(eq(long, view(SYS_unlinkat, fd, "a", 0), 0));
	cr_expect(eq(uint, fault_total(), 1));
	cr_expect(eq(long, view(SYS_unlinkat, fd, "a", 0), -ENOENT));
	/* Wherever the directory goes. */
	cr_assert_eq(view(SYS_rename, at("p"), at("q")), 0);
	cr_assert_eq(view(SYS_mkdir, at("p"), 0700), 0);
	close((int)view(SYS_open, at("p/b"), O_WRONLY | O_CREAT, 0600));
	cr_expect(eq(long, view(SYS_unlinkat, fd, "b", 0), 0));
	cr_expect(is_there(W_UP, "p/b"));
	cr_expect(not(is_there(W_UP, "q/b")));
	close(fd);
}

Test(hide, what_is_no_file_is_not_removed)
{
	put_dir(W_LOW(1), "d/e");
	put_dir(W_UP, "p/e");
	warm();
	cr_expect(eq(long, unlink_("d/e"), -EISDIR));
	cr_expect(eq(long, unlink_("p/e"), -EISDIR));
	cr_expect(eq(long, unlink_("d/none"), -ENOENT));
	cr_expect(eq(long, unlink_("p/none"), -ENOENT));
	cr_expect(eq(long, unlink_("d/f/x"), -ENOTDIR));
	cr_expect(eq(long, unlink_("d/f/"), -ENOTDIR));
	cr_expect(not(is_there(W_UP, "d/none")));
}

Test(hide, whiteouts_are_no_names)
{
	int fd;

	put_whiteout(W_UP, "p/w");
	put_whiteout(W_UP, "d/w");
	warm();
	fd = (int)view(SYS_open, at("p"), O_RDONLY | O_DIRECTORY);
	cr_assert_eq(view(SYS_newfstatat, fd, "f", &st, 0), 0);
	cr_expect(eq(long, view(SYS_unlinkat, fd, "w", 0), -ENOENT));
	close(fd);
	cr_expect(eq(long, unlink_("p/w"), -ENOENT));
	cr_expect(eq(long, unlink_("d/w"), -ENOENT));
	cr_expect(is_whiteout(W_UP, "p/w"));
	cr_expect(is_whiteout(W_UP, "d/w"));
}

Test(hide, a_lower_file_of_several_names_is_one_less)
{
	cr_assert_eq(link(in(W_LOW(1), "d/b"), in(W_LOW(1), "d/c")), 0);
	warm();
	cr_assert_eq(view(SYS_chmod, at("d/c"), 0600), 0);
	cr_expect(eq(long, unlink_("d/b"), 0));
	cr_expect(is_whiteout(W_UP, "d/b"));
	cr_expect(eq(long, view(SYS_lstat, at("d/c"), &st), 0));
	cr_expect(eq(ulong, st.st_nlink, 1));
}

Test(hide, a_descriptor_shows_the_loss)
{
	int fd = (int)view(SYS_open, at("d/b"), O_RDONLY);

	warm();
	cr_expect(eq(long, unlink_("d/b"), 0));
	cr_expect(eq(long, view(SYS_fstat, fd, &st), 0));
	cr_expect(eq(ulong, st.st_nlink, 0));
	close(fd);
}

Test(hide, in_a_sticky_directory_the_owner_decides)
{
	cr_assert_eq(chmod(in(W_UP, "d"), 01777), 0);
	cr_assert_eq(chmod(in(W_LOW(1), "d"), 01777), 0);
	if (geteuid())
		return;
	warm();
	cr_assert_eq(seteuid(65534), 0);
	cr_expect(eq(long, unlink_("d/b"), -EPERM));
	cr_assert_eq(seteuid(0), 0);
	cr_expect(not(is_whiteout(W_UP, "d/b")));
	cr_expect(eq(long, unlink_("d/b"), 0));
}

Test(hide, who_may_not_write_to_the_directory_removes_nothing)
{
	warm();
	cr_assert_eq(view(SYS_chmod, at("d"), 0555), 0);
	cr_assert_eq(view(SYS_lstat, at("d/u"), &st), 0);
	leave_root();
	cr_expect(eq(long, unlink_("d/b"), -EACCES));
	cr_expect(eq(long, unlink_("p/b"), -EACCES));
	cr_expect(not(is_whiteout(W_UP, "d/b")));
	cr_expect(is_there(W_UP, "p/b"));
}

static void other_copies_up(void *rel)
{
	cr_assert_eq(view(SYS_chmod, at(rel), 0600), 0);
}

Test(hide, a_copy_made_meanwhile_goes_too)
{
	warm();
	fault_hook(__NR_linkat, 1, other_copies_up, (void *)"d/b");
	cr_expect(eq(long, unlink_("d/b"), 0));
	cr_expect(is_whiteout(W_UP, "d/b"));
	cr_expect(eq(long, view(SYS_lstat, at("d/b"), &st), -ENOENT));
	EXPECT_NO_TEMPORARY();
}

Test(hide, of_two_one_is_told_enoent)
{
	warm();
	fault_hook(__NR_linkat, 1, other_unlinks, (void *)"d/b");
	cr_expect(eq(long, unlink_("d/b"), -ENOENT));
	fault_hook(__NR_unlinkat, 1, other_unlinks, (void *)"p/b");
	cr_expect(eq(long, unlink_("p/b"), -ENOENT));
}

/* d and p go elsewhere, others with the same names come to be there. */
static void other_moves(void *unused)
{
	(void)unused;
	cr_assert_eq(view(SYS_rename, at("d"), at("e")), 0);
	cr_assert_eq(view(SYS_rename, at("p"), at("d")), 0);
	cr_assert_eq(view(SYS_mkdir, at("p"), 0755), 0);
	cr_assert_eq(view(SYS_rename, at("e/b"), at("p/b")), 0);
}

Test(hide, the_directory_is_the_one_that_was_looked_at)
{
	warm();
	fault_hook(__NR_openat2, 1, other_moves, NULL);
	cr_expect(eq(long, unlink_("d/b"), 0));
	/* It came too late for the lower's: that is p's by now. */
	cr_expect(not(is_there(W_UP, "d/b")));
	cr_expect(is_there(W_UP, "p/b"));
	cr_expect(not(is_whiteout(W_UP, "p/b")));
}

Test(hide, a_directory_that_moves_at_the_last_moment_takes_the_whiteout_along)
{
	warm();
	fault_hook(__NR_linkat, 1, other_moves, NULL);
	cr_expect(eq(long, unlink_("d/f"), 0));
	cr_expect(is_whiteout(W_UP, "e/f"));
	cr_expect(eq(long, view(SYS_lstat, at("e/f"), &st), -ENOENT));
	cr_expect(eq(long, view(SYS_lstat, at("d/f"), &st), 0));
}

static void other_replaces_p(void *unused)
{
	(void)unused;
	cr_assert_eq(view(SYS_rename, at("p"), at("q")), 0);
	cr_assert_eq(view(SYS_rename, at("d"), at("p")), 0);
}

Test(hide, uppers_directory_is_the_one_that_was_looked_at)
{
	warm();
	cr_assert_eq(view(SYS_chmod, at("d/b"), 0600), 0); /* a copy: it needs a whiteout */
	fault_reset();
	fault_hook(__NR_openat2, 1, other_replaces_p, NULL);
	cr_expect(eq(long, unlink_("p/b"), 0));
	cr_expect(eq(long, view(SYS_lstat, at("p/b"), &st), -ENOENT));
	cr_expect(is_there(W_UP, "q/b"));
}

static void other_replaces_e(void *unused)
{
	(void)unused;
	cr_assert_eq(view(SYS_rename, at("p/e"), at("q")), 0);
	cr_assert_eq(view(SYS_rename, at("d"), at("p/e")), 0);
}

Test(hide, nor_is_that_left_to_chance_below_a_descriptor)
{
	int fd = (int)view(SYS_open, at("p"), O_RDONLY | O_DIRECTORY);

	put_dir(W_UP, "p/e");
	put(W_UP, "p/e/b", "up");
	warm();
	cr_assert_eq(view(SYS_chmod, at("d/b"), 0600), 0);
	cr_assert_eq(view(SYS_newfstatat, fd, "e/b", &st, 0), 0);
	fault_reset();
	fault_hook(__NR_unlinkat, 1, other_replaces_e, NULL);
	cr_expect(eq(long, view(SYS_unlinkat, fd, "e/b", 0), 0));
	/* q's, when it was still there; or the other one, which leaves a whiteout */
	cr_expect(not(is_there(W_UP, "q/b")));
	cr_expect(eq(long, view(SYS_lstat, at("p/e/b"), &st), 0));
	cr_expect(eq(uint, st.st_mode & 07777, 0600));
	close(fd);
}

Test(hide, what_is_recorded_of_an_object_is_so_no_more)
{
	char record[32];
	unsigned long ino;

	cr_assert_eq(symlink("x", in(W_LOW(1), "d/l")), 0);
	warm();
	/* Its number is its origin's, which WORK/index tells. */
	cr_assert_eq(view(SYS_lchown, at("d/l"), 1, 1), 0);
	cr_assert_eq(view(SYS_rename, at("d/l"), at("p/l")), 0);
	cr_expect(ne(uint, w.ss->records, 0));
	ino = lstat_of(W_UP, "p/l").st_ino;
	cr_expect(eq(long, unlink_("p/l"), 0));
	snprintf(record, sizeof(record), "g-%lx", ino);
	cr_expect(is_there("work/index", record)); /* for descriptors alone */
}

Test(hide, a_library_that_goes_is_told)
{
	put(W_LOW(1), "d/libx.so", "");
	warm();
	cr_expect(eq(uint, w.ss->upper_libs, 0));
	cr_expect(eq(long, unlink_("d/libx.so"), 0));
	cr_expect(ne(uint, w.ss->upper_libs, 0));
}

Test(hide, where_somebody_watches_or_owners_are_recorded_it_is_a_walk)
{
	warm();
	w.ss->watches = 1;
	cr_expect(eq(long, unlink_("d/b"), 0));
	cr_expect(is_whiteout(W_UP, "d/b"));
	cr_expect(ge(uint, fault_total(), 7));
	w.ss->watches = 0;
	fault_reset();
	w.ss->overrides = 1;
	cr_expect(eq(long, unlink_("d/f"), 0));
	cr_expect(ge(uint, fault_total(), 7));
}

Test(hide, two_lowers_are_walked_through_for_what_upper_alone_has)
{
	mkdir(in(W_LOW(2), ""), 0755);
	put_dir(W_LOW(2), "d");
	put(W_LOW(2), "d/u", "low");
	w.ss->layer[2] = layer_of(in(W_LOW(2), ""));
	w.ss->nlower = 2;
	w.ss->flags &= ~(unsigned)OVL_S_SAME_ROOT;
	warm();
	cr_expect(eq(long, unlink_("d/u"), 0));
	cr_expect(eq(long, view(SYS_lstat, at("d/u"), &st), -ENOENT));
	cr_expect(eq(long, unlink_("d/b"), 0));
	cr_expect(is_whiteout(W_UP, "d/b"));
}

Test(hide, an_empty_directory_of_uppers_goes_in_the_held_one)
{
	int fd = (int)view(SYS_open, at("p"), O_RDONLY | O_DIRECTORY);

	put_dir(W_UP, "p/e");
	put_dir(W_UP, "p/e2");
	warm();
	cr_assert_eq(view(SYS_newfstatat, fd, "e/f", &st, 0), -ENOENT);
	fault_reset();
	cr_expect(eq(long, view(SYS_rmdir, at("p/e")), 0));
	cr_expect(eq(uint, fault_total(), 5));
	cr_expect(not(is_there(W_UP, "p/e")));
	cr_expect(eq(long, view(SYS_rmdir, at("p/e")), -ENOENT));
	fault_reset();
	cr_expect(eq(long, view(SYS_unlinkat, fd, "e2", AT_REMOVEDIR), 0));
	cr_expect(eq(uint, fault_total(), 3));
	cr_expect(eq(long, view(SYS_rmdir, at("p/f")), -ENOTDIR));
	cr_expect(eq(long, view(SYS_rmdir, at("p")), -ENOTEMPTY));
	cr_expect(eq(long, view(SYS_rmdir, at("d")), -ENOTEMPTY));
	close(fd);
}

Test(hide, a_directory_with_a_part_in_the_lower_is_not_empty)
{
	warm();
	cr_assert_eq(view(SYS_unlink, at("d/b")), 0);
	cr_assert_eq(view(SYS_unlink, at("d/u")), 0);
	cr_assert_eq(view(SYS_rename, at("d"), at("p/e")), 0);
	unlink(in(W_UP, "p/e/a")); /* upper's part is empty to the kernel */
	unlink(in(W_UP, "p/e/b"));
	cr_assert_eq(view(SYS_lstat, at("p/f"), &st), 0); /* p is known again */
	cr_expect(eq(long, view(SYS_rmdir, at("p/e")), -ENOTEMPTY));
	cr_expect(eq(long, view(SYS_lstat, at("p/e/f"), &st), 0));
}

static void other_makes_it_anew(void *unused)
{
	(void)unused;
	cr_assert_eq(view(SYS_rename, at("p"), at("q")), 0);
	cr_assert_eq(view(SYS_mkdir, at("p"), 0755), 0);
	cr_assert_eq(view(SYS_rename, at("d"), at("p/e")), 0);
}

Test(hide, neither_is_a_merged_one_of_which_upper_has_nothing)
{
	put_dir(W_LOW(1), "d/m");
	put(W_LOW(1), "d/m/f", "low");
	put_dir(W_UP, "d/m");
	warm();
	cr_expect(eq(long, view(SYS_rmdir, at("d/m")), -ENOTEMPTY));
	cr_expect(is_there(W_UP, "d/m"));
}

Test(hide, below_a_descriptor_the_directory_is_held_as_well)
{
	int fd = (int)view(SYS_open, at("p"), O_RDONLY | O_DIRECTORY);

	put_dir(W_UP, "p/e");
	put_dir(W_UP, "p/e/g");
	put_dir(W_UP, "p/g");
	warm();
	cr_assert_eq(view(SYS_newfstatat, fd, "e/g", &st, 0), 0);
	cr_expect(eq(long, view(SYS_unlinkat, fd, "e/g", AT_REMOVEDIR), 0));
	cr_expect(not(is_there(W_UP, "p/e/g")));
	cr_expect(is_there(W_UP, "p/g"));
	close(fd);
}

Test(hide, a_directory_that_came_to_the_name_meanwhile_stays)
{
	put_dir(W_UP, "p/e");
	warm();
	fault_hook(__NR_openat2, 1, other_makes_it_anew, NULL);
	cr_expect(eq(long, view(SYS_rmdir, at("p/e")), -ENOTEMPTY));
	cr_expect(eq(long, view(SYS_lstat, at("p/e/f"), &st), 0));
	cr_expect(is_there(W_UP, "q/e"));
}
