/* SPDX-License-Identifier: MIT */
#include "fastlower.h"

#include "fault.h"
#include "fixture.h"
#include "known.h"

#define LIST   (O_RDONLY | O_DIRECTORY)
#define MANY   40
#define ENOUGH 4096 /* bytes for the records of a directory */
#define SHORT  128  /* for some of them */

static void start(void)
{
	world_make_same_root();
	put_dir(W_LOW(1), "d");
	put_dir(W_LOW(1), "d/e");
	put(W_LOW(1), "d/f", "low");
	put(W_LOW(1), "d/g", "low");
	put_link(W_LOW(1), "d/l", "f");
	/* what is above is found by who looks at it first, and who we are */
	view(SYS_close, view(SYS_open, at("d"), LIST));
	view(SYS_close, view(SYS_open, at("d"), LIST));
	fault_reset();
}

TestSuite(fastlower, .init = start, .fini = world_end);

static struct stat st;

/* System calls of what was done since the last time. */
static unsigned calls(void)
{
	unsigned n = fault_total();

	fault_reset();
	return n;
}

static long open_at(const char *rel, long flags)
{
	return view(SYS_open, at(rel), flags);
}

/* Read the directory open as @fd to its end, @size bytes at a time: how many names. */
static int list(long fd, size_t size)
{
	char buf[ENOUGH];
	int names = 0;
	long n;

	while ((n = view(SYS_getdents64, fd, buf, size)) > 0) {
		for (long i = 0; i < n; names++)
			i += ((struct ovl_dirent *)(buf + i))->reclen;
	}
	cr_expect(eq(long, n, 0));
	return names;
}

static void list_whole(const char *rel)
{
	long fd = open_at(rel, LIST);

	list(fd, ENOUGH);
	view(SYS_close, fd);
	fault_reset();
}

/* Is the untouched file @rel opened by one call, as only the names of a tame directory are? */
static bool is_tame(const char *rel)
{
	unsigned n;
	long fd;

	fault_reset();
	fd = open_at(rel, O_RDONLY | O_NONBLOCK);
	n = calls();
	cr_expect(ge(long, fd, 0));
	view(SYS_close, fd);
	return n == 1;
}

Test(fastlower, a_directory_that_is_opened_is_known_and_so_are_its_names)
{
	long fd = open_at("d/e", LIST);

	cr_expect(eq(uint, calls(), 2)); /* the second: who we are */
	cr_expect(eq(long, view(SYS_fstat, fd, &st), 0));
	cr_expect(eq(uint, calls(), 1));
	cr_expect(eq(u64, st.st_ino, lstat_of(W_LOW(1), "d/e").st_ino));
	put(W_LOW(1), "d/e/f", "low");
	cr_expect(eq(long, view(SYS_newfstatat, fd, "f", &st, 0), 0));
	cr_expect(eq(uint, calls(), 1));
	view(SYS_close, fd);
}

Test(fastlower, so_is_one_that_nobody_asked_to_be_a_directory)
{
	long fd = open_at("d/e", O_RDONLY);

	cr_expect(eq(uint, calls(), 3)); /* it was looked at */
	cr_expect(eq(long, view(SYS_newfstatat, fd, "f", &st, 0), -ENOENT));
	cr_expect(eq(uint, calls(), 1));
	view(SYS_close, fd);
}

Test(fastlower, a_descriptor_made_from_a_known_one_is_known)
{
	long fd = open_at("d", LIST);
	long other = view(SYS_fcntl, fd, F_DUPFD, 20);
	long third = view(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 30);

	cr_expect(eq(long, other, 20));
	cr_expect(eq(long, third, 30));
	cr_expect(eq(long, view(SYS_fcntl, other, F_GETFD), 0));
	cr_expect(eq(long, view(SYS_fcntl, third, F_GETFD), FD_CLOEXEC));
	view(SYS_close, fd);
	fault_reset();
	cr_expect(eq(long, view(SYS_newfstatat, other, "f", &st, 0), 0));
	cr_expect(eq(long, view(SYS_newfstatat, third, "f", &st, 0), 0));
	cr_expect(eq(uint, calls(), 2));
	view(SYS_close, other);
	cr_expect(eq(long, view(SYS_newfstatat, other, "f", &st, 0), -EBADF));
	view(SYS_close, third);
}

