/* SPDX-License-Identifier: MIT */
#include "fastmove.h"

#include <signal.h>

#include "fault.h"
#include "fixture.h"

#define MISSING "(-2)"
#define FAST	5 /* calls: signals blocked and back, the directory opened and closed, renamed */

static long rename_(const char *from, const char *to)
{
	return view(SYS_rename, at(from), at(to));
}

static void start(void)
{
	world_make_same_root();
	put_dir(W_LOW(1), "low");
	put(W_LOW(1), "low/f", "low");
	put_dir(W_UP, "d");
	put_dir(W_UP, "e");
	put(W_UP, "d/f", "up");
	put(W_UP, "d/g", "other");
	put_link(W_UP, "d/l", "f");
	/* the directories are known from now on */
	cr_assert_eq(rename_("d/f", "e/f"), 0);
	cr_assert_eq(rename_("e/f", "d/f"), 0);
	fault_reset();
}

TestSuite(fastmove, .init = start, .fini = world_end);

#define EXPECT_TEXT(rel, want) cr_expect(eq(str, shown(rel), (char *)(want)))

Test(fastmove, in_a_directory_of_upper_a_rename_is_the_kernels_own)
{
	int before = fds_open();

	cr_expect(eq(long, rename_("d/f", "d/new"), 0));
	cr_expect(eq(uint, fault_total(), FAST));
	EXPECT_TEXT("d/new", "up");
	EXPECT_TEXT("d/f", MISSING);
	cr_expect(eq(long, rename_("d/new", "d/g"), 0));
	EXPECT_TEXT("d/g", "up");
	cr_expect(eq(long, rename_("d/l", "d/m"), 0));
	cr_expect(eq(int, fds_open(), before));
}

Test(fastmove, to_another_directory_both_are_held)
{
	cr_expect(eq(long, rename_("d/f", "e/new"), 0));
	cr_expect(eq(uint, fault_total(), FAST + 2));
	EXPECT_TEXT("e/new", "up");
	EXPECT_TEXT("d/f", MISSING);
}

Test(fastmove, by_every_name_of_the_call)
{
	cr_expect(eq(long, view(SYS_renameat, -1, at("d/f"), -1, at("d/1")), 0));
	cr_expect(eq(long, view(SYS_renameat2, -1, at("d/1"), -1, at("d/2"), RENAME_NOREPLACE), 0));
	cr_expect(eq(uint, fault_total(), 2 * FAST));
	EXPECT_TEXT("d/2", "up");
}

Test(fastmove, what_the_kernel_refuses_is_told_as_it_tells_it)
{
	put_dir(W_UP, "d/dir");
	cr_expect(eq(long, rename_("d/nothing", "d/new"), -ENOENT));
	cr_expect(eq(long, view(SYS_renameat2, -1, at("d/f"), -1, at("d/g"), RENAME_NOREPLACE),
		     -EEXIST));
	cr_expect(eq(long, rename_("d/f", "d/dir"), -EISDIR));
	cr_expect(eq(long, rename_("d/f/", "d/new"), -ENOTDIR));
	cr_expect(eq(long, view(SYS_rename, 0, at("d/new")), -EFAULT));
	cr_expect(eq(long, view(SYS_rename, at("d/f"), 0), -EFAULT));
	EXPECT_TEXT("d/f", "up");
	EXPECT_TEXT("d/g", "other");
}

Test(fastmove, a_lowers_name_is_hidden_when_it_goes)
{
	put_dir(W_UP, "low");
	put(W_UP, "low/f", "up");
	put(W_UP, "low/g", "up");
	for (int i = 0; i < 2; i++) {
		cr_expect(eq(long, rename_("low/f", "low/g"), 0));
		EXPECT_TEXT("low/f", MISSING);
		EXPECT_TEXT("low/g", "up");
		cr_expect(eq(long, rename_("low/g", "low/f"), 0));
	}
	cr_expect(eq(long, rename_("low/f", "d/f"), 0));
	cr_expect(is_whiteout(W_UP, "low/f"));
}

