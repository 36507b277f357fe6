/* SPDX-License-Identifier: MIT */
#include "systab.h"

#include "fault.h"
#include "fixture.h"

static void start(void)
{
	world_make(1);
	put_dir(W_LOW(1), "d");
	put(W_LOW(1), "d/f", "in d");
	put(W_LOW(1), "f", "low");
	put_dir(W_LOW(1), "e");
}

TestSuite(rename, .init = start, .fini = world_end);

static long rename_(const char *from, const char *to)
{
	return view(SYS_rename, at(from), at(to));
}

static long rename2(const char *from, const char *to, unsigned flags)
{
	return view(SYS_renameat2, AT_FDCWD, at(from), AT_FDCWD, at(to), flags);
}

#define EXPECT_TEXT(rel, want) cr_expect(eq(str, shown(rel), (char *)(want)))
#define MISSING		       "(-2)"

Test(rename, a_lower_file_moves_and_leaves_a_whiteout)
{
	int before = fds_open();

	cr_expect(eq(long, rename_("f", "g"), 0));
	cr_expect(is_whiteout(W_UP, "f"));
	EXPECT_TEXT("f", MISSING);
	EXPECT_TEXT("g", "low");
	cr_expect(eq(str, text_of(W_LOW(1), "f"), (char *)"low"));
	cr_expect(eq(int, fds_open(), before));
	EXPECT_NO_TEMPORARY();
}

Test(rename, a_file_of_upper_alone_leaves_nothing)
{
	put(W_UP, "u", "up");
	cr_expect(eq(long, rename_("u", "v"), 0));
	cr_expect(not(is_there(W_UP, "u")));
	EXPECT_TEXT("v", "up");
}

Test(rename, onto_a_lower_file_onto_a_whiteout_and_onto_an_upper_file)
{
	put(W_UP, "u1", "1");
	put(W_UP, "u2", "2");
	put(W_UP, "u3", "3");
	put(W_UP, "up", "");
	put_whiteout(W_UP, "gone");
	cr_expect(eq(long, rename_("u1", "f"), 0));
	cr_expect(eq(long, rename_("u2", "gone"), 0));
	cr_expect(eq(long, rename_("u3", "up"), 0));
	EXPECT_TEXT("f", "1");
	EXPECT_TEXT("gone", "2");
	EXPECT_TEXT("up", "3");
	cr_expect(eq(int, names_in(W_UP, ""), 3));
}

Test(rename, noreplace_sees_the_view)
{
	put(W_UP, "u", "up");
	put_whiteout(W_UP, "gone");
	cr_expect(eq(long, rename2("u", "f", RENAME_NOREPLACE), -EEXIST));
	cr_expect(eq(long, rename2("u", "gone", RENAME_NOREPLACE), 0));
	EXPECT_TEXT("gone", "up");
	cr_expect(eq(long, rename2("gone", "new", RENAME_NOREPLACE), 0));
	EXPECT_TEXT("new", "up");
}

Test(rename, exchange_swaps_a_lower_and_an_upper_file)
{
	put(W_UP, "u", "up");
	cr_expect(eq(long, rename2("u", "f", RENAME_EXCHANGE), 0));
	EXPECT_TEXT("u", "low");
	EXPECT_TEXT("f", "up");
	cr_expect(eq(long, rename2("u", "missing", RENAME_EXCHANGE), -ENOENT));
	cr_expect(eq(long, rename2("d/f", "f", RENAME_EXCHANGE), 0));
	EXPECT_TEXT("d/f", "up");
	EXPECT_TEXT("f", "in d");
	EXPECT_NO_TEMPORARY();
}

Test(rename, exchange_of_a_directory_and_a_file)
{
	put_dir(W_UP, "u");
	put(W_UP, "u/x", "x");
	cr_expect(eq(long, rename2("u", "f", RENAME_EXCHANGE), 0));
	EXPECT_TEXT("f/x", "x");
	EXPECT_TEXT("u", "low");
}

/* What has to be noted on it needs a right that moving it does not. */
Test(rename, a_directory_that_its_owner_may_not_write_to_moves_onto_a_lower_name)
{
	struct statx st;

	leave_root();
	put_dir(W_UP, "u");
	put_dir(W_UP, "v");
	cr_assert_eq(chmod(in(W_UP, "u"), 0500), 0);
	cr_assert_eq(chmod(in(W_UP, "v"), 0300), 0);
	cr_expect(eq(long, rename2("u", "f", RENAME_EXCHANGE), 0));
	cr_expect(eq(long, rename2("v", "d", RENAME_EXCHANGE), 0));
	cr_expect(is_opaque(W_UP, "f"));
	cr_expect(is_opaque(W_UP, "d"));
	cr_expect(eq(long, view(SYS_statx, AT_FDCWD, at("f"), 0, STATX_BASIC_STATS, &st), 0));
	cr_expect(eq(int, st.stx_mode, S_IFDIR | 0500));
}

