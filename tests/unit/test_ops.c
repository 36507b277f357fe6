/* SPDX-License-Identifier: MIT */
#include "ops.h"

#include "fault.h"
#include "fixture.h"

static struct stat st;

static void start(void)
{
	world_make(1);
	put_dir(W_LOW(1), "d");
	put(W_LOW(1), "d/f", "low");
	mkdir(in("out", ""), 0755);
	put("out", "f", "outside");
	put_link(W_LOW(1), "o", in("out", ""));
	w.ss->hide[0] = session_text(w.ss, in("up", ""));
	w.ss->nhide = 1;
	ovl_filter_add(&w.ss->hidden, ovl_hash_path(in("up", ""), w.ss->hide[0].len));
	fault_reset();
}

TestSuite(ops, .init = start, .fini = world_end);

/* What the engine decides on @nr, whose first argument is @path. */
static enum ovl_verdict decide(struct ovl_call *c, long nr, const char *path, long b)
{
	*c = (struct ovl_call){.nr = nr, .arg = {(long)path, b}};
	return ovl_enter(c);
}

Test(ops, a_path_outside_passes_as_it_is)
{
	const char *path = in("out", "f");
	struct ovl_call c;

	cr_expect(eq(int, decide(&c, SYS_truncate, path, 3), OVL_PASS));
	cr_expect(eq(ptr, (void *)c.arg[0], (void *)path));
	cr_expect(eq(long, view(SYS_truncate, path, 3), 0));
	cr_expect(eq(str, text_of("out", "f"), (char *)"out"));
	cr_expect(eq(long, view(SYS_chmod, path, 0600), 0));
	cr_expect(eq(uint, lstat_of("out", "f").st_mode & 07777, 0600));
	cr_expect(not(is_there(W_UP, "out")));
}

Test(ops, a_path_through_the_view_to_the_outside_is_rewritten)
{
	struct ovl_call c;

	cr_assert(eq(int, decide(&c, SYS_truncate, (char *)at("o/f"), 3), OVL_TAIL));
	cr_expect(eq(long, c.tail->nr, SYS_truncate));
	cr_expect(eq(str, (char *)c.tail->arg[0], (char *)in("out", "f")));
	cr_expect(eq(long, c.tail->arg[1], 3));
	ovl_after(&c);
	cr_expect(eq(long, view(SYS_stat, at("o/f"), &st), 0));
	cr_expect(eq(long, st.st_size, 7));
	cr_expect(eq(long, view(SYS_mkdir, at("o/n"), 0755), 0));
	cr_expect(is_there("out", "n"));
	cr_expect(eq(int, names_in(W_UP, ""), 0));
}

Test(ops, a_descriptor_to_start_from_is_replaced_along_with_the_path)
{
	long fd = view(SYS_open, at("d"), O_RDONLY | O_DIRECTORY);
	struct ovl_call c = {.nr = SYS_fchmodat, .arg = {fd, (long)"../o/f", 0640}};

	cr_assert(eq(int, ovl_enter(&c), OVL_TAIL));
	cr_expect(eq(int, (int)c.tail->arg[0], AT_FDCWD));
	cr_expect(eq(str, (char *)c.tail->arg[1], (char *)in("out", "f")));
	cr_expect(eq(long, c.tail->arg[2], 0640));
	ovl_after(&c);
}

Test(ops, a_slash_behind_a_rewritten_path_is_kept)
{
	struct ovl_call c;

	cr_assert(eq(int, decide(&c, SYS_truncate, (char *)at("o/f/"), 3), OVL_TAIL));
	cr_expect(eq(str, (char *)c.tail->arg[0], (char *)in("out", "f/")));
	ovl_after(&c);
	cr_expect(eq(long, view(SYS_stat, at("o/f/"), &st), -ENOTDIR));
	cr_expect(eq(long, view(SYS_stat, at("o/"), &st), 0));
}

Test(ops, a_long_rewritten_path_works_too)
{
	char rel[256] = "";

	for (int i = 0; i < 3; i++) {
		strcat(rel, i ? "/" : "");
		strcat(rel, "a-name-that-no-tail-has-room-for-three-times-over");
		mkdir(in("out", rel), 0755);
	}
	put_link(W_LOW(1), "p", in("out", rel));
	put("out", (strcat(rel, "/g"), rel), "long");
	cr_expect(eq(long, view(SYS_truncate, at("p/g"), 2), 0));
	cr_expect(eq(str, text_of("out", rel), (char *)"lo"));
	cr_expect(eq(long, view(SYS_truncate, at("p/g/"), 1), -ENOTDIR));
	cr_expect(eq(str, shown("p/g"), (char *)"lo"));
}

Test(ops, a_lowers_own_path_is_read_only)
{
	cr_expect(eq(long, view(SYS_truncate, in(W_LOW(1), "d/f"), 0), -EROFS));
	cr_expect(eq(long, view(SYS_chmod, in(W_LOW(1), "d/f"), 0600), -EROFS));
	cr_expect(eq(long, view(SYS_unlink, in(W_LOW(1), "d/f")), -EROFS));
	cr_expect(eq(long, view(SYS_mkdir, in(W_LOW(1), "n"), 0755), -EROFS));
	cr_expect(eq(str, text_of(W_LOW(1), "d/f"), (char *)"low"));
	cr_expect(eq(long, view(SYS_stat, in(W_LOW(1), "d/f"), &st), 0));
	cr_expect(eq(uint, st.st_mode & 07777, 0644));
}

