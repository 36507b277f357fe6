/* SPDX-License-Identifier: MIT */
#include "remove.h"

#include "dcache.h"
#include "inode.h"
#include "override.h"

#include "fault.h"
#include "fixture.h"

TestSuite(remove, .init = world_make_files, .fini = world_end);

static long unlink_(const char *rel)
{
	return view(SYS_unlink, at(rel));
}

static long rmdir_(const char *rel)
{
	return view(SYS_rmdir, at(rel));
}

Test(remove, a_lower_file_gets_a_whiteout)
{
	int before = fds_open();

	cr_expect(eq(long, unlink_("d/f"), 0));
	cr_expect(is_whiteout(W_UP, "d/f"));
	cr_expect(is_there(W_LOW(1), "d/f"));
	cr_expect(eq(str, shown("d/f"), (char *)"(-2)"));
	cr_expect(eq(long, unlink_("d/f"), -ENOENT));
	cr_expect(eq(int, fds_open(), before));
	EXPECT_NO_TEMPORARY();
}

Test(remove, a_file_of_upper_alone_leaves_nothing)
{
	put(W_UP, "g", "");
	cr_expect(eq(long, unlink_("g"), 0));
	cr_expect(not(is_there(W_UP, "g")));
}

Test(remove, a_file_over_a_lower_one_becomes_a_whiteout_in_one_step)
{
	put(W_UP, "f", "up");
	cr_expect(eq(long, unlink_("f"), 0));
	cr_expect(is_whiteout(W_UP, "f"));
	cr_expect(eq(uint, fault_count(__NR_unlinkat), 0));
	cr_expect(eq(uint, fault_count(__NR_renameat), 1));
	EXPECT_NO_TEMPORARY();
}

Test(remove, a_file_over_a_lowers_whiteout_leaves_nothing)
{
	put_whiteout(W_LOW(1), "g");
	put(W_LOW(2), "g", "");
	put(W_UP, "g", "");
	cr_expect(eq(long, unlink_("g"), 0));
	cr_expect(not(is_there(W_UP, "g")));
}

Test(remove, the_wrong_kind_is_told)
{
	put_link(W_LOW(1), "l", "d");
	cr_expect(eq(long, unlink_("d"), -EISDIR));
	cr_expect(eq(long, rmdir_("f"), -ENOTDIR));
	cr_expect(eq(long, rmdir_("l"), -ENOTDIR));
	cr_expect(eq(long, rmdir_("d/."), -EINVAL));
	cr_expect(eq(long, rmdir_("d/.."), -ENOTEMPTY));
	cr_expect(eq(long, unlink_("f/"), -ENOTDIR));
	cr_expect(eq(long, rmdir_(""), -EBUSY));
	cr_expect(eq(long, view(SYS_unlinkat, AT_FDCWD, at("f"), 0x100), -EINVAL));
	cr_expect(eq(int, names_in(W_UP, ""), 0));
}

Test(remove, a_symlink_goes_and_its_target_stays)
{
	put_link(W_LOW(1), "l", "f");
	cr_expect(eq(long, unlink_("l"), 0));
	cr_expect(eq(str, shown("f"), (char *)"low"));
}

Test(remove, a_full_directory_stays)
{
	cr_expect(eq(long, rmdir_("d"), -ENOTEMPTY));
	put_dir(W_UP, "u");
	put(W_UP, "u/f", "");
	cr_expect(eq(long, rmdir_("u"), -ENOTEMPTY));
	put_dir(W_UP, "d");
	put_whiteout(W_UP, "d/f");
	put(W_UP, "d/g", "");
	cr_expect(eq(long, rmdir_("d"), -ENOTEMPTY));
}

Test(remove, a_lower_directory_emptied_in_the_view_gets_a_whiteout)
{
	uint32_t gen = w.ss->dir_gen;

	cr_expect(eq(long, unlink_("d/f"), 0));
	cr_expect(eq(long, rmdir_("d"), 0));
	cr_expect(is_whiteout(W_UP, "d"));
	cr_expect(eq(str, shown("d/f"), (char *)"(-2)"));
	cr_expect(ne(uint, w.ss->dir_gen, gen));
	EXPECT_NO_TEMPORARY();
}

Test(remove, an_empty_lower_directory_gets_a_whiteout_without_a_copy)
{
	put_dir(W_LOW(1), "e");
	cr_expect(eq(long, rmdir_("e"), 0));
	cr_expect(is_whiteout(W_UP, "e"));
	cr_expect(eq(long, rmdir_("e"), -ENOENT));
	cr_expect(eq(uint, fault_count(__NR_mkdirat), 0));
}

