/* SPDX-License-Identifier: MIT */
#include "fast.h"

#include "fault.h"
#include "fixture.h"

static void start(void)
{
	world_make_same_root();
	put_dir(W_LOW(1), "d");
	put_dir(W_LOW(1), "d/e");
	put(W_LOW(1), "d/f", "low");
	put_link(W_LOW(1), "d/l", "f");
}

TestSuite(fast, .init = start, .fini = world_end);

static struct stat st;

Test(fast, an_untouched_lower_name_takes_the_programs_own_call_alone)
{
	char buf[64];

	cr_expect(eq(uint, cost(SYS_stat, "d/f", (long)&st, 0), 1));
	cr_expect(eq(uint, cost(SYS_lstat, "d/l", (long)&st, 0), 1));
	cr_expect(eq(uint, cost(SYS_access, "d/f", R_OK, 0), 1));
	cr_expect(eq(uint, cost(SYS_open, "d/f", O_RDONLY, 0), 1));
	cr_expect(eq(uint, cost(SYS_readlink, "d/l", (long)buf, sizeof(buf)), 1));
	cr_expect(eq(uint, cost(SYS_stat, "d/missing", (long)&st, 0), 1));
	cr_expect(eq(uint, cost(SYS_open, "d/missing", O_RDONLY, 0), 1));
	cr_expect(eq(uint, cost(SYS_access, "d/missing", F_OK, 0), 1));
}

/* Somebody copies the file up: held.h */
Test(fast, who_would_wait_for_a_lease_is_not_told_so)
{
	cr_expect(eq(uint, cost(SYS_open, "d/f", O_RDONLY | O_NONBLOCK, 0), 1));
	fault_reset();
	fault_set(__NR_openat, 1, -EAGAIN);
	cr_expect(
		eq(str, text_fd(view(SYS_open, at("d/f"), O_RDONLY | O_NONBLOCK)), (char *)"low"));
}

Test(fast, the_kernels_answer_is_the_views)
{
	cr_expect(eq(long, view(SYS_stat, at("d/f"), &st), 0));
	cr_expect(eq(long, view(SYS_stat, at("d/f"), &st), 0));
	cr_expect(eq(u64, st.st_ino, lstat_of(W_LOW(1), "d/f").st_ino));
	cr_expect(eq(long, view(SYS_stat, at("d/f/x"), &st), -ENOTDIR));
	cr_expect(eq(long, view(SYS_stat, at("d/missing/x"), &st), -ENOENT));
	cr_expect(eq(long, view(SYS_stat, at("d/f/"), &st), -ENOTDIR));
	cr_expect(eq(long, view(SYS_stat, 0, &st), -EFAULT));
	cr_expect(eq(str, shown("d/f"), (char *)"low"));
	cr_expect(eq(str, shown("d/f"), (char *)"low"));
}

Test(fast, a_symlink_is_followed_by_the_slow_path)
{
	for (int i = 0; i < 2; i++) {
		cr_expect(eq(long, view(SYS_stat, at("d/l"), &st), 0));
		cr_expect(eq(u64, st.st_ino, lstat_of(W_LOW(1), "d/f").st_ino));
		cr_expect(eq(str, shown("d/l"), (char *)"low"));
	}
	put(W_UP, "d", ""); /* d is a file now, and the link's target gone with it */
	cr_expect(eq(long, view(SYS_stat, at("d/l"), &st), -ENOTDIR));
}

Test(fast, a_symlink_to_a_changed_file_leads_to_the_change)
{
	view(SYS_stat, at("d/l"), &st);
	put_dir(W_UP, "d");
	put(W_UP, "d/f", "changed");
	cr_expect(eq(str, shown("d/l"), (char *)"changed"));
	cr_expect(eq(long, view(SYS_stat, at("d/l"), &st), 0));
	cr_expect(eq(long, st.st_size, 7));
}

/* Everything that reads, of @rel: all say that it is missing, or none. */
static void expect_gone(const char *rel)
{
	char buf[8];

	cr_expect(eq(long, view(SYS_stat, at(rel), &st), -ENOENT), "%s", rel);
	cr_expect(eq(long, view(SYS_lstat, at(rel), &st), -ENOENT), "%s", rel);
	cr_expect(eq(long, view(SYS_access, at(rel), F_OK), -ENOENT), "%s", rel);
	cr_expect(eq(long, view(SYS_open, at(rel), O_RDONLY), -ENOENT), "%s", rel);
	cr_expect(eq(long, view(SYS_readlink, at(rel), buf, 8), -ENOENT), "%s", rel);
}