Test(fastmove, relative_names_are_of_where_the_cwd_is)
{
	struct stat st;

	put_dir(W_UP, "low");
	put_dir(W_UP, "low/in");
	put(W_UP, "low/in/f", "in");
	cr_expect(eq(long, view(SYS_chdir, at("d")), 0));
	for (int i = 0; i < 3; i++) {
		cr_expect(eq(long, view(SYS_rename, "f", "./new"), 0));
		EXPECT_TEXT("d/new", "up");
		cr_expect(eq(long, view(SYS_rename, "new", at("d/f")), 0));
		EXPECT_TEXT("d/f", "up");
	}
	fault_reset();
	cr_expect(eq(long, view(SYS_rename, "f", "new"), 0));
	cr_expect(eq(uint, fault_total(), FAST + 1)); /* where the cwd is */
	cr_expect(eq(long, view(SYS_renameat, 99, "new", AT_FDCWD, "f"), -EBADF));
	/* In a merged directory the cwd is the lower's. */
	cr_expect(eq(long, view(SYS_chdir, at("low")), 0));
	for (int i = 0; i < 3; i++) {
		cr_expect(eq(long, view(SYS_rename, "in/f", "in/g"), 0));
		EXPECT_TEXT("low/in/g", "in");
		cr_expect(eq(long, view(SYS_rename, "in/g", "in/f"), 0));
		view(SYS_stat, "in", &st);
	}
	fault_reset();
	cr_expect(eq(long, view(SYS_rename, "in/f", "in/g"), 0));
	cr_expect(eq(uint, fault_total(), FAST + 1));
	cr_expect(eq(long, view(SYS_rename, "f", "h"), 0));
	EXPECT_TEXT("low/h", "low");
	cr_expect(is_whiteout(W_UP, "low/f"));
	cr_expect(eq(str, text_of(W_LOW(1), "low/f"), (char *)"low"));
}

Test(fastmove, the_cwd_goes_along_with_its_directory)
{
	cr_expect(eq(long, view(SYS_chdir, at("d")), 0));
	for (int i = 0; i < 2; i++) {
		cr_expect(eq(long, view(SYS_rename, "f", "new"), 0));
		cr_expect(eq(long, view(SYS_rename, "new", "f"), 0));
	}
	cr_expect(eq(long, rename_("d", "away"), 0));
	cr_expect(eq(long, view(SYS_mkdir, at("d"), 0755), 0));
	for (int i = 0; i < 2; i++) {
		cr_expect(eq(long, view(SYS_rename, "f", "new"), 0));
		EXPECT_TEXT("away/new", "up");
		cr_expect(eq(long, view(SYS_rename, "new", "f"), 0));
	}
}

Test(fastmove, other_processes_know_of_the_new_name)
{
	struct stat st;

	cr_expect(eq(long, view(SYS_stat, at("d/new"), &st), -ENOENT));
	cr_expect(eq(long, rename_("d/f", "d/new"), 0));
	cr_expect(eq(long, view(SYS_stat, at("d/new"), &st), 0));
	cr_expect(eq(long, view(SYS_stat, at("d/f"), &st), -ENOENT));
}

Test(fastmove, signals_are_blocked_only_meanwhile)
{
	sigset_t before;
	sigset_t after;

	sigprocmask(SIG_BLOCK, NULL, &before);
	cr_expect(eq(long, rename_("d/f", "d/new"), 0));
	sigprocmask(SIG_BLOCK, NULL, &after);
	for (int i = 1; i < 32; i++)
		cr_expect(eq(int, sigismember(&after, i), sigismember(&before, i)));
}