Test(remove, an_upper_directory_with_only_whiteouts_is_empty)
{
	put_dir(W_LOW(2), "m");
	put(W_LOW(2), "m/x", "");
	put_opaque(W_UP, "m");
	put_whiteout(W_UP, "m/x");
	cr_expect(eq(long, rmdir_("m"), 0));
	cr_expect(is_whiteout(W_UP, "m"));
	put_dir(W_UP, "u");
	put_whiteout(W_UP, "u/x");
	cr_expect(eq(long, rmdir_("u"), 0));
	cr_expect(not(is_there(W_UP, "u")));
	EXPECT_NO_TEMPORARY();
}

Test(remove, a_directory_of_upper_alone_leaves_nothing)
{
	put_dir(W_UP, "u");
	cr_expect(eq(long, rmdir_("u"), 0));
	cr_expect(not(is_there(W_UP, "u")));
	cr_expect(eq(uint, fault_count(__NR_renameat2), 0));
}

Test(remove, a_directory_that_its_owner_may_not_write_goes_too)
{
	leave_root();
	cr_assert_eq(unlink_("f"), 0);
	cr_assert_eq(view(SYS_mkdir, at("f"), 0555), 0);
	cr_expect(eq(long, rmdir_("f"), 0));
	cr_expect(is_whiteout(W_UP, "f"));
	EXPECT_NO_TEMPORARY();
}

Test(remove, a_full_upper_leaves_the_file)
{
	static const long steps[] = {__NR_mknodat, __NR_renameat};
	int before = fds_open();

	put(W_UP, "f", "up");
	for (size_t i = 0; i < OVL_ARRAY_SIZE(steps); i++) {
		fault_reset();
		fault_set(steps[i], 1, -ENOSPC);
		cr_expect(eq(long, unlink_("f"), -ENOSPC));
		cr_expect(eq(str, shown("f"), (char *)"up"));
		EXPECT_NO_TEMPORARY();
		cr_expect(eq(int, fds_open(), before));
	}
}

Test(remove, a_full_upper_leaves_the_lower_file)
{
	fault_set(__NR_mknodat, 1, -ENOSPC);
	cr_expect(eq(long, unlink_("f"), -ENOSPC));
	cr_expect(eq(str, shown("f"), (char *)"low"));
}

Test(remove, a_full_upper_leaves_the_directory)
{
	static const long steps[] = {__NR_mknodat, __NR_renameat2};
	int before = fds_open();

	put_dir(W_UP, "d");
	put_whiteout(W_UP, "d/f");
	for (size_t i = 0; i < OVL_ARRAY_SIZE(steps); i++) {
		fault_reset();
		fault_set(steps[i], 1, -ENOSPC);
		cr_expect(eq(long, rmdir_("d"), -ENOSPC));
		cr_expect(is_whiteout(W_UP, "d/f"));
		EXPECT_NO_TEMPORARY();
		cr_expect(eq(int, fds_open(), before));
	}
}

static void other_copies_up(void *arg)
{
	cr_assert_eq(view(SYS_chmod, at(arg), 0600), 0);
}

Test(remove, a_copy_made_meanwhile_is_removed_too)
{
	fault_hook(__NR_mknodat, 1, other_copies_up, (void *)"f");
	cr_expect(eq(long, unlink_("f"), 0));
	cr_expect(is_whiteout(W_UP, "f"));
	cr_expect(eq(str, shown("f"), (char *)"(-2)"));
	EXPECT_NO_TEMPORARY();
}

Test(remove, a_directory_copied_up_meanwhile_is_removed_too)
{
	put_dir(W_LOW(1), "e");
	fault_hook(__NR_mknodat, 1, other_copies_up, (void *)"e");
	cr_expect(eq(long, rmdir_("e"), 0));
	cr_expect(is_whiteout(W_UP, "e"));
	EXPECT_NO_TEMPORARY();
}

Test(remove, of_two_that_remove_a_lower_file_one_is_told_enoent)
{
	/* Before the lock: who has it is alone. */
	fault_hook(__NR_fcntl, 1, other_unlinks, (void *)"f");
	cr_expect(eq(long, unlink_("f"), -ENOENT));
	cr_expect(is_whiteout(W_UP, "f"));
}

static void other_creates_below(void *arg)
{
	long fd = view(SYS_openat, AT_FDCWD, at(arg), O_CREAT | O_EXCL | O_WRONLY, 0644);

	cr_assert_geq(fd, 0);
	close((int)fd);
}

Test(remove, a_name_that_appears_in_a_merged_directory_keeps_it)
{
	put_dir(W_UP, "d");
	put_whiteout(W_UP, "d/f");
	fault_hook(__NR_fcntl, 1, other_creates_below, (void *)"d/new"); /* before the lock */
	cr_expect(eq(long, rmdir_("d"), -ENOTEMPTY));
	cr_expect(is_there(W_UP, "d/new"));
	cr_expect(eq(str, shown("d/new"), (char *)""));
}

