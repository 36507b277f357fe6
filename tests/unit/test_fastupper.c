/* SPDX-License-Identifier: MIT */
#include "fastupper.h"

#include "fault.h"
#include "fixture.h"

TestSuite(fastupper, .init = world_make_merged, .fini = world_end);

static struct stat st;
static char buf[256];

static void warm(const char *rel)
{
	view(SYS_stat, at(rel), &st);
	view(SYS_stat, at(rel), &st);
	fault_reset();
}

Test(fastupper, what_upper_has_takes_the_programs_own_call_alone)
{
	struct statx sx;

	cr_expect(eq(uint, cost(SYS_stat, "p/f", (long)&st, 0), 1));
	cr_expect(eq(uint, cost(SYS_lstat, "p/l", (long)&st, 0), 1));
	cr_expect(eq(uint, cost(SYS_stat, "p/e", (long)&st, 0), 1));
	cr_expect(eq(uint, cost(SYS_stat, "d/u", (long)&st, 0), 1));
	cr_expect(eq(uint, cost(SYS_access, "p/f", F_OK, 0), 1));
	cr_expect(eq(uint, cost(SYS_access, "p/f", R_OK, 0), 2));
	cr_expect(eq(uint, cost(SYS_open, "p/f", O_RDONLY, 0), 1));
	cr_expect(eq(uint, cost(SYS_open, "d/u", O_RDWR, 0), 1));
	cr_expect(eq(uint, cost(SYS_open, "p/f", O_WRONLY | O_TRUNC, 0), 1));
	cr_expect(eq(uint, cost(SYS_readlink, "p/l", (long)buf, sizeof(buf)), 1));
	cr_expect(eq(uint, cost(SYS_stat, "p/missing", (long)&st, 0), 1));
	cr_expect(eq(uint, cost(SYS_open, "p/missing", O_RDONLY, 0), 1));
	fault_reset();
	cr_expect(eq(long, view(SYS_statx, AT_FDCWD, at("p/f"), 0, STATX_ALL, &sx), 0));
	cr_expect(eq(uint, fault_total(), 1));
}

Test(fastupper, the_answers_are_those_of_the_slow_path)
{
	warm("p/f");
	cr_expect(eq(long, view(SYS_stat, at("p/f"), &st), 0));
	cr_expect(eq(u64, st.st_ino, lstat_of(W_UP, "p/f").st_ino));
	cr_expect(eq(long, st.st_size, 2));
	cr_expect(eq(long, view(SYS_stat, at("p/l"), &st), 0));
	cr_expect(eq(u64, st.st_ino, lstat_of(W_UP, "p/f").st_ino));
	cr_expect(eq(str, shown("p/l"), (char *)"up"));
	cr_expect(eq(long, view(SYS_stat, at("p/f/x"), &st), -ENOTDIR));
	cr_expect(eq(long, view(SYS_stat, at("p/f"), NULL), -EFAULT));
	cr_expect(eq(long, view(SYS_access, at("p/f"), X_OK), -EACCES));
	cr_expect(eq(long, view(SYS_readlink, at("p/f"), buf, sizeof(buf)), -EINVAL));
	cr_expect(eq(long, view(SYS_open, at("p/e"), O_WRONLY), -EISDIR));
	cr_expect(eq(long, view(SYS_open, at("p/l"), O_RDONLY | O_NOFOLLOW), -ELOOP));
	cr_expect(eq(long, view(SYS_open, at("p/f"), O_CREAT | O_EXCL | O_RDWR, 0600), -EEXIST));
	warm("d/u");
	cr_expect(eq(long, view(SYS_stat, at("d"), &st), 0));
	cr_expect(not(was_slow()));
	cr_expect(eq(long, st.st_nlink, 1)); /* merged: how many it has is not known */
	cr_expect(eq(long, view(SYS_stat, at("p"), &st), 0));
	cr_expect(eq(long, st.st_nlink, 3));
}

