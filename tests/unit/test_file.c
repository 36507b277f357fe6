/* SPDX-License-Identifier: MIT */
#include "fault.h"
#include "fixture.h"

#include <signal.h>
#include <sys/wait.h>

TestSuite(file, .init = world_make_files, .fini = world_end);

static long open_(const char *rel, int flags)
{
	return view(SYS_openat, AT_FDCWD, at(rel), flags, 0644);
}

/* The error of an open that must fail and keep no descriptor. */
static long refused(const char *rel, int flags)
{
	int before = fds_open();
	long fd = open_(rel, flags);

	if (fd >= 0)
		close((int)fd);
	cr_expect(eq(int, fds_open(), before), "%s", rel);
	return fd;
}

Test(file, opening_for_reading_copies_nothing)
{
	cr_expect(eq(str, shown("d/f"), (char *)"low"));
	cr_expect(eq(str, text_fd(open_("d/f", O_RDONLY | O_NOFOLLOW)), (char *)"low"));
	cr_expect(eq(int, names_in(W_UP, ""), 0));
}

Test(file, opening_for_writing_copies_up_once)
{
	struct stat st;
	long fd = open_("d/f", O_RDWR);

	cr_assert_geq(fd, 0);
	cr_expect_eq(pwrite((int)fd, "UP", 2, 0), 2);
	cr_expect(eq(str, text_fd(fd), (char *)"UPw"));
	st = lstat_of(W_UP, "d/f");
	fault_reset();
	cr_expect(eq(str, text_fd(open_("d/f", O_RDWR)), (char *)"UPw"));
	cr_expect(eq(u64, lstat_of(W_UP, "d/f").st_ino, st.st_ino));
	cr_expect(eq(uint, fault_count(__NR_copy_file_range), 0));
	cr_expect(eq(str, text_of(W_LOW(1), "d/f"), (char *)"low"));
	EXPECT_NO_TEMPORARY();
}

Test(file, o_trunc_copies_no_content)
{
	fault_set(__NR_copy_file_range, FAULT_EACH, -EIO);
	fault_set(__NR_sendfile, FAULT_EACH, -EIO);
	fault_set(__NR_read, FAULT_EACH, -EIO);
	cr_expect(eq(str, text_fd(open_("f", O_RDWR | O_TRUNC)), (char *)""));
	cr_expect(eq(uint, fault_count(__NR_copy_file_range), 0));
	cr_expect(eq(str, text_of(W_UP, "f"), (char *)""));
	cr_expect(eq(str, text_of(W_LOW(1), "f"), (char *)"low"));
	EXPECT_NO_TEMPORARY();
}

Test(file, o_path_copies_nothing_whatever_else_is_asked)
{
	long fd = open_("d/f", O_PATH | O_RDWR | O_TRUNC | O_CREAT);

	cr_assert_geq(fd, 0);
	cr_expect(eq(int, fcntl((int)fd, F_GETFL) & O_PATH, O_PATH));
	close((int)fd);
	cr_expect(eq(long, refused("missing", O_PATH | O_CREAT), -ENOENT));
	cr_expect(eq(int, names_in(W_UP, ""), 0));
	cr_expect(eq(str, shown("d/f"), (char *)"low"));
}

Test(file, a_symlinks_descriptor_is_opened_once_more)
{
	struct stat st;
	char link[32];
	long fd;
	long again;

	put_link(W_LOW(1), "l", "f");
	fd = open_("l", O_PATH | O_NOFOLLOW);
	cr_assert_geq(fd, 0);
	snprintf(link, sizeof(link), "/proc/self/fd/%ld", fd);
	again = view(SYS_openat, AT_FDCWD, link, O_PATH);
	cr_assert_geq(again, 0);
	cr_expect(eq(int, fstat((int)again, &st), 0));
	cr_expect(eq(uint, st.st_mode & S_IFMT, S_IFLNK));
	cr_expect(eq(long, view(SYS_openat, AT_FDCWD, link, O_RDONLY), -ELOOP));
	close((int)again);
	close((int)fd);
}