Test(rename, onto_an_empty_directory_of_upper_alone_in_one_step)
{
	put_dir(W_UP, "u");
	put(W_UP, "u/x", "x");
	put_dir(W_UP, "v");
	fault_reset();
	cr_expect(eq(long, rename_("u", "v"), 0));
	cr_expect(eq(uint, fault_count(__NR_renameat) + fault_count(__NR_renameat2), 1));
	EXPECT_TEXT("v/x", "x");
	put_opaque(W_UP, "w");
	put_whiteout(W_UP, "w/gone"); /* hides nothing, and must not be in the way */
	cr_expect(eq(long, rename_("v", "w"), 0));
	EXPECT_TEXT("w/x", "x");
	cr_expect(eq(int, names_in(W_UP, "w"), 1));
	EXPECT_NO_TEMPORARY();
}

Test(rename, impossible_flags_are_einval)
{
	cr_expect(eq(long, rename2("f", "g", RENAME_NOREPLACE | RENAME_EXCHANGE), -EINVAL));
	cr_expect(eq(long, rename2("f", "g", 1U << 20), -EINVAL));
}

Test(rename, what_rename_2_forbids)
{
	put(W_UP, "u", "up");
	put_dir(W_UP, "ud");
	put_dir(W_UP, "ud/sub");
	cr_expect(eq(long, rename_("missing", "x"), -ENOENT));
	cr_expect(eq(long, rename_("u", "missing/x"), -ENOENT));
	cr_expect(eq(long, rename_("u", "f/x"), -ENOTDIR));
	cr_expect(eq(long, rename_("u", "d"), -EISDIR));
	cr_expect(eq(long, rename_("ud", "f"), -ENOTDIR));
	cr_expect(eq(long, rename_("ud", "d"), -ENOTEMPTY));
	cr_expect(eq(long, rename_("ud", "ud/sub"), -EINVAL));
	cr_expect(eq(long, rename_("ud", "ud/sub/x"), -EINVAL));
	cr_expect(eq(long, rename_("ud/sub", "ud"), -ENOTEMPTY));
	cr_expect(eq(long, rename2("ud/sub", "ud", RENAME_EXCHANGE), -EINVAL));
	cr_expect(eq(long, rename2("ud", "ud/sub", RENAME_EXCHANGE), -EINVAL));
	cr_expect(eq(long, rename_("", "x"), -EBUSY));
	cr_expect(eq(long, rename_("u", ""), -EBUSY));
	cr_expect(eq(long, rename_("u", "x/"), -ENOTDIR));
	cr_expect(eq(long, rename_("u/", "x"), -ENOTDIR));
	cr_expect(eq(long, rename_("ud/.", "x"), -EBUSY));
	cr_expect(eq(long, rename_("u", "d/.."), -EBUSY));
	cr_expect(eq(long, rename2("u", "d/..", RENAME_NOREPLACE), -EEXIST));
	cr_expect(eq(long, rename2("ud/.", "d/..", RENAME_NOREPLACE), -EBUSY));
	EXPECT_TEXT("u", "up");
	cr_expect(is_there(W_UP, "ud/sub"));
}

Test(rename, two_names_of_one_object_stay_both)
{
	put(W_UP, "a", "text");
	cr_assert_eq(link(in(W_UP, "a"), in(W_UP, "b")), 0);
	announce("b", true);
	cr_expect(eq(long, rename_("a", "b"), 0));
	cr_expect(is_there(W_UP, "a"));
	cr_expect(is_there(W_UP, "b"));
	cr_expect(eq(long, rename_("a", "a"), 0));
	cr_expect(eq(long, rename_("f", "f"), 0));
	cr_expect(not(is_there(W_UP, "f")));
}

Test(rename, a_directory_of_upper_moves)
{
	uint32_t gen = w.ss->dir_gen;

	put_dir(W_UP, "u");
	put(W_UP, "u/x", "x");
	cr_expect(eq(long, rename_("u", "v"), 0));
	EXPECT_TEXT("v/x", "x");
	EXPECT_TEXT("u/x", MISSING);
	cr_expect(ne(uint, w.ss->dir_gen, gen));
}