static void warm(const char *rel)
{
	char buf[8];

	for (int i = 0; i < 2; i++) {
		view(SYS_stat, at(rel), &st);
		view(SYS_access, at(rel), F_OK);
		close((int)view(SYS_open, at(rel), O_RDONLY));
		view(SYS_readlink, at(rel), buf, 8);
	}
}

Test(fast, another_processes_unlink_is_seen_at_once)
{
	warm("d/f");
	put_dir(W_UP, "d");
	put_whiteout(W_UP, "d/f");
	expect_gone("d/f");
}

Test(fast, another_processes_new_file_is_seen_at_once)
{
	warm("d/new");
	put_dir(W_UP, "d");
	put(W_UP, "d/new", "new");
	cr_expect(eq(str, shown("d/new"), (char *)"new"));
	cr_expect(eq(long, view(SYS_stat, at("d/new"), &st), 0));
	cr_expect(eq(long, view(SYS_access, at("d/new"), R_OK), 0));
}

Test(fast, a_removed_directory_takes_its_names_along)
{
	warm("d/f");
	put_whiteout(W_UP, "d");
	expect_gone("d/f");
	expect_gone("d");
	expect_gone("d/missing");
}

Test(fast, what_hides_a_parent_hides_names_that_were_never_asked_for)
{
	put(W_LOW(1), "d/e/x", "low");
	put(W_LOW(1), "d/e/y", "low");
	warm("d/e/x");
	put_whiteout(W_UP, "d");
	expect_gone("d/e/y");
	expect_gone("d/e/x");
}

Test(fast, a_parent_made_anew_hides_names_that_were_never_asked_for)
{
	put(W_LOW(1), "d/e/x", "low");
	put(W_LOW(1), "d/e/y", "low");
	warm("d/e/x");
	put_opaque(W_UP, "d");
	expect_gone("d/e/y");
	put_dir(W_UP, "d/e");
	put(W_UP, "d/e/y", "anew");
	expect_gone("d/e/x");
	cr_expect(eq(str, shown("d/e/y"), (char *)"anew"));
}

Test(fast, a_directory_made_anew_is_empty)
{
	warm("d/e/x");
	warm("d/f");
	put_opaque(W_UP, "d");
	expect_gone("d/f");
	expect_gone("d/e");
	put(W_UP, "d/f", "anew");
	cr_expect(eq(str, shown("d/f"), (char *)"anew"));
}

Test(fast, a_renamed_parent_is_seen_from_both_sides)
{
	put_dir(W_UP, "u");
	put_dir(W_UP, "u/v");
	put(W_UP, "u/v/f", "up");
	warm("u/v/f");
	cr_expect(eq(long, view(SYS_rename, at("u"), at("w")), 0));
	expect_gone("u/v/f");
	cr_expect(eq(str, shown("w/v/f"), (char *)"up"));
	cr_expect(eq(long, view(SYS_rename, at("w"), at("u")), 0));
	cr_expect(eq(str, shown("u/v/f"), (char *)"up"));
	expect_gone("w/v/f");
}

Test(fast, a_renamed_lower_parent_is_seen_from_both_sides)
{
	warm("d/f");
	warm("d2/f");
	cr_expect(eq(long, view(SYS_rename, at("d"), at("d2")), 0));
	expect_gone("d/f");
	cr_expect(eq(str, shown("d2/f"), (char *)"low"));
	cr_expect(eq(long, view(SYS_mkdir, at("d"), 0755), 0));
	expect_gone("d/f");
}

Test(fast, relative_names_follow_the_cwd)
{
	cr_expect(eq(long, view(SYS_chdir, at("d")), 0));
	for (int i = 0; i < 2; i++)
		cr_expect(eq(long, view(SYS_stat, "f", &st), 0));
	fault_reset();
	view(SYS_stat, "f", &st);
	cr_expect(eq(uint, fault_total(), 1));
	cr_expect(eq(long, view(SYS_chdir, at("d/e")), 0));
	cr_expect(eq(long, view(SYS_stat, "f", &st), -ENOENT));
	cr_expect(eq(long, view(SYS_chdir, ".."), 0));
	cr_expect(eq(long, view(SYS_stat, "f", &st), 0));
	put_dir(W_UP, "d");
	put_whiteout(W_UP, "d/f");
	cr_expect(eq(long, view(SYS_stat, "f", &st), -ENOENT));
}