Test(file, the_wrong_kind_is_told_before_a_copy)
{
	put_link(W_LOW(1), "l", "f");
	cr_expect(eq(long, refused("f", O_RDONLY | O_DIRECTORY), -ENOTDIR));
	cr_expect(eq(long, refused("f", O_RDWR | O_DIRECTORY), -ENOTDIR));
	cr_expect(eq(long, refused("f/", O_RDWR), -ENOTDIR));
	cr_expect(eq(long, refused("f/x", O_RDWR), -ENOTDIR));
	cr_expect(eq(long, refused("d", O_RDWR), -EISDIR));
	cr_expect(eq(long, refused("d", O_RDONLY | O_TRUNC), -EISDIR));
	cr_expect(eq(long, refused("d", O_RDONLY | O_CREAT), -EISDIR));
	cr_expect(eq(long, refused("l", O_RDWR | O_NOFOLLOW), -ELOOP));
	cr_expect(eq(long, refused("f", O_RDWR | O_CREAT | O_EXCL), -EEXIST));
	cr_expect(eq(int, names_in(W_UP, ""), 0));
}

Test(file, a_trailing_slash_opens_a_directory)
{
	long fd = open_("d/", O_RDONLY);

	cr_expect(ge(long, fd, 0));
	close((int)fd);
	cr_expect(eq(long, refused("missing/", O_RDONLY), -ENOENT));
}

Test(file, a_symlink_is_followed_and_its_target_copied)
{
	put_link(W_LOW(1), "l", "d/f");
	cr_expect(eq(str, text_fd(open_("l", O_RDWR)), (char *)"low"));
	cr_expect(is_there(W_UP, "d/f"));
	cr_expect(not(is_there(W_UP, "l")));
}

Test(file, o_tmpfile_lies_on_upper_and_has_no_name)
{
	struct stat st;
	long fd = open_("d", O_TMPFILE | O_RDWR);

	if (fd == -EOPNOTSUPP)
		cr_skip_test("no O_TMPFILE here");
	cr_assert_geq(fd, 0);
	cr_expect(eq(int, fstat((int)fd, &st), 0));
	cr_expect(eq(u64, st.st_nlink, 0));
	cr_expect(eq(uint, st.st_mode & 07777, 0644));
	close((int)fd);
	cr_expect(eq(int, names_in(W_UP, "d"), 0));
	cr_expect(eq(int, names_in(W_LOW(1), "d"), 1));
	cr_expect(eq(long, refused("f", O_TMPFILE | O_RDWR), -ENOTDIR));
	cr_expect(eq(long, refused("missing", O_TMPFILE | O_RDWR), -ENOENT));
}

Test(file, a_descriptor_has_the_lowest_free_number)
{
	static const int how[] = {O_RDONLY, O_RDWR, O_RDWR | O_TRUNC, O_RDONLY | O_CLOEXEC};
	int lowest = next_fd();

	for (size_t i = 0; i < OVL_ARRAY_SIZE(how); i++) {
		cr_expect(eq(long, open_("d/f", how[i]), lowest), "%zu", i);
		cr_expect(eq(int, fcntl(lowest, F_GETFD), how[i] & O_CLOEXEC ? FD_CLOEXEC : 0));
		close(lowest);
	}
	cr_expect(eq(long, open_("d", O_RDONLY | O_DIRECTORY), lowest));
	close(lowest);
}

Test(file, a_full_upper_leaves_the_lower_visible)
{
	static const long steps[] = {__NR_mkdirat, __NR_copy_file_range, __NR_renameat2};

	for (size_t i = 0; i < OVL_ARRAY_SIZE(steps); i++) {
		fault_reset();
		fault_set(steps[i], FAULT_EACH, -ENOSPC);
		cr_expect(eq(long, refused("d/f", O_RDWR), -ENOSPC), "%ld", steps[i]);
		cr_expect(not(is_there(W_UP, "d/f")), "%ld", steps[i]);
		cr_expect(eq(str, shown("d/f"), (char *)"low"));
		EXPECT_NO_TEMPORARY();
	}
}