/* Another process, between our look and our step. */
static void other_makes_a_full_directory(void *unused)
{
	(void)unused;
	cr_assert_eq(view(SYS_unlink, at("d/f")), 0);
	cr_assert_eq(view(SYS_mkdir, at("d/f"), 0755), 0);
	close((int)view(SYS_open, at("d/f/x"), O_WRONLY | O_CREAT, 0644));
}

Test(fastmove, a_directory_moved_for_a_file_moves_as_one)
{
	uint32_t gen = w.ss->dir_gen;

	fault_hook(__NR_renameat2, 1, other_makes_a_full_directory, NULL);
	cr_expect(eq(long, rename_("d/f", "d/new"), 0));
	EXPECT_TEXT("d/new/x", "");
	EXPECT_TEXT("d/f/x", MISSING);
	cr_expect(eq(uint, w.ss->dir_gen, gen + 4)); /* back, and there again */
}

static void other_moves_the_parent(void *unused)
{
	(void)unused;
	cr_assert_eq(rename_("d", "away"), 0);
	cr_assert_eq(view(SYS_mkdir, at("d"), 0755), 0);
}

Test(fastmove, a_parent_that_moves_while_it_is_opened_is_noticed)
{
	fault_hook(__NR_openat2, 1, other_moves_the_parent, NULL);
	cr_expect(eq(long, rename_("d/f", "d/new"), -ENOENT));
	EXPECT_TEXT("away/f", "up");
	fault_reset();
	cr_expect(eq(long, rename_("away/f", "d/f"), 0));
	EXPECT_TEXT("d/f", "up");
}

Test(fastmove, one_that_moves_in_the_last_moment_takes_the_name_along)
{
	fault_hook(__NR_renameat2, 1, other_moves_the_parent, NULL);
	cr_expect(eq(long, rename_("d/f", "d/new"), 0));
	EXPECT_TEXT("away/new", "up");
}

static void other_puts_a_link(void *unused)
{
	(void)unused;
	cr_assert_eq(rename_("d", "away"), 0);
	cr_assert_eq(view(SYS_symlink, "low", at("d")), 0);
}

Test(fastmove, a_parent_that_becomes_a_symlink_leads_to_no_lower)
{
	fault_hook(__NR_openat2, 1, other_puts_a_link, NULL);
	cr_expect(eq(long, rename_("d/f", "d/new"), 0));
	cr_expect(eq(str, text_of(W_LOW(1), "low/f"), (char *)"low"));
	cr_expect(not(is_there(W_LOW(1), "low/new")));
	EXPECT_TEXT("low/new", "low"); /* in the view the link was followed */
	EXPECT_TEXT("away/f", "up");
}

/* By an outsider's hand: nobody is told of it. */
static void other_puts_a_link_to_the_lower(void *unused)
{
	(void)unused;
	cr_assert_eq(rename(in(W_UP, "d"), in(W_UP, "aside")), 0);
	cr_assert_eq(symlink(in(W_LOW(1), "low"), in(W_UP, "d")), 0);
}

Test(fastmove, nor_does_one_that_nobody_was_told_of)
{
	fault_hook(__NR_openat2, 1, other_puts_a_link_to_the_lower, NULL);
	(void)rename_("d/f", "d/new");
	cr_expect(eq(str, text_of(W_LOW(1), "low/f"), (char *)"low"));
	cr_expect(not(is_there(W_LOW(1), "low/new")));
}

Test(fastmove, while_directories_move_it_takes_the_lock)
{
	w.ss->dir_gen++; /* of one that was killed */
	cr_expect(eq(long, rename_("d/f", "d/new"), 0));
	cr_expect(ge(uint, fault_count(__NR_fcntl), 1));
	EXPECT_TEXT("d/new", "up");
}

/* See catchup.h. */
Test(fastmove, where_files_of_several_names_have_changed_it_is_noted_where_they_are)
{
	w.ss->links = 1;
	cr_expect(eq(long, rename_("d/f", "d/new"), 0));
	cr_expect(ge(uint, fault_count(__NR_statx), 1));
}