Test(fastupper, statx_tells_no_more_than_it_was_asked_for)
{
	struct statx sx;
	struct statx up;

	warm("p/f");
	for (unsigned mask = 0; mask <= STATX_ALL; mask += 0x5b) {
		cr_assert_eq(statx(AT_FDCWD, in(W_UP, "p/f"), 0, mask, &up), 0);
		cr_expect(eq(long, view(SYS_statx, AT_FDCWD, at("p/f"), 0, mask, &sx), 0));
		cr_expect(eq(uint, sx.stx_mask, up.stx_mask), "%x", mask);
		cr_expect(eq(u64, sx.stx_btime.tv_sec, up.stx_btime.tv_sec), "%x", mask);
	}
	cr_expect(not(was_slow()));
}

Test(fastupper, a_whiteout_is_nothing)
{
	put_whiteout(W_UP, "d/gone");
	warm("d/gone");
	cr_expect(eq(long, view(SYS_stat, at("d/gone"), &st), -ENOENT));
	cr_expect(eq(long, view(SYS_access, at("d/gone"), F_OK), -ENOENT));
	cr_expect(eq(long, view(SYS_readlink, at("d/gone"), buf, sizeof(buf)), -ENOENT));
	cr_expect(eq(long, view(SYS_open, at("d/gone"), O_RDWR), -ENOENT));
	cr_expect(eq(long, view(SYS_unlink, at("d/f")), 0));
	cr_expect(eq(long, view(SYS_open, at("d/f"), O_RDWR), -ENOENT));
}

Test(fastupper, what_a_lower_has_is_not_made_but_copied)
{
	long fd;

	warm("d/u");
	fd = view(SYS_open, at("d/f"), O_WRONLY | O_CREAT | O_APPEND, 0644);
	cr_expect(ge(long, fd, 0));
	cr_expect(eq(long, write((int)fd, "er", 2), 2));
	close((int)fd);
	cr_expect(eq(str, shown("d/f"), (char *)"lower"));
	cr_expect(eq(str, text_of(W_LOW(1), "d/f"), (char *)"low"));
}

Test(fastupper, a_new_file_takes_its_open_and_two_calls_to_remember_it)
{
	long fd;

	close((int)view(SYS_creat, at("p/first"), 0600)); /* who we are is found out once */
	warm("p/f");
	fd = view(SYS_open, at("p/new"), O_WRONLY | O_CREAT | O_TRUNC, 0640);
	cr_expect(eq(uint, fault_total(), 3));
	cr_expect(ge(long, fd, 0));
	close((int)fd);
	cr_expect(eq(uint, lstat_of(W_UP, "p/new").st_mode & 07777, 0640));
	fd = view(SYS_creat, at("p/newer"), 0600);
	cr_expect(not(was_slow()));
	cr_expect(ge(long, fd, 0));
	close((int)fd);
	/* Others are told by the filters. */
	cr_expect(ovl_filter_maybe(
		&w.ss->present, ovl_hash_path(in(w.view, "p/new"), strlen(in(w.view, "p/new")))));
}

Test(fastupper, a_new_library_is_the_slow_paths)
{
	warm("p/f");
	close((int)view(SYS_open, at("p/libx.so.1"), O_WRONLY | O_CREAT, 0644));
	cr_expect(was_slow());
	cr_expect(ne(uint, w.ss->upper_libs, 0));
}

Test(fastupper, directories_and_fifos_are_opened_by_those_who_know_them)
{
	long fd;

	cr_expect(eq(long, view(SYS_mknod, at("p/fifo"), S_IFIFO | 0600, 0), 0));
	warm("p/f");
	fd = view(SYS_open, at("p/fifo"), O_RDONLY | O_NONBLOCK);
	cr_expect(was_slow());
	cr_expect(ge(long, fd, 0));
	close((int)fd);
	fault_reset();
	fd = view(SYS_open, at("d"), O_RDONLY);
	cr_expect(was_slow());
	/* The merged one's descriptor is of the lower: what is relative to it is found there. */
	cr_expect(eq(str, text_fd(openat((int)fd, "f", O_RDONLY)), (char *)"low"));
	close((int)fd);
}

static void other_renames_away(void *arg)
{
	(void)arg;
	cr_assert_eq(view(SYS_rename, at("p"), at("q")), 0);
}

Test(fastupper, a_directory_that_moves_meanwhile_is_looked_for_again)
{
	warm("p/f");
	fault_hook(__NR_statx, 1, other_renames_away, NULL);
	cr_expect(eq(long, view(SYS_stat, at("p/f"), &st), -ENOENT));
	cr_expect(eq(long, view(SYS_stat, at("q/f"), &st), 0));
}