Test(rename, a_directory_onto_an_empty_lower_one)
{
	put_dir(W_UP, "u");
	put(W_UP, "u/x", "x");
	cr_expect(eq(long, rename_("u", "e"), 0));
	EXPECT_TEXT("e/x", "x");
	cr_expect(not(is_there(W_UP, "u")));
	EXPECT_NO_TEMPORARY();
}

Test(rename, a_directory_onto_an_emptied_merged_one_shows_only_its_own)
{
	put_dir(W_UP, "u");
	put(W_UP, "u/x", "x");
	cr_expect(eq(long, view(SYS_unlink, at("d/f")), 0));
	cr_expect(eq(long, rename_("u", "d"), 0));
	EXPECT_TEXT("d/x", "x");
	EXPECT_TEXT("d/f", MISSING);
	cr_expect(is_opaque(W_UP, "d"));
	EXPECT_NO_TEMPORARY();
}

Test(rename, a_directory_onto_a_whiteout_is_opaque)
{
	put_whiteout(W_UP, "d");
	put_dir(W_UP, "u");
	cr_expect(eq(long, rename_("u", "d"), 0));
	cr_expect(is_opaque(W_UP, "d"));
	cr_expect(not(is_there(W_UP, "u")));
	EXPECT_TEXT("d/f", MISSING);
}

Test(rename, a_directory_made_over_a_lower_one_leaves_a_whiteout)
{
	put_opaque(W_UP, "d");
	put(W_UP, "d/x", "x");
	cr_expect(eq(long, rename_("d", "v"), 0));
	cr_expect(is_whiteout(W_UP, "d"));
	EXPECT_TEXT("v/x", "x");
	EXPECT_TEXT("v/f", MISSING);
	EXPECT_TEXT("d/f", MISSING);
}

Test(rename, a_lower_directory_moves_with_all_it_holds)
{
	cr_expect(eq(long, rename_("d", "v"), 0));
	EXPECT_TEXT("v/f", "in d");
	EXPECT_TEXT("d/f", MISSING);
	cr_expect(is_whiteout(W_UP, "d"));
	cr_expect(eq(str, text_of(W_LOW(1), "d/f"), (char *)"in d"));
	EXPECT_NO_TEMPORARY();
}

Test(rename, descriptors_and_cwd_go_along_with_a_lower_directory)
{
	char buf[PATH_MAX];
	struct stat st;
	long fd = view(SYS_openat, AT_FDCWD, at("d"), O_PATH | O_DIRECTORY);

	cr_expect(eq(long, view(SYS_chdir, at("d")), 0));
	cr_expect(eq(long, rename_("d", "v"), 0));
	cr_expect(eq(long, view(SYS_newfstatat, fd, "f", &st, 0), 0));
	cr_expect(ge(long, view(SYS_getcwd, buf, sizeof(buf)), 1));
	cr_expect(eq(str, buf, (char *)in("view", "v")));
	cr_expect(eq(long, view(SYS_stat, "f", &st), 0));
	cr_expect(eq(long, view(SYS_unlink, "f"), 0));
	cr_expect(is_whiteout(W_UP, "v/f"));
	cr_expect(eq(long, rename_("v", "e2"), 0));
	cr_expect(ge(long, view(SYS_getcwd, buf, sizeof(buf)), 1));
	cr_expect(eq(str, buf, (char *)in("view", "e2")));
}

Test(rename, two_lower_directories_change_places)
{
	char buf[PATH_MAX];

	put(W_LOW(1), "e/g", "in e");
	cr_expect(eq(long, view(SYS_chdir, at("e")), 0));
	cr_expect(eq(long, rename2("d", "e", RENAME_EXCHANGE), 0));
	EXPECT_TEXT("e/f", "in d");
	EXPECT_TEXT("d/g", "in e");
	EXPECT_TEXT("d/f", MISSING);
	EXPECT_TEXT("e/g", MISSING);
	cr_expect(ge(long, view(SYS_getcwd, buf, sizeof(buf)), 1));
	cr_expect(eq(str, buf, (char *)in("view", "d")));
}