Test(ops, a_hidden_path_is_missing_and_not_to_be_made)
{
	put(W_UP, "g", "up");
	cr_expect(eq(long, view(SYS_stat, in(W_UP, "g"), &st), -ENOENT));
	cr_expect(eq(long, view(SYS_open, in(W_UP, "g"), O_RDONLY), -ENOENT));
	cr_expect(eq(long, view(SYS_stat, in(W_UP, ""), &st), -ENOENT));
	cr_expect(eq(long, view(SYS_mkdir, in(W_UP, "n"), 0755), -ENOENT));
	cr_expect(eq(long, view(SYS_chmod, in(W_UP, "g"), 0), -ENOENT));
	cr_expect(eq(long, view(SYS_mkdir, in(W_UP, ""), 0755), -EACCES));
	cr_expect(eq(long, view(SYS_chmod, in(W_UP, ""), 0), -EACCES));
	cr_expect(eq(str, shown("g"), (char *)"up"));
}

Test(ops, a_read_only_view_copies_nothing_up)
{
	w.ss->flags |= OVL_S_READ_ONLY;
	cr_expect(eq(long, view(SYS_chmod, at("d/f"), 0600), -EROFS));
	cr_expect(eq(long, view(SYS_chmod, at("d/none"), 0600), -ENOENT));
	cr_expect(eq(long, view(SYS_chmod, at("d/f/"), 0600), -ENOTDIR));
	cr_expect(eq(int, names_in(W_UP, ""), 0));
}

Test(ops, a_descriptor_of_a_lower_file_changes_the_copy)
{
	long fd = view(SYS_open, at("d/f"), O_RDONLY);

	cr_assert(ge(long, fd, 0));
	cr_expect(eq(long, view(SYS_fchmod, fd, 0600), 0));
	cr_expect(eq(uint, lstat_of(W_UP, "d/f").st_mode & 07777, 0600));
	cr_expect(eq(uint, lstat_of(W_LOW(1), "d/f").st_mode & 07777, 0644));
	cr_expect(eq(long, view(SYS_fstat, fd, &st), 0));
	EXPECT_NO_TEMPORARY();
}

Test(ops, a_lower_file_without_a_name_becomes_a_copy_without_one)
{
	static const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 2}};
	long fd = view(SYS_open, at("d/f"), O_RDONLY);
	int before;

	cr_assert(ge(long, fd, 0));
	cr_expect(eq(long, view(SYS_unlink, at("d/f")), 0));
	before = fds_open();
	cr_expect(eq(long, view(SYS_utimensat, fd, "", times, AT_EMPTY_PATH), 0));
	cr_expect(eq(long, view(SYS_fchmod, fd, 0600), 0));
	cr_assert_eq(fstat((int)fd, &st), 0);
	cr_expect(eq(uint, st.st_mode & 07777, 0600));
	cr_expect(eq(long, st.st_mtim.tv_sec, 2));
	cr_expect(eq(uint, lstat_of(W_LOW(1), "d/f").st_mode & 07777, 0644));
	cr_expect(gt(long, lstat_of(W_LOW(1), "d/f").st_mtim.tv_sec, 2));
	cr_expect(eq(int, fds_open(), before));
	cr_expect(eq(str, text_fd(fd), (char *)"low"));
	cr_expect(is_whiteout(W_UP, "d/f"));
	EXPECT_NO_TEMPORARY();
}

Test(ops, a_lower_file_whose_name_is_anothers_now_leaves_that_alone)
{
	long fd = view(SYS_open, at("d/f"), O_RDONLY);

	cr_expect(eq(long, view(SYS_unlink, at("d/f")), 0));
	put(W_UP, "new", "new");
	cr_expect(eq(long, view(SYS_rename, at("new"), at("d/f")), 0));
	cr_expect(eq(long, view(SYS_fchmod, fd, 0600), 0));
	cr_expect(eq(uint, lstat_of(W_UP, "d/f").st_mode & 07777, 0644));
	cr_assert_eq(fstat((int)fd, &st), 0);
	cr_expect(eq(uint, st.st_mode & 07777, 0600));
	cr_expect(eq(uint, lstat_of(W_LOW(1), "d/f").st_mode & 07777, 0644));
}

Test(ops, others_do_not_change_what_is_not_theirs)
{
	if (geteuid())
		cr_skip_test("takes another user");
	chmod(in(W_UP, ""), 0777);
	chmod(in(W_WORK, ""), 0777);
	cr_assert_eq(seteuid(65534), 0);
	cr_expect(eq(long, view(SYS_chmod, at("d/f"), 0666), -EPERM));
	cr_expect(eq(long, view(SYS_utimensat, AT_FDCWD, at("d/f"), 0, 0), -EACCES));
	cr_expect(eq(long, view(SYS_chown, at("d/f"), 65534, -1), -EPERM));
	cr_expect(not(is_there(W_UP, "d")));
}

Test(ops, no_path_at_all_is_a_bad_address)
{
	cr_expect(eq(long, view(SYS_chmod, 0, 0600), -EFAULT));
	cr_expect(eq(long, view(SYS_unlink, 0), -EFAULT));
	cr_expect(eq(long, view(SYS_fchmodat, next_fd(), "f", 0600), -EBADF));
}