/* A merged directory comes to where upper's was. */
static void other_swaps(void *arg)
{
	(void)arg;
	cr_assert_eq(view(SYS_renameat2, AT_FDCWD, at("p"), AT_FDCWD, at("d"), RENAME_EXCHANGE), 0);
}

Test(fastupper, what_is_missing_in_one_directory_may_be_in_the_next)
{
	cr_expect(eq(long, view(SYS_unlink, at("p/f")), 0));
	warm("p/l");
	fault_hook(__NR_statx, 1, other_swaps, NULL);
	cr_expect(eq(long, view(SYS_stat, at("p/f"), &st), 0)); /* the lower's */
}

Test(fastupper, what_upper_lacks_a_lower_may_have)
{
	announce("d/f", true); /* somebody meant to copy it up, and did not */
	warm("d/u");
	cr_expect(eq(long, view(SYS_stat, at("d/f"), &st), 0));
	cr_expect(eq(str, shown("d/f"), (char *)"low"));
}

/* Where the directory was is a symlink to a lower's directory now. */
static void other_puts_symlink(void *arg)
{
	other_renames_away(arg);
	cr_assert_eq(view(SYS_symlink, in(W_LOW(1), "d"), at("p")), 0);
}

Test(fastupper, a_symlink_in_the_directorys_place_leads_to_no_lower)
{
	long fd;

	warm("p/f");
	fault_hook(__NR_openat2, 1, other_puts_symlink, NULL);
	fd = view(SYS_open, at("p/f"), O_WRONLY | O_TRUNC);
	cr_expect(ge(long, fd, 0));
	close((int)fd);
	cr_expect(eq(str, text_of(W_LOW(1), "d/f"), (char *)"low"));
	cr_expect(eq(str, shown("d/f"), (char *)""));
	cr_expect(eq(str, shown("q/f"), (char *)"up"));
}

Test(fastupper, a_symlink_in_the_directorys_place_is_followed_in_the_view)
{
	cr_expect(eq(long, view(SYS_chmod, at("d/f"), 0600), 0)); /* the view's has a copy */
	warm("p/f");
	fault_hook(__NR_statx, 1, other_puts_symlink, NULL);
	cr_expect(eq(long, view(SYS_stat, at("p/f"), &st), 0));
	cr_expect(eq(uint, st.st_mode & 07777, 0600));
}

Test(fastupper, what_was_made_in_a_wrong_directory_is_taken_back)
{
	long fd;

	cr_expect(eq(long, view(SYS_unlink, at("p/f")), 0));
	warm("p/l");
	fault_hook(__NR_openat2, 1, other_swaps, NULL);
	fd = view(SYS_open, at("p/f"), O_RDWR | O_CREAT | O_EXCL, 0644);
	cr_expect(eq(long, fd, -EEXIST)); /* the lower's file is there by now */
	cr_expect(eq(str, shown("p/f"), (char *)"low"));
	cr_expect(not(is_there(W_UP, "p/f")));
}

static void other_changes_rights(void *arg)
{
	(void)arg;
	cr_assert_eq(view(SYS_chmod, at("d"), 0711), 0);
}

static bool taken;

static void other_takes_it(void *arg)
{
	(void)arg;
	cr_assert_eq(view(SYS_rename, at("p/new"), at("d/f")), 0);
	taken = true;
}

/* Where it is by then a lower's file would show if it were not. */
Test(fastupper, what_was_made_in_its_place_and_renamed_since_stays)
{
	long fd;

	cr_expect(eq(long, view(SYS_unlink, at("d/f")), 0));
	warm("p/f");
	fault_hook(__NR_openat2, 1, other_changes_rights, NULL);
	fault_hook(__NR_rt_sigprocmask, 1, other_takes_it, NULL);
	fd = view(SYS_open, at("p/new"), O_RDWR | O_CREAT | O_EXCL, 0644);
	cr_expect(ge(long, fd, 0));
	close((int)fd);
	fault_reset();
	if (!taken) /* it was done in one call */
		other_takes_it(NULL);
	cr_expect(eq(str, shown("d/f"), (char *)""));
	cr_expect(not(is_there(W_UP, "p/new")));
}