Test(file, an_interrupted_open_is_told)
{
	int before = fds_open();

	put(W_UP, "f", "up");
	fault_set(__NR_openat2, FAULT_EACH, -EINTR);
	cr_expect(eq(long, open_("f", O_RDWR), -EINTR));
	fault_reset();
	cr_expect(eq(int, fds_open(), before));
	cr_expect(eq(str, shown("f"), (char *)"up"));
}

Test(file, a_whiteout_that_appears_is_looked_at_again)
{
	put(W_UP, "f", "up");
	fault_hook(__NR_openat2, 1, other_unlinks, (void *)"f");
	cr_expect(eq(long, refused("f", O_RDWR), -ENOENT));
	cr_expect(is_whiteout(W_UP, "f"));
}

Test(file, a_file_that_goes_before_it_is_opened_is_made_if_it_may)
{
	put(W_UP, "u", "up");
	fault_hook(__NR_openat2, 1, other_unlinks, (void *)"u");
	cr_expect(eq(str, text_fd(view(SYS_openat, AT_FDCWD, at("u"), O_RDWR | O_CREAT, 0644)),
		     (char *)""));
	fault_reset();
	fault_hook(__NR_openat2, 1, other_unlinks, (void *)"u");
	cr_expect(eq(long, refused("u", O_RDWR), -ENOENT));
}

static int leased;

/* For SIGURG and SIGIO: somebody wants to open the file. */
static void give_back(int sig)
{
	(void)sig;
	fcntl(leased, F_SETLEASE, F_UNLCK);
}

/* Another process, in the midst of a copy-up, has a lease on the file: held.h */
static pid_t other_has_a_lease(const char *rel)
{
	int ready[2];
	pid_t child;
	char byte;

	cr_assert_eq(pipe(ready), 0);
	child = fork();
	if (!child) {
		leased = open(in(W_LOW(1), rel), O_RDONLY);
		signal(SIGIO, give_back);
		(void)!write(ready[1], fcntl(leased, F_SETLEASE, F_WRLCK) ? "n" : "y", 1);
		for (;;)
			pause();
	}
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	cr_assert_eq(byte, 'y');
	return child;
}