/* Another process of the run: the lower directory d takes the place of the empty directory @arg. */
static void other_puts_d_there(void *arg)
{
	cr_assert_eq(view(SYS_rename, at("d"), at(arg)), 0);
}

Test(remove, a_moved_directory_that_took_the_place_of_an_empty_one_is_not_empty)
{
	cr_assert_eq(view(SYS_mkdir, at("u"), 0755), 0);
	fault_hook(__NR_fcntl, 1, other_puts_d_there, (void *)"u"); /* before the lock */
	cr_expect(eq(long, rmdir_("u"), -ENOTEMPTY));
	cr_expect(eq(str, shown("u/f"), (char *)"low"));
}

Test(remove, a_read_only_session_says_erofs)
{
	w.ss->flags = OVL_S_READ_ONLY;
	w.ss->layer[0].path = (struct ovl_str){0};
	cr_expect(eq(long, unlink_("f"), -EROFS));
	cr_expect(eq(long, rmdir_("d"), -EROFS));
	cr_expect(eq(long, unlink_("missing"), -ENOENT));
}

Test(remove, a_whiteout_is_announced_before_it_is_made)
{
	const char *path = in("view", "f");
	uint64_t h = ovl_hash_path(path, strlen(path));

	fault_set(__NR_mknodat, 1, -ENOSPC);
	cr_expect(eq(long, unlink_("f"), -ENOSPC));
	cr_expect(ovl_filter_maybe(&w.ss->present, h));
	cr_expect(ovl_filter_maybe(&w.ss->hidden, h));
}

Test(remove, in_a_sticky_directory_only_owners_remove)
{
	if (geteuid())
		cr_skip_test("takes another user");
	put_dir(W_LOW(1), "t");
	put(W_LOW(1), "t/roots", "");
	put(W_LOW(1), "t/own", "");
	put_dir(W_LOW(1), "t/dir");
	cr_assert_eq(chmod(in(W_LOW(1), "t"), 01777), 0);
	cr_assert_eq(chown(in(W_LOW(1), "t/own"), 65534, 65534), 0);
	chmod(in(W_UP, ""), 0777);
	chmod(in(W_WORK, ""), 0777);
	cr_assert_eq(seteuid(65534), 0);
	cr_expect(eq(long, unlink_("t/roots"), -EPERM));
	cr_expect(not(is_there(W_UP, "t/roots")));
	cr_expect(eq(long, rmdir_("t/dir"), -EPERM));
	cr_expect(not(is_there(W_UP, "t/dir")));
	cr_expect(eq(long, unlink_("d/f"), -EACCES));
	cr_expect(not(is_there(W_UP, "d")));
}

Test(remove, content_is_replaced_by_nothing_in_one_step)
{
	struct ovl_ctx *ctx = ctx_make();
	int parent = open(in(W_UP, ""), O_PATH | O_DIRECTORY);
	struct ovl_name *n;

	put_dir(W_UP, "d");
	put_whiteout(W_UP, "d/f");
	cr_assert_eq(chmod(in(W_UP, "d"), 01750), 0);
	n = name_of(ctx, 0, "d");
	cr_expect(eq(int, ovl_remove_content(ctx, n, parent), 0));
	cr_expect(eq(int, names_in(W_UP, "d"), 0));
	cr_expect(is_opaque(W_UP, "d"));
	cr_expect(eq(uint, lstat_of(W_UP, "d").st_mode & 07777, 01750));
	EXPECT_NO_TEMPORARY();
}

/* Owner and group, where they are but recorded: who dies in front of the rename leaves them. */
Test(remove, what_replaces_content_has_what_is_recorded)
{
	struct ovl_override o = {geteuid(), 4242, 0750};
	struct ovl_ctx *ctx = ctx_make();
	int parent = open(in(W_UP, ""), O_PATH | O_DIRECTORY);
	struct stat st;

	put_dir(W_UP, "d");
	put_whiteout(W_UP, "d/f");
	st = lstat_of(W_UP, "d");
	ovl_inode_note(st.st_ino);
	cr_assert_eq(
		ovl_override_record(in(W_UP, "d"), &(struct statx){.stx_mode = S_IFDIR | 0755}, &o),
		0);
	fault_set(__NR_fchown, FAULT_EACH, -EPERM);
	cr_expect(eq(int, ovl_remove_content(ctx, name_of(ctx, 0, "d"), parent), 0));
	cr_expect(is_opaque(W_UP, "d"));
	cr_expect(eq(long, view(SYS_stat, at("d"), &st), 0));
	cr_expect(eq(uint, st.st_gid, 4242));
	cr_expect(eq(uint, st.st_mode & 07777, 0750));
}