Test(fastupper, what_was_made_where_no_lower_has_it_stays)
{
	long fd;

	warm("p/f");
	fault_hook(__NR_openat2, 1, other_swaps, NULL);
	fd = view(SYS_open, at("p/new"), O_RDWR | O_CREAT | O_EXCL, 0644);
	cr_expect(ge(long, fd, 0));
	cr_expect(eq(uint, fault_count(__NR_unlinkat), 0));
	close((int)fd);
	cr_expect(is_there(W_UP, "p/new")); /* d, which is p by now */
	cr_expect(eq(long, view(SYS_stat, at("p/new"), &st), 0));
}

Test(fastupper, a_removed_directory_made_anew_is_the_new_one)
{
	warm("p/e/x");
	cr_expect(eq(long, view(SYS_rmdir, at("p/e")), 0));
	cr_expect(eq(long, view(SYS_stat, at("p/e/x"), &st), -ENOENT));
	cr_expect(eq(long, view(SYS_symlink, "../d", at("p/e")), 0));
	cr_expect(eq(long, view(SYS_stat, at("p/e/f"), &st), 0));
	cr_expect(eq(str, shown("p/e/f"), (char *)"low"));
	cr_expect(eq(long, view(SYS_unlink, at("p/e")), 0));
	cr_expect(eq(long, view(SYS_mkdir, at("p/e"), 0755), 0));
	cr_expect(eq(long, view(SYS_stat, at("p/e/f"), &st), -ENOENT));
}

Test(fastupper, names_relative_to_uppers_directory_take_one_call)
{
	long fd = view(SYS_open, at("p"), O_RDONLY | O_DIRECTORY);

	for (int i = 0; i < 2; i++) {
		fault_reset();
		cr_expect(eq(long, view(SYS_newfstatat, fd, "f", &st, 0), 0));
	}
	cr_expect(eq(uint, fault_total(), 1));
	fault_reset();
	close((int)view(SYS_openat, fd, "e/new", O_WRONLY | O_CREAT, 0644));
	close((int)view(SYS_openat, fd, "new", O_WRONLY | O_CREAT, 0644));
	cr_expect(is_there(W_UP, "p/new"));
	cr_expect(is_there(W_UP, "p/e/new"));
	fault_reset();
	close((int)view(SYS_openat, fd, "newer", O_WRONLY | O_CREAT, 0644));
	cr_expect(eq(uint, fault_total(), 3)); /* two to remember it */
	/* The descriptor stays that of the directory, wherever its name goes. */
	cr_expect(eq(long, view(SYS_rename, at("p"), at("q")), 0));
	cr_expect(eq(long, view(SYS_mkdir, at("p"), 0755), 0));
	cr_expect(eq(long, view(SYS_newfstatat, fd, "new", &st, 0), 0));
	cr_expect(eq(long, view(SYS_stat, at("p/new"), &st), -ENOENT));
}

Test(fastupper, a_moved_directorys_descriptor_shows_copies_as_such)
{
	uint64_t ino = lstat_of(W_LOW(1), "d/f").st_ino;
	long fd;

	put_dir(W_LOW(1), "q");
	cr_expect(eq(long, view(SYS_stat, at("q/x"), &st), -ENOENT));
	cr_expect(eq(long, view(SYS_rename, at("d/f"), at("p/c")), 0));
	cr_expect(eq(long, view(SYS_rename, at("p"), at("q")), 0));
	fd = view(SYS_open, at("q"), O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < 3; i++) {
		cr_expect(eq(long, view(SYS_newfstatat, fd, "c", &st, 0), 0));
		cr_expect(eq(u64, st.st_ino, ino));
	}
}