Test(file, a_lease_of_somebody_elses_copy_up_is_waited_for)
{
	static const int flags[] = {O_RDONLY | O_NONBLOCK, O_RDWR};

	for (int i = 0; i < 2; i++) {
		pid_t child = other_has_a_lease("f");

		cr_expect(eq(str, text_fd(view(SYS_openat, AT_FDCWD, at("f"), flags[i])),
			     (char *)"low"));
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
}

Test(file, truncating_copies_only_what_is_kept)
{
	fault_short(__NR_copy_file_range, 1);
	cr_expect(eq(long, view(SYS_truncate, at("f"), 2), 0));
	cr_expect(eq(uint, fault_count(__NR_copy_file_range), 2));
	cr_expect(eq(str, text_of(W_UP, "f"), (char *)"lo"));
	cr_expect(eq(long, view(SYS_truncate, at("d/f"), 5), 0));
	cr_expect(eq(long, lstat_of(W_UP, "d/f").st_size, 5));
	cr_expect(eq(str, text_of(W_LOW(1), "f"), (char *)"low"));
	EXPECT_NO_TEMPORARY();
}

Test(file, truncating_what_cannot_be_is_refused)
{
	cr_expect(eq(long, view(SYS_truncate, at("f"), -1), -EINVAL));
	cr_expect(eq(long, view(SYS_truncate, at("d"), 0), -EISDIR));
	cr_expect(eq(long, view(SYS_truncate, at("f/"), 0), -ENOTDIR));
	cr_expect(eq(long, view(SYS_truncate, at("missing"), 0), -ENOENT));
	cr_expect(eq(int, names_in(W_UP, ""), 0));
}

Test(file, a_read_only_session_says_erofs)
{
	w.ss->flags = OVL_S_READ_ONLY;
	w.ss->layer[0].path = (struct ovl_str){0};
	cr_expect(eq(str, shown("f"), (char *)"low"));
	cr_expect(eq(long, refused("f", O_RDWR), -EROFS));
	cr_expect(eq(long, refused("f", O_RDONLY | O_TRUNC), -EROFS));
	cr_expect(eq(long, refused("missing", O_RDWR), -ENOENT));
}

Test(file, openat2_stays_below_what_it_is_told)
{
	struct open_how {
		uint64_t flags, mode, resolve;
	} how = {.flags = O_RDWR, .resolve = 8 /* RESOLVE_BENEATH */};
	long dir = open_("d", O_RDONLY | O_DIRECTORY);
	long fd;

	cr_assert_geq(dir, 0);
	fd = view(SYS_openat2, dir, (long)"f", (long)&how, sizeof(how));
	cr_expect(eq(str, text_fd(fd), (char *)"low"));
	cr_expect(is_there(W_UP, "d/f"));
	cr_expect(eq(long, view(SYS_openat2, dir, (long)"../f", (long)&how, sizeof(how)), -EXDEV));
	cr_expect(not(is_there(W_UP, "f")));
	close((int)dir);
}

/* What a newer kernel may take for its own must not reach it: it would open the lower. */
Test(file, openat2_with_what_is_not_known_is_refused)
{
	struct {
		struct open_how how;
		uint64_t more[2];
	} a = {.how = {.flags = O_RDWR}};
	long path = at("f");

#define ASK(size) view(SYS_openat2, AT_FDCWD, path, &a, size)
	cr_expect(eq(str, text_fd(ASK(sizeof(a))), (char *)"low"));
	cr_expect(is_there(W_UP, "f"));
	unlink(in(W_UP, "f"));
	a.more[1] = 1;
	cr_expect(eq(long, ASK(sizeof(a)), -E2BIG));
	cr_expect(eq(long, ASK(sizeof(a.how) - 8), -EINVAL));
	a.how.resolve = 1ULL << 40;
	cr_expect(eq(long, ASK(sizeof(a.how)), -EINVAL));
	a.how = (struct open_how){.flags = O_RDWR | 1ULL << 40};
	cr_expect(eq(long, ASK(sizeof(a.how)), -EINVAL));
	a.how = (struct open_how){.flags = O_RDWR | O_TRUNC, .resolve = RESOLVE_CACHED};
	cr_expect(eq(long, ASK(sizeof(a.how)), -EAGAIN));
	a.how.flags = O_RDWR;
	cr_expect(eq(str, text_fd(ASK(sizeof(a.how))), (char *)"low"));
#undef ASK
	cr_expect(eq(long, open_("missing", O_RDWR | O_CREAT | O_DIRECTORY), -EINVAL));
	cr_expect(eq(str, text_of(W_LOW(1), "f"), (char *)"low"));
}

/* What the fence was for is done with where the way has led out of the view. */
Test(file, openat2_leads_out_of_the_view_by_its_own_way)
{
	struct open_how how = {.flags = O_RDONLY, .resolve = RESOLVE_NO_MAGICLINKS};

	cr_assert_eq(mkdir(in("out", ""), 0755), 0);
	put("out", "x", "out");
	put_link(W_LOW(1), "l", in("out", "x"));
	cr_expect(eq(str, text_fd(view(SYS_openat2, AT_FDCWD, at("l"), &how, sizeof(how))),
		     (char *)"out"));
	how.resolve = RESOLVE_NO_SYMLINKS;
	cr_expect(eq(long, view(SYS_openat2, AT_FDCWD, at("l"), &how, sizeof(how)), -ELOOP));
}