Test(rename, a_full_upper_leaves_both_names_as_they_were)
{
	static const long steps[] = {__NR_copy_file_range, __NR_renameat2};
	int before = fds_open();

	for (size_t i = 0; i < OVL_ARRAY_SIZE(steps); i++) {
		fault_reset();
		fault_set(steps[i], FAULT_EACH, -ENOSPC);
		cr_expect(eq(long, rename_("f", "d/f"), -ENOSPC));
		fault_reset();
		EXPECT_TEXT("f", "low");
		EXPECT_TEXT("d/f", "in d");
		EXPECT_NO_TEMPORARY();
		cr_expect(eq(int, fds_open(), before));
	}
}

Test(rename, a_file_system_without_rename_whiteout_takes_two_steps)
{
	fault_set(__NR_renameat2, 2, -EINVAL); /* the first is the copy-up's */
	cr_expect(eq(long, rename_("f", "g"), 0));
	cr_expect(is_whiteout(W_UP, "f"));
	EXPECT_TEXT("g", "low");
}

static void other_makes_the_new_name(void *arg)
{
	long fd = view(SYS_openat, AT_FDCWD, at(arg), O_CREAT | O_EXCL | O_WRONLY, 0644);

	cr_assert_geq(fd, 0);
	close((int)fd);
}

Test(rename, a_name_that_appears_is_replaced_or_refused_as_asked)
{
	put(W_UP, "u", "1");
	put(W_UP, "v", "2");
	fault_hook(__NR_renameat2, 1, other_makes_the_new_name, (void *)"new");
	cr_expect(eq(long, rename_("u", "new"), 0));
	EXPECT_TEXT("new", "1");
	fault_reset();
	fault_hook(__NR_renameat2, 1, other_makes_the_new_name, (void *)"more");
	cr_expect(eq(long, rename2("v", "more", RENAME_NOREPLACE), -EEXIST));
	EXPECT_TEXT("v", "2");
	EXPECT_TEXT("more", "");
}

Test(rename, a_directory_whose_move_cannot_be_noted_stays)
{
	w.ss->moves_now = w.ss->moves_short = OVL_MOVES_SIZE - 8;
	cr_expect(eq(long, rename_("d", "new"), -EXDEV));
	EXPECT_TEXT("d/f", "in d");
	cr_expect(not(is_there(W_UP, "new")));
	cr_expect(eq(uint, w.ss->dir_gen & 1, 0));
	cr_expect(eq(long, rename_("f", "g"), 0), "a file needs no note");
}

/* Another process of the run: what was the file @arg is the directory d from now on. */
static void other_puts_d_there(void *arg)
{
	cr_assert_eq(view(SYS_unlink, at(arg)), 0);
	cr_assert_eq(rename_("d", arg), 0);
}

/* A directory of a lower layer that moves is written down: its descriptors have to follow it. */
static void expect_moved_as_directory(long nr)
{
	long fd = view(SYS_openat, AT_FDCWD, at("d"), O_RDONLY | O_DIRECTORY);
	struct stat st;

	put(W_UP, "u", "up");
	fault_hook(nr, 1, other_puts_d_there, (void *)"u");
	cr_expect(eq(long, rename_("u", "new"), 0));
	EXPECT_TEXT("new/f", "in d");
	EXPECT_TEXT("u/f", MISSING);
	cr_expect(eq(long, view(SYS_newfstatat, fd, "f", &st, 0), 0));
	cr_expect(eq(uint, w.ss->dir_gen & 1, 0));
	close((int)fd);
}

Test(rename, a_file_that_became_a_directory_meanwhile_moves_as_one)
{
	expect_moved_as_directory(__NR_openat2); /* before the parent is held */
}

/* It could not wait any longer for us, who were stopped in the last moment: lane.h. */
Test(rename, so_does_one_that_became_it_in_the_last_moment)
{
	expect_moved_as_directory(__NR_renameat2);
}

/* The same with a directory that was made, which waits for nobody. */
static void other_makes_a_full_directory(void *arg)
{
	char name[16];

	cr_assert_eq(view(SYS_unlink, at(arg)), 0);
	cr_assert_eq(view(SYS_mkdir, at(arg), 0755), 0);
	snprintf(name, sizeof(name), "%s/x", (char *)arg);
	close((int)view(SYS_open, at(name), O_WRONLY | O_CREAT, 0644));
}

Test(rename, a_directory_moved_for_a_file_is_told_of)
{
	uint32_t moves;

	put(W_UP, "u", "up");
	fault_hook(__NR_renameat2, 1, other_makes_a_full_directory, (void *)"u");
	moves = w.ss->dcache_moves;
	cr_expect(eq(long, rename_("u", "new"), 0));
	EXPECT_TEXT("new/x", "");
	EXPECT_TEXT("u/x", MISSING);
	cr_expect(ge(uint, w.ss->dcache_moves, moves + 1));
}