Test(fastlower, one_that_cannot_be_made_is_not_known)
{
	long fd = open_at("d", LIST);

	cr_expect(eq(long, view(SYS_fcntl, fd, F_DUPFD, -1), -EINVAL));
	view(SYS_close, fd);
	cr_expect(eq(long, view(SYS_fcntl, fd, F_DUPFD, 0), -EBADF));
}

Test(fastlower, a_file_is_looked_at_once)
{
	close((int)open_at("d/f", O_RDONLY));
	cr_expect(eq(uint, calls(), 2));
	close((int)open_at("d/f", O_RDONLY));
	cr_expect(eq(uint, calls(), 1));
	cr_expect(eq(long, view(SYS_access, at("d/g"), R_OK), 0));
	cr_expect(eq(uint, calls(), 2));
	cr_expect(eq(long, view(SYS_access, at("d/g"), R_OK), 0));
	cr_expect(eq(uint, calls(), 1));
	cr_expect(eq(long, open_at("d/nothing", O_RDONLY), -ENOENT));
	cr_expect(eq(uint, calls(), 1));
	cr_expect(eq(long, view(SYS_access, at("d/nothing"), W_OK), -ENOENT));
	cr_expect(eq(uint, calls(), 1));
}

Test(fastlower, what_is_no_directory_is_told_as_the_kernel_tells_it)
{
	cr_expect(eq(long, open_at("d/f", LIST), -ENOTDIR));
	cr_expect(eq(long, open_at("d/nothing", LIST), -ENOENT));
	cr_expect(eq(long, open_at("d/l", LIST), -ENOTDIR));
	cr_expect(eq(long, open_at("d/l", LIST | O_NOFOLLOW), -ENOTDIR));
	cr_expect(eq(long, open_at("d/l", O_RDONLY | O_NOFOLLOW), -ELOOP));
	put_link(W_LOW(1), "d/to", "e");
	cr_expect(eq(long, view(SYS_close, open_at("d/to", LIST)), 0));
	cr_expect(eq(long, open_at("d/to", LIST | O_NOFOLLOW), -ENOTDIR));
}

Test(fastlower, a_lowers_whiteout_is_no_directory_and_no_file)
{
	put_whiteout(W_LOW(1), "d/gone");
	cr_expect(eq(long, open_at("d/gone", LIST), -ENOENT));
	cr_expect(eq(long, open_at("d/gone", O_RDONLY), -ENOENT));
	list_whole("d");
	cr_expect(eq(long, open_at("d/gone", O_RDONLY | O_NONBLOCK), -ENOENT));
	cr_expect(not(is_tame("d/g")));
}

Test(fastlower, in_a_directory_that_was_listed_a_file_takes_one_call)
{
	for (int i = 0; i < 2; i++) {
		long fd = open_at("d", LIST);

		cr_expect(eq(int, list(fd, ENOUGH), 6));
		view(SYS_close, fd);
	}
	fault_reset();
	cr_expect(eq(str, text_fd(open_at("d/f", O_RDONLY)), (char *)"low"));
	cr_expect(eq(uint, calls(), 1));
	cr_expect(eq(str, text_fd(open_at("d/l", O_RDONLY)), (char *)"low"));
	cr_expect(eq(long, open_at("d/l", O_RDONLY | O_NOFOLLOW), -ELOOP));
	cr_expect(eq(long, open_at("d/nothing", O_RDONLY), -ENOENT));
}

Test(fastlower, a_listing_in_many_steps_tells_as_much)
{
	long fd = open_at("d", LIST);

	cr_expect(eq(int, list(fd, SHORT), 6));
	view(SYS_close, fd);
	cr_expect(is_tame("d/g"));
}

Test(fastlower, a_listing_that_was_not_read_to_its_end_tells_nothing)
{
	char buf[SHORT];
	long fd = open_at("d", LIST);

	cr_expect(ge(long, view(SYS_getdents64, fd, buf, SHORT), 1));
	view(SYS_close, fd);
	cr_expect(not(is_tame("d/g")));
}