Test(fastupper, getcwd_tells_the_views_path)
{
	for (int i = 0; i < 2; i++) {
		cr_expect(eq(long, view(SYS_chdir, at("p/e")), 0));
		cr_expect(eq(long, view(SYS_getcwd, buf, sizeof(buf)),
			     (long)strlen(in(w.view, "p/e")) + 1));
		cr_expect(eq(str, buf, (char *)in(w.view, "p/e")));
	}
	fault_reset();
	cr_expect(
		eq(long, view(SYS_getcwd, buf, sizeof(buf)), (long)strlen(in(w.view, "p/e")) + 1));
	cr_expect(eq(str, buf, (char *)in(w.view, "p/e")));
	cr_expect(eq(uint, fault_total(), 1));
	cr_expect(eq(long, view(SYS_getcwd, buf, strlen((char *)in(w.view, "p/e"))), -ERANGE));
	cr_expect(eq(long, view(SYS_rename, at("p"), at("q")), 0));
	cr_expect(
		eq(long, view(SYS_getcwd, buf, sizeof(buf)), (long)strlen(in(w.view, "q/e")) + 1));
	cr_expect(eq(str, buf, (char *)in(w.view, "q/e")));
	cr_expect(
		eq(long, view(SYS_getcwd, buf, sizeof(buf)), (long)strlen(in(w.view, "q/e")) + 1));
	cr_expect(eq(long, view(SYS_rmdir, at("q/e")), 0));
	cr_expect(eq(long, view(SYS_getcwd, buf, sizeof(buf)), -ENOENT));
}

Test(fastupper, getcwd_in_a_lower_directory_takes_one_call_and_knows_when_it_is_gone)
{
	put_dir(W_LOW(1), "low");
	cr_expect(eq(long, view(SYS_chdir, at("low")), 0));
	view(SYS_getcwd, buf, sizeof(buf));
	fault_reset();
	cr_expect(
		eq(long, view(SYS_getcwd, buf, sizeof(buf)), (long)strlen(in(w.view, "low")) + 1));
	cr_expect(eq(uint, fault_total(), 1));
	cr_expect(eq(long, view(SYS_rmdir, at("low")), 0));
	cr_expect(eq(long, view(SYS_getcwd, buf, sizeof(buf)), -ENOENT));
	cr_expect(eq(long, view(SYS_mkdir, at("low"), 0755), 0));
	cr_expect(eq(long, view(SYS_getcwd, buf, sizeof(buf)), -ENOENT));
}

/* Of a directory in which only root may make files, for an ordinary user. */
Test(fastupper, recorded_rights_are_asked)
{
	if (geteuid())
		cr_skip_test("takes root");
	cr_assert_eq(setxattr(in(W_UP, "p"), "user.containers.override_stat", "0:0:0755", 8, 0), 0);
	w.ss->overrides = 1;
	ovl_filter_add(&w.ss->origin, ovl_hash_mix(lstat_of(W_UP, "p").st_ino));
	leave_root();
	cr_assert_eq(seteuid(0), 0);
	cr_assert_eq(chown(in(W_UP, "p"), 65534, 65534), 0);
	cr_assert_eq(chown(in(W_UP, "p/f"), 65534, 65534), 0);
	cr_assert_eq(seteuid(65534), 0);
	warm("p/f");
	view(SYS_stat, at("p/f"), &st);
	cr_expect(not(was_slow())); /* all may search it */
	cr_expect(eq(long, view(SYS_open, at("p/new"), O_WRONLY | O_CREAT, 0644), -EACCES));
	close((int)view(SYS_open, at("p/f"), O_RDWR));
	cr_expect(not(is_there(W_UP, "p/new")));
	cr_expect(eq(long, view(SYS_stat, at("p"), &st), 0));
	cr_expect(eq(long, view(SYS_stat, at("p"), &st), 0));
	cr_expect(eq(uint, st.st_uid, 0));
	/* Until they may not. */
	cr_assert_eq(seteuid(0), 0);
	cr_expect(eq(long, view(SYS_chmod, at("p"), 0700), 0));
	cr_assert_eq(seteuid(65534), 0);
	cr_expect(eq(long, view(SYS_stat, at("p/f"), &st), -EACCES));
	cr_expect(eq(long, view(SYS_open, at("p/f"), O_RDONLY), -EACCES));
}