Test(fast, dots_and_slashes_on_the_way_cost_nothing)
{
	cr_expect(eq(uint, cost(SYS_stat, "./d/.//f", (long)&st, 0), 1));
	cr_expect(eq(long, view(SYS_chdir, at("d")), 0));
	view(SYS_stat, "./f", &st);
	fault_reset();
	cr_expect(eq(long, view(SYS_stat, "./f", &st), 0));
	cr_expect(eq(uint, fault_total(), 1));
	cr_expect(eq(long, view(SYS_stat, "./f/.", &st), -ENOTDIR));
	cr_expect(eq(long, view(SYS_stat, "./e/..", &st), 0));
	cr_expect(eq(long, view(SYS_stat, "./e/../f", &st), 0));
	put_dir(W_UP, "d");
	put_whiteout(W_UP, "d/f");
	cr_expect(eq(long, view(SYS_stat, "./f", &st), -ENOENT));
}

Test(fast, proc_is_proc_however_it_is_spelled)
{
	static const char *const spelled[] = {"/proc", "//proc", "/./proc", "/.//./proc"};
	char path[64];
	char cwd[256];

	put_dir(W_UP, "own");
	cr_expect(eq(long, view(SYS_chdir, at("own")), 0));
	for (int i = 0; i < 3 * (int)OVL_ARRAY_SIZE(spelled); i++) {
		long n;

		snprintf(path, sizeof(path), "%s/%d/cwd", spelled[i / 3], getpid());
		n = view(SYS_readlink, path, cwd, sizeof(cwd) - 1);
		cr_assert(ge(long, n, 1), "%s", path);
		cwd[n] = '\0';
		cr_expect(eq(str, cwd, (char *)at("own")), "%s", path);
	}
}

Test(fast, fchdir_changes_what_relative_names_mean)
{
	long fd = view(SYS_open, at("d/e"), O_RDONLY | O_DIRECTORY);

	view(SYS_chdir, at("d"));
	view(SYS_stat, "f", &st);
	view(SYS_stat, "f", &st);
	cr_expect(eq(long, view(SYS_fchdir, fd), 0));
	cr_expect(eq(long, view(SYS_stat, "f", &st), -ENOENT));
	cr_expect(eq(long, view(SYS_stat, "f", &st), -ENOENT));
}

Test(fast, a_descriptor_that_becomes_another_is_not_remembered)
{
	int fd = (int)view(SYS_open, at("d"), O_RDONLY | O_DIRECTORY);
	int other = (int)view(SYS_open, at("d/e"), O_RDONLY | O_DIRECTORY);

	for (int i = 0; i < 2; i++)
		cr_expect(eq(long, view(SYS_newfstatat, fd, "f", &st, 0), 0));
	cr_expect(eq(long, view(SYS_dup2, other, fd), fd));
	cr_expect(eq(long, view(SYS_newfstatat, fd, "f", &st, 0), -ENOENT));
	cr_expect(eq(long, view(SYS_close, fd), 0));
	cr_expect(eq(long, view(SYS_newfstatat, fd, "f", &st, 0), -EBADF));
	fd = (int)view(SYS_open, at("d"), O_RDONLY | O_DIRECTORY);
	cr_expect(eq(long, view(SYS_newfstatat, fd, "f", &st, 0), 0));
	cr_expect(eq(long, view(SYS_close_range, fd, fd, 0), 0));
	cr_expect(eq(long, view(SYS_newfstatat, fd, "f", &st, 0), -EBADF));
}

Test(fast, writing_and_creating_are_never_taken_for_reading)
{
	warm("d/f");
	close((int)view(SYS_open, at("d/f"), O_RDONLY | O_TRUNC));
	cr_expect(eq(str, text_of(W_LOW(1), "d/f"), (char *)"low"));
	cr_expect(eq(str, shown("d/f"), (char *)""));
	warm("d/g");
	close((int)view(SYS_open, at("d/g"), O_RDONLY | O_CREAT, 0644));
	cr_expect(not(is_there(W_LOW(1), "d/g")));
	cr_expect(is_there(W_UP, "d/g"));
	close((int)view(SYS_open, at("d/e"), O_RDWR | O_TMPFILE, 0644));
	cr_expect(is_there(W_UP, "d/e"));
}