Test(fastlower, nor_does_one_of_which_somebody_else_has_read_a_part)
{
	char buf[SHORT];
	long fd = open_at("d", LIST);

	cr_expect(ge(long, view(SYS_getdents64, fd, buf, SHORT), 1));
	cr_expect(ge(long, syscall(SYS_getdents64, fd, buf, SHORT), 1)); /* a child of ours */
	list(fd, ENOUGH);
	view(SYS_close, fd);
	cr_expect(not(is_tame("d/g")));
}

Test(fastlower, nor_the_end_of_a_listing_with_a_descriptor_used_before)
{
	long fd = open_at("d", LIST);
	long position;
	char buf[ENOUGH];

	cr_expect(ge(long, view(SYS_getdents64, fd, buf, ENOUGH), 1));
	position = lseek((int)fd, 0, SEEK_CUR);
	view(SYS_close, fd);
	put(W_LOW(1), "d/e/f", "low");
	cr_expect(eq(long, open_at("d/e", LIST), fd));
	lseek((int)fd, position, SEEK_SET);
	while (view(SYS_getdents64, fd, buf, ENOUGH) > 0)
		;
	view(SYS_close, fd);
	cr_expect(not(is_tame("d/e/f")));
}

/* Its readers and writers must meet at one: so it goes to upper. */
Test(fastlower, a_fifo_of_a_listed_directory_is_uppers)
{
	cr_assert_eq(mkfifo(in(W_LOW(1), "d/p"), 0644), 0);
	list_whole("d");
	cr_expect(eq(long, view(SYS_close, open_at("d/p", O_RDONLY | O_NONBLOCK)), 0));
	cr_expect(is_there(W_UP, "d/p"));
}

Test(fastlower, so_is_that_of_one_that_was_not_listed)
{
	cr_assert_eq(mkfifo(in(W_LOW(1), "d/p"), 0644), 0);
	cr_expect(eq(long, view(SYS_close, open_at("d/p", O_RDONLY | O_NONBLOCK)), 0));
	cr_expect(is_there(W_UP, "d/p"));
}

Test(fastlower, a_file_that_was_changed_by_another_name_is_the_copy)
{
	cr_assert_eq(link(in(W_LOW(1), "d/f"), in(W_LOW(1), "h")), 0);
	list_whole("d");
	cr_expect(eq(long, view(SYS_truncate, at("h"), 1), 0));
	cr_expect(eq(str, text_fd(open_at("d/f", O_RDONLY)), (char *)"l"));
	cr_expect(eq(str, text_fd(open_at("d/g", O_RDONLY)), (char *)"low"));
}

Test(fastlower, what_another_process_changes_in_a_listed_directory_is_seen)
{
	list_whole("d");
	cr_expect(eq(str, text_fd(open_at("d/f", O_RDONLY)), (char *)"low"));
	put_dir(W_UP, "d");
	put(W_UP, "d/f", "changed");
	put_whiteout(W_UP, "d/g");
	cr_assert_eq(mkfifo(in(W_UP, "d/p"), 0644), 0);
	announce("d/p", true);
	cr_expect(eq(str, text_fd(open_at("d/f", O_RDONLY)), (char *)"changed"));
	cr_expect(eq(long, open_at("d/g", O_RDONLY), -ENOENT));
	cr_expect(eq(long, view(SYS_close, open_at("d/p", O_RDONLY | O_NONBLOCK)), 0));
}

Test(fastlower, a_directory_that_is_renamed_meanwhile_is_not_known)
{
	long fd = open_at("d", LIST);

	cr_expect(eq(long, view(SYS_rename, at("d"), at("d2")), 0));
	cr_expect(eq(long, view(SYS_mkdir, at("d"), 0755), 0));
	cr_expect(eq(long, view(SYS_newfstatat, fd, "f", &st, 0), 0));
	cr_expect(eq(long, view(SYS_unlink, at("d2/f")), 0));
	cr_expect(eq(long, view(SYS_newfstatat, fd, "f", &st, 0), -ENOENT));
	view(SYS_close, fd);
}