/* What is left of one call's path in the process is of no other directory or layer. */
Test(fastupper, names_of_several_directories_in_turn)
{
	put_dir(W_UP, "p/e/deep");
	put(W_UP, "p/e/f", "deep");
	put(W_UP, "p/e/deep/f", "deeper");
	cr_expect(eq(long, view(SYS_chdir, at("p")), 0));
	warm("p/f");
	warm("p/e/f");
	warm("p/e/deep/f");
	warm("d/u");
	view(SYS_getcwd, buf, sizeof(buf));
	for (int i = 0; i < 3; i++) {
		fault_reset();
		cr_expect(eq(long, view(SYS_stat, at("p/f"), &st), 0));
		cr_expect(eq(u64, st.st_ino, lstat_of(W_UP, "p/f").st_ino));
		cr_expect(eq(long, view(SYS_stat, at("p/e/deep/f"), &st), 0));
		cr_expect(eq(u64, st.st_ino, lstat_of(W_UP, "p/e/deep/f").st_ino));
		cr_expect(eq(long, view(SYS_stat, at("p/e/f"), &st), 0));
		cr_expect(eq(u64, st.st_ino, lstat_of(W_UP, "p/e/f").st_ino));
		cr_expect(
			eq(long, view(SYS_getcwd, buf, sizeof(buf)), strlen((char *)at("p")) + 1));
		cr_expect(eq(str, buf, (char *)at("p")));
		cr_expect(eq(long, view(SYS_stat, at("p/e/f"), &st), 0));
		cr_expect(eq(u64, st.st_ino, lstat_of(W_UP, "p/e/f").st_ino));
		cr_expect(eq(long, view(SYS_stat, at("d/u"), &st), 0));
		cr_expect(eq(u64, st.st_ino, lstat_of(W_UP, "d/u").st_ino));
		cr_expect(eq(uint, fault_total(), 6));
		cr_expect(not(was_slow()));
	}
}

Test(fastupper, names_of_several_layers_in_one_directory_in_turn)
{
	world_end();
	world_make(2);
	ovl_init(w.ss);
	put_dir(W_LOW(1), "d");
	put_dir(W_LOW(2), "d");
	put(W_LOW(1), "d/one", "1");
	put(W_LOW(2), "d/two", "2");
	put_dir(W_UP, "d");
	put(W_UP, "d/up", "3");
	for (int i = 0; i < 4; i++) {
		fault_reset();
		cr_expect(eq(str, shown("d/up"), (char *)"3"));
		cr_expect(eq(str, shown("d/one"), (char *)"1"));
		cr_expect(eq(str, shown("d/two"), (char *)"2"));
		cr_expect(eq(str, shown("d/one"), (char *)"1"));
		cr_expect(eq(str, shown("d/up"), (char *)"3"));
	}
	cr_expect(not(was_slow()));
}

Test(fastupper, a_path_that_does_not_fit_goes_the_slow_way)
{
	char dir[256] = "p/";
	char rel[600];
	bool slow = false;

	memset(dir + 2, 'x', 230);
	put_dir(W_UP, dir);
	for (int n = 60; n < 255; n += 3) {
		snprintf(rel, sizeof(rel), "%s/%0*d", dir, n, n);
		put(W_UP, rel, "x");
		warm(rel);
		cr_assert(eq(long, view(SYS_stat, at(rel), &st), 0), "%d", n);
		cr_assert(eq(u64, st.st_ino, lstat_of(W_UP, rel).st_ino), "%d", n);
		cr_assert(not(slow && !was_slow()), "%d", n);
		slow = was_slow();
		cr_assert(not(n == 60 && slow));
	}
	cr_expect(slow);
}

Test(fastupper, so_does_a_directorys)
{
	struct ovl_room *mine = ovl_room_take();
	struct ovl_room *next = ovl_room_take();
	char rel[1200] = "p";

	memset(next->path, 'z', sizeof(next->path));
	ovl_room_put(mine);
	for (int i = 0; i < 11; i++) {
		size_t n = strlen(rel);

		rel[n++] = '/';
		memset(rel + n, 'x', 90);
		rel[n + 90] = '\0';
		put_dir(W_UP, rel);
		strcpy(rel + n + 90, "/f");
		put(W_UP, rel, "x");
		warm(rel);
		cr_assert(eq(long, view(SYS_stat, at(rel), &st), 0), "%d", i);
		cr_assert(eq(u64, st.st_ino, lstat_of(W_UP, rel).st_ino), "%d", i);
		cr_assert(eq(int, was_slow(), i > 4), "%d", i);
		rel[n + 90] = '\0';
	}
	for (size_t i = 0; i < sizeof(next->path); i++)
		cr_assert(eq(int, next->path[i], 'z'));
}