Test(fast, hidden_names_stay_hidden)
{
	cr_expect(eq(long, view(SYS_stat, in("up", ""), &st), -ENOENT));
	cr_expect(eq(long, view(SYS_stat, in("work", "tmp"), &st), -ENOENT));
	cr_expect(eq(long, view(SYS_stat, in("up", ""), &st), -ENOENT));
	cr_expect(eq(long, view(SYS_open, in("work", "tmp"), O_RDONLY), -ENOENT));
}

Test(fast, outside_names_cost_one_call_and_a_new_symlink_is_noticed)
{
	char path[128];

	mkdir(in("out", ""), 0755);
	mkdir(in("out", "a"), 0755);
	put("out", "a/x", "");
	snprintf(path, sizeof(path), "%s/out/a/f", w.dir);
	for (int i = 0; i < 2; i++)
		cr_expect(eq(long, view(SYS_stat, path, &st), -ENOENT));
	fault_reset();
	view(SYS_stat, path, &st);
	cr_expect(eq(uint, fault_total(), 1));
	/* A program of the view turns the directory into a door to the view. */
	cr_expect(eq(long, view(SYS_rename, in("out", "a"), in("out", "b")), 0));
	cr_expect(eq(long, view(SYS_symlink, at("d"), in("out", "a")), 0));
	cr_expect(eq(long, view(SYS_stat, path, &st), 0));
	put_dir(W_UP, "d");
	put_whiteout(W_UP, "d/f");
	cr_expect(eq(long, view(SYS_stat, path, &st), -ENOENT));
}

Test(fast, fstat_of_a_copy_shows_its_origins_number)
{
	uint64_t ino = lstat_of(W_LOW(1), "d/f").st_ino;
	long fd;

	cr_expect(eq(long, view(SYS_chmod, at("d/f"), 0600), 0));
	fd = view(SYS_open, at("d/f"), O_RDONLY);
	cr_expect(eq(long, view(SYS_fstat, fd, &st), 0));
	cr_expect(eq(u64, st.st_ino, ino));
	cr_expect(eq(uint, st.st_mode & 07777, 0600));
}

Test(fast, a_traced_session_sees_every_call_on_the_slow_path)
{
	warm("d/f");
	w.ss->flags |= OVL_S_TRACE;
	w.ss->trace_path = session_text(w.ss, in("work", "trace"));
	fault_reset();
	view(SYS_stat, at("d/f"), &st);
	cr_expect(is_there("work", "trace"));
}

Test(fast, a_change_of_the_view_root_is_seen_by_its_absolute_path)
{
	cr_expect(eq(long, view(SYS_stat, at(""), &st), 0));
	cr_expect(eq(long, view(SYS_chmod, at(""), 0700), 0));
	cr_expect(eq(long, view(SYS_stat, at(""), &st), 0));
	cr_expect(eq(uint, st.st_mode & 07777, 0700));
}

Test(fast, a_view_root_of_its_own_exists)
{
	world_end();
	world_make(1);
	cr_expect(eq(long, view(SYS_stat, at(""), &st), 0));
	cr_expect(eq(long, view(SYS_stat, at(""), &st), 0));
}

Test(fast, a_lowers_whiteout_is_nothing)
{
	char buf[8];

	put_whiteout(W_LOW(1), "d/gone");
	warm("d/f");
	cr_expect(eq(long, view(SYS_chdir, at("d")), 0));
	for (int i = 0; i < 3; i++) {
		cr_expect(eq(long, view(SYS_readlink, "gone", buf, 8), -ENOENT));
		cr_expect(eq(long, view(SYS_readlink, at("d/gone"), buf, 8), -ENOENT));
		cr_expect(eq(long, view(SYS_stat, "gone", &st), -ENOENT));
		cr_expect(eq(long, view(SYS_open, "gone", O_RDONLY), -ENOENT));
		cr_expect(eq(long, view(SYS_access, "gone", F_OK), -ENOENT));
	}
}