/* Another process, between our look at the tables and the kernel's answer. */
static void other_renames(void *unused)
{
	(void)unused;
	cr_assert_eq(view(SYS_rename, at("d"), at("d2")), 0);
	cr_assert_eq(view(SYS_mkdir, at("d"), 0755), 0);
	cr_assert_eq(view(SYS_unlink, at("d2/f")), 0);
}

Test(fastlower, nor_is_one_that_is_renamed_while_it_is_opened)
{
	long fd;

	fault_hook(__NR_openat2, 1, other_renames, NULL);
	fd = open_at("d", LIST);
	cr_expect(eq(long, view(SYS_newfstatat, fd, "f", &st, 0), -ENOENT));
	cr_expect(eq(long, view(SYS_newfstatat, fd, "g", &st, 0), 0));
	view(SYS_close, fd);
}

Test(fastlower, what_a_symlink_leads_to_is_the_views)
{
	put_link(W_LOW(1), "d/to", "e");
	put(W_LOW(1), "d/e/f", "low");
	list_whole("d");
	put_dir(W_UP, "d");
	put(W_UP, "d/f", "changed");
	put_dir(W_UP, "d/e");
	put(W_UP, "d/e/f", "changed");
	cr_expect(eq(str, text_fd(open_at("d/l", O_RDONLY)), (char *)"changed"));
	cr_expect(eq(str, text_fd(open_at("d/to/f", O_RDONLY)), (char *)"changed"));
	cr_expect(eq(str, text_fd(view(SYS_openat, open_at("d/to", LIST), "f", O_RDONLY)),
		     (char *)"changed"));
}

/* Where another tree begins, what is in it is not the lower's. */
Test(fastlower, a_directory_passed_to_the_kernel_is_not_taken_for_the_lowers)
{
	uint64_t hash;
	int layer;
	long fd;

	put_dir(W_LOW(1), "d/pass");
	w.ss->pass[0] = session_text(w.ss, in(W_LOW(1), "d/pass"));
	w.ss->npass = 1;
	fd = open_at("d/pass", LIST);
	cr_expect(ge(long, fd, 0));
	cr_expect(not(ovl_known_find((int)fd, &hash, &layer)));
	cr_expect(eq(long, view(SYS_mkdirat, fd, "new", 0755), 0));
	cr_expect(is_there(W_LOW(1), "d/pass/new"));
	view(SYS_close, fd);
}

/* Of two lowers: the directory is both's, or one's alone. */
static void two_lowers(void)
{
	world_end();
	world_make(2);
	put_dir(W_LOW(1), "both");
	put_dir(W_LOW(2), "both");
	put_dir(W_LOW(2), "both/second");
	put(W_LOW(1), "both/f", "first");
	put(W_LOW(2), "both/f", "second");
	put(W_LOW(2), "both/second/f", "second");
	for (int i = 0; i < 2; i++)
		view(SYS_stat, at("both/second/f"), &st);
	fault_reset();
}

Test(fastlower, of_two_lowers_the_one_that_has_a_directory_alone_is_asked, .init = two_lowers)
{
	long fd = open_at("both/second", LIST);

	cr_expect(eq(uint, calls(), 2));
	cr_expect(eq(int, list(fd, ENOUGH), 3));
	cr_expect(eq(uint, calls(), 4)); /* where it is, and what is there: twice */
	cr_expect(eq(str, text_fd(view(SYS_openat, fd, "f", O_RDONLY)), (char *)"second"));
	cr_expect(eq(uint, calls(), 1));
	view(SYS_close, fd);
}

Test(fastlower, of_two_lowers_a_merged_directory_is_listed_whole, .init = two_lowers)
{
	for (int i = 0; i < 2; i++) {
		long fd = open_at("both", LIST);

		cr_expect(eq(int, list(fd, ENOUGH), 4));
		cr_expect(eq(str, text_fd(view(SYS_openat, fd, "f", O_RDONLY)), (char *)"first"));
		view(SYS_close, fd);
	}
	fault_reset();
	view(SYS_close, open_at("both", LIST));
	cr_expect(eq(uint, calls(), 3)); /* with the close */
}