/* On the fast path, which does not wait while a directory moves. */
static void other_takes_the_name(void *arg)
{
	put(W_UP, arg, "");
}

Test(rename, a_directory_moved_for_a_file_whose_name_is_taken_is_told_of)
{
	uint32_t moves;

	put(W_UP, "u", "up");
	fault_hook(__NR_renameat2, 1, other_makes_a_full_directory, (void *)"u");
	fault_hook(__NR_renameat2, 2, other_takes_the_name, (void *)"u");
	moves = w.ss->dcache_moves;
	cr_expect(eq(long, rename_("u", "new"), 0));
	EXPECT_TEXT("new/x", "");
	EXPECT_TEXT("u", "");
	cr_expect(ge(uint, w.ss->dcache_moves, moves + 1));
}

static void other_makes_a_fifo(void *arg)
{
	cr_assert_eq(view(SYS_unlink, at(arg)), 0);
	cr_assert_eq(view(SYS_mknod, at(arg), S_IFIFO | 0644, 0), 0);
}

Test(rename, a_fifo_moved_for_a_file_is_known_as_one)
{
	const char *path = in(w.view, "new");

	put(W_UP, "u", "up");
	fault_hook(__NR_renameat2, 1, other_makes_a_fifo, (void *)"u");
	cr_expect(eq(long, rename_("u", "new"), 0));
	cr_expect(ovl_filter_maybe(&w.ss->special, ovl_hash_path(path, strlen(path))));
}

Test(rename, a_file_of_upper_takes_no_lock_unless_directories_move)
{
	put(W_UP, "u", "up");
	fault_reset();
	cr_expect(eq(long, rename_("u", "new"), 0));
	cr_expect(eq(uint, fault_count(__NR_fcntl), 0));
	w.ss->dir_gen++; /* of one that was killed */
	cr_expect(eq(long, rename_("new", "u"), 0));
	cr_expect(ge(uint, fault_count(__NR_fcntl), 1));
	cr_expect(eq(uint, w.ss->dir_gen & 1, 0));
}

static void other_makes_it_a_directory(void *arg)
{
	cr_assert_eq(view(SYS_unlink, at(arg)), 0);
	cr_assert_eq(view(SYS_mkdir, at(arg), 0755), 0);
}

Test(rename, a_file_that_became_a_directory_meanwhile_replaces_no_lower_file)
{
	put(W_UP, "u", "up");
	fault_hook(__NR_openat2, 1, other_makes_it_a_directory, (void *)"u");
	cr_expect(eq(long, rename_("u", "f"), -ENOTDIR));
	EXPECT_TEXT("f", "low");
}

Test(rename, a_read_only_session_says_erofs)
{
	w.ss->flags = OVL_S_READ_ONLY;
	w.ss->layer[0].path = (struct ovl_str){0};
	cr_expect(eq(long, rename_("f", "g"), -EROFS));
	cr_expect(eq(long, rename_("missing", "g"), -ENOENT));
	cr_expect(eq(long, rename_("f", "f"), 0));
}

Test(rename, over_the_border_of_the_view_is_exdev)
{
	put("work", "out", "out");
	cr_expect(eq(long, view(SYS_rename, at("f"), (long)in("work", "x")), -EXDEV));
	cr_expect(eq(long, view(SYS_rename, (long)in("work", "out"), at("x")), -EXDEV));
	cr_expect(eq(long, view(SYS_rename, (long)in("work", "out"), (long)in("work", "to")), 0));
	cr_expect(is_there("work", "to"));
}

Test(rename, a_lowers_own_path_is_read_only)
{
	cr_expect(eq(long, view(SYS_rename, (long)in("low1", "f"), (long)in("low1", "g")), -EROFS));
	cr_expect(is_there(W_LOW(1), "f"));
}

Test(rename, a_failure_does_not_change_the_empty_directory_that_was_to_be_replaced)
{
	put_dir(W_UP, "u");
	put_opaque(W_UP, "e2");
	put_dir(W_UP, "e");
	chmod(in(W_UP, "e"), 0751);
	fault_set(__NR_renameat, FAULT_EACH, -ENOSPC);
	cr_expect(eq(long, rename_("u", "e"), -ENOSPC));
	cr_expect(eq(uint, lstat_of(W_UP, "e").st_mode & 07777, 0751));
}