/* Is upper's directory @arg remembered yet, when the lock is about to be released? */
static void look_if_remembered(void *arg)
{
	const char *path = in(w.view, arg);
	uint64_t value;

	cr_expect(not(ovl_dcache_find(ovl_hash_path(path, strlen(path)), &value)));
}

Test(remove, a_directory_is_forgotten_before_others_may_look_again)
{
	static char *const dirs[] = {"u", "d"};
	struct stat st;

	put_dir(W_UP, "u");
	put_dir(W_UP, "d");
	put_whiteout(W_UP, "d/f");
	for (int i = 0; i < 2; i++) {
		const char *path = in(w.view, dirs[i]);
		uint64_t value;

		cr_assert_eq(view(SYS_stat, at(dirs[i]), &st), 0);
		cr_assert(ovl_dcache_find(ovl_hash_path(path, strlen(path)), &value));
		fault_reset();
		fault_hook(__NR_fcntl, 2, look_if_remembered, dirs[i]);
		cr_expect(eq(long, rmdir_(dirs[i]), 0));
		cr_expect(eq(uint, fault_count(__NR_fcntl), 2));
	}
}

/* Another process has removed it, and is about to tell. */
Test(remove, a_directory_that_is_remembered_but_gone_is_looked_at_again)
{
	struct stat st;

	for (int i = 0; i < 2; i++) {
		const char *name = i ? "v" : "u";
		const char *in_it = i ? "v/x" : "u/x";

		put_dir(W_UP, name);
		cr_assert_eq(view(SYS_stat, at(in_it), &st), -ENOENT);
		cr_assert_eq(rmdir(in(W_UP, name)), 0);
		if (i)
			cr_assert_eq(mknod(in(W_UP, name), S_IFCHR, 0), 0);
		cr_expect(eq(long, rmdir_(name), -ENOENT));
		cr_expect(eq(long, view(SYS_open, at(name), O_RDONLY), -ENOENT));
		cr_expect(eq(long, view(SYS_truncate, at(name), 0), -ENOENT));
		cr_expect(eq(long, view(SYS_rename, at(name), at("new")), -ENOENT));
		cr_expect(eq(long, view(SYS_mkdir, at(in_it), 0755), -ENOENT));
	}
}

/* Through a descriptor that it has held since the directory was in its place. */
static void other_makes_a_file(void *fd)
{
	close(openat((int)(long)fd, "new", O_WRONLY | O_CREAT, 0600));
}

/* The view's @dir has lost its only file, f; another is made before the @nth step of its removal.
 */
static void expect_back(const char *dir, unsigned nth)
{
	char f[8];
	char new[8];
	int fd;

	snprintf(f, sizeof(f), "%s/f", dir);
	snprintf(new, sizeof(new), "%s/new", dir);
	cr_assert_eq(unlink_(f), 0);
	fd = open(in(W_UP, dir), O_RDONLY | O_DIRECTORY);
	announce(new, true);
	fault_reset();
	fault_hook(__NR_unlinkat, nth, other_makes_a_file, (void *)(long)fd);
	cr_expect(eq(long, rmdir_(dir), -ENOTEMPTY));
	cr_expect(eq(str, shown(f), (char *)"(-2)"));
	cr_expect(eq(str, shown(new), (char *)""));
	cr_expect(eq(long, unlink_(new), 0));
	cr_expect(eq(long, rmdir_(dir), 0));
	cr_expect(is_whiteout(W_UP, dir));
	close(fd);
	EXPECT_NO_TEMPORARY();
}

Test(remove, a_directory_that_comes_back_hides_what_it_hid)
{
	put_dir(W_LOW(1), "e");
	put(W_LOW(1), "e/f", "low");
	expect_back("d", 3); /* the whiteout's removal */
	expect_back("e", 4); /* and the directory's */
}

Test(remove, a_moved_directory_stays_empty_until_it_is_gone)
{
	cr_assert_eq(view(SYS_rename, at("d"), at("moved")), 0);
	cr_assert_eq(unlink_("moved/f"), 0);
	for (unsigned nth = 1; nth <= 4; nth++) {
		fault_reset();
		fault_set(__NR_unlinkat, nth, -EIO);
		cr_expect(eq(long, rmdir_("moved"), -EIO));
		cr_expect(eq(str, shown("moved/f"), (char *)"(-2)")); /* nor if it is killed */
	}
	fault_reset();
	cr_expect(eq(long, rmdir_("moved"), 0));
	cr_expect(not(is_there(W_UP, "moved")));
}
