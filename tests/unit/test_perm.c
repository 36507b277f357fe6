/* SPDX-License-Identifier: MIT */
#include "perm.h"

#include "fault.h"
#include "fixture.h"
#include "marks.h"

#define NOBODY 65534

static struct ovl_ctx *ctx;

static void start(void)
{
	world_make(1);
	ctx = ctx_make();
	put_dir(W_LOW(1), "d");
	put(W_LOW(1), "d/f", "");
}

TestSuite(perm, .init = start, .fini = world_end);

/* From here on an ordinary user asks. */
static void become(unsigned uid)
{
	if (geteuid())
		cr_skip_test("takes another user");
	cr_assert_eq(seteuid(uid), 0);
}

static void give(const char *tree, const char *rel, unsigned uid, unsigned mode)
{
	if (geteuid())
		cr_skip_test("takes another user");
	cr_assert_eq(chown(in(tree, rel), uid, uid), 0);
	cr_assert_eq(chmod(in(tree, rel), mode), 0);
}

static int access_(const char *rel, int mask)
{
	return ovl_perm_access(ctx, name_of(ctx, 0, rel), mask);
}

Test(perm, a_lower_file_is_judged_by_its_own_mode)
{
	give(W_LOW(1), "d/f", 0, 0644);
	become(NOBODY);
	cr_expect(eq(int, access_("d/f", R_OK), 0));
	cr_expect(eq(int, access_("d/f", W_OK), -EACCES));
	cr_expect(eq(int, access_("d/f", X_OK), -EACCES));
}

Test(perm, owner_bits_are_the_owners)
{
	give(W_LOW(1), "d/f", NOBODY, 0077);
	become(NOBODY);
	cr_expect(eq(int, access_("d/f", R_OK), -EACCES));
}

Test(perm, root_may_read_and_write_all_but_not_execute_a_plain_file)
{
	if (geteuid())
		cr_skip_test("root's rights");
	give(W_LOW(1), "d/f", NOBODY, 0);
	cr_expect(eq(int, access_("d/f", R_OK | W_OK), 0));
	cr_expect(eq(int, access_("d/f", X_OK), -EACCES));
}

Test(perm, a_read_only_session_has_nothing_to_write)
{
	w.ss->flags = OVL_S_READ_ONLY;
	cr_expect(eq(int, access_("d/f", W_OK), -EROFS));
	cr_expect(eq(int, access_("d/f", R_OK), 0));
}

Test(perm, a_lower_on_a_read_only_mount_is_no_obstacle)
{
	fault_set(__NR_faccessat2, FAULT_EACH, -EROFS);
	cr_expect(eq(int, access_("d/f", W_OK), 0));
	give(W_LOW(1), "d/f", 0, 0644);
	become(NOBODY);
	cr_expect(eq(int, access_("d/f", W_OK), -EACCES));
	cr_expect(eq(int, access_("d/f", R_OK), 0));
}

Test(perm, recorded_owners_and_modes_decide)
{
	put(W_UP, "g", "");
	cr_assert_eq(setxattr(in(W_UP, "g"), OVL_XATTR_OVERRIDE, "65534:65534:400", 15, 0), 0);
	w.ss->overrides = 1;
	give(W_UP, "g", 0, 0666);
	become(NOBODY);
	cr_expect(eq(int, access_("g", R_OK), 0));
	cr_expect(eq(int, access_("g", W_OK), -EACCES));
	cr_expect(eq(int, ovl_perm_owner(ctx, name_of(ctx, 0, "g")), 0));
}

Test(perm, groups_count_too)
{
	put(W_UP, "g", "");
	cr_assert_eq(setxattr(in(W_UP, "g"), OVL_XATTR_OVERRIDE, "0:4242:640", 10, 0), 0);
	w.ss->overrides = 1;
	fault_set(__NR_geteuid, FAULT_EACH, NOBODY);
	fault_set(__NR_getegid, FAULT_EACH, NOBODY);
	fault_set(__NR_getgroups, FAULT_EACH, 0);
	cr_expect(eq(int, access_("g", R_OK), -EACCES));
	fault_reset();
	fault_set(__NR_geteuid, FAULT_EACH, NOBODY);
	fault_set(__NR_getegid, FAULT_EACH, 4242);
	cr_expect(eq(int, access_("g", R_OK), 0));
	cr_expect(eq(int, access_("g", W_OK), -EACCES));
}

Test(perm, a_parent_takes_write_and_search)
{
	give(W_LOW(1), "d", 0, 0755);
	become(NOBODY);
	cr_expect(eq(int, ovl_perm_parent(ctx, name_of(ctx, 0, "d/new")), -EACCES));
	cr_expect(eq(int, ovl_perm_delete(ctx, name_of(ctx, 0, "d/f")), -EACCES));
	cr_assert_eq(seteuid(0), 0);
	give(W_LOW(1), "d", 0, 0777);
	become(NOBODY);
	cr_expect(eq(int, ovl_perm_parent(ctx, name_of(ctx, 0, "d/new")), 0));
	cr_expect(eq(int, ovl_perm_delete(ctx, name_of(ctx, 0, "d/f")), 0));
}

Test(perm, the_parent_on_upper_counts_where_there_is_one)
{
	put_dir(W_UP, "d");
	give(W_LOW(1), "d", 0, 0777);
	give(W_UP, "d", 0, 0755);
	become(NOBODY);
	cr_expect(eq(int, ovl_perm_parent(ctx, name_of(ctx, 0, "d/new")), -EACCES));
}

Test(perm, sticky_directories_protect_from_others)
{
	put(W_LOW(1), "d/own", "");
	give(W_LOW(1), "d", 0, 01777);
	give(W_LOW(1), "d/f", 0, 0666);
	give(W_LOW(1), "d/own", NOBODY, 0600);
	become(NOBODY);
	cr_expect(eq(int, ovl_perm_delete(ctx, name_of(ctx, 0, "d/f")), -EPERM));
	cr_expect(eq(int, ovl_perm_delete(ctx, name_of(ctx, 0, "d/own")), 0));
}

Test(perm, the_owner_of_a_sticky_directory_may_delete_all)
{
	give(W_LOW(1), "d", NOBODY, 01777);
	give(W_LOW(1), "d/f", 0, 0666);
	become(NOBODY);
	cr_expect(eq(int, ovl_perm_delete(ctx, name_of(ctx, 0, "d/f")), 0));
}

/* What opening answers that would make a missing file, in the view and in a plain directory. */
static void expect_like_plain(const char *rel)
{
	int flags = O_RDWR | O_NONBLOCK | O_CREAT | O_NOFOLLOW;
	long plain = open(in(W_LOW(1), rel), flags, 0600);
	long shown;

	if (plain < 0)
		plain = -errno;
	shown = view(SYS_openat, AT_FDCWD, at(rel), flags, 0600);
	if (plain >= 0)
		cr_expect(ge(long, shown, 0), "%s", rel);
	else
		cr_expect(eq(long, shown, plain), "%s", rel);
	if (plain >= 0)
		close((int)plain);
	if (shown >= 0)
		close((int)shown);
}

/* The directory "d" is root's, with @mode, in upper too when it has come there. */
static void make_mode(unsigned mode)
{
	give(W_LOW(1), "d", 0, mode);
	if (is_there(W_UP, "d"))
		give(W_UP, "d", 0, mode);
}

Test(perm, what_others_left_in_a_sticky_directory_is_not_taken_for_ones_own)
{
	static const char *const name[] = {"d/f", "d/fifo", "d/link", "d/sock"};
	static const unsigned mode[] = {01777, 01770, 01700, 0777};

	put_link(W_LOW(1), "d/link", "f");
	cr_assert_eq(mkfifo(in(W_LOW(1), "d/fifo"), 0666), 0);
	cr_assert_eq(mknod(in(W_LOW(1), "d/sock"), S_IFSOCK | 0666, 0), 0);
	for (int m = 0; m < 4; m++) {
		make_mode(mode[m]);
		for (int i = 0; i < 4; i++) {
			cr_assert_eq(lchown(in(W_LOW(1), name[i]), 4242, 4242), 0);
			expect_like_plain(name[i]);
		}
	}
	make_mode(01777);
	cr_expect(
		eq(long, view(SYS_openat, AT_FDCWD, at("d/link"), O_CREAT | O_NOFOLLOW), -EACCES));
	cr_assert_eq(lchown(in(W_LOW(1), "d/link"), 0, 0), 0);
	cr_expect(eq(long, view(SYS_openat, AT_FDCWD, at("d/link"), O_CREAT | O_NOFOLLOW), -ELOOP));
}

/* fs.protected_symlinks; the kernel asks it of root too. */
Test(perm, others_symlinks_in_a_sticky_directory_are_not_followed)
{
	put(W_LOW(1), "target", "t");
	put_dir(W_LOW(1), "dir");
	put(W_LOW(1), "dir/in", "in");
	put_link(W_LOW(1), "d/link", "../target");
	put_link(W_LOW(1), "d/way", "../dir");
	make_mode(01777);
	cr_assert_eq(lchown(in(W_LOW(1), "d/link"), 4242, 4242), 0);
	cr_assert_eq(lchown(in(W_LOW(1), "d/way"), 4242, 4242), 0);
	cr_expect(eq(str, shown("d/link"), (char *)"t"), "not asked for");
	w.ss->flags |= OVL_S_LINKS_CAREFUL;
	cr_expect(eq(long, view(SYS_openat, AT_FDCWD, at("d/link"), O_RDONLY), -EACCES));
	cr_expect(eq(long, view(SYS_chmod, at("d/link"), 0600), -EACCES));
	cr_expect(eq(str, shown("d/way/in"), (char *)"in"), "no link at the end");
	cr_expect(
		eq(long, view(SYS_openat, AT_FDCWD, at("d/link"), O_RDONLY | O_NOFOLLOW), -ELOOP));
	make_mode(0777);
	cr_expect(eq(str, shown("d/link"), (char *)"t"), "not sticky");
	make_mode(01770);
	cr_expect(eq(str, shown("d/link"), (char *)"t"), "not for all to write");
	make_mode(01777);
	cr_assert_eq(lchown(in(W_LOW(1), "d/link"), 0, 0), 0);
	become(NOBODY);
	cr_expect(eq(str, shown("d/link"), (char *)"t"), "the directory's owner's");
	become(4242);
	cr_expect(eq(str, shown("d/way/in"), (char *)"in"));
	cr_expect(eq(long, view(SYS_chdir, at("d/way")), 0), "one's own");
}

Test(perm, only_owner_and_root_own)
{
	give(W_LOW(1), "d/f", NOBODY, 0600);
	cr_expect(eq(int, ovl_perm_owner(ctx, name_of(ctx, 0, "d/f")), 0));
	cr_expect(eq(int, ovl_perm_owner(ctx, name_of(ctx, 0, "d")), 0));
	become(NOBODY);
	cr_expect(eq(int, ovl_perm_owner(ctx, name_of(ctx, 0, "d/f")), 0));
	cr_expect(eq(int, ovl_perm_owner(ctx, name_of(ctx, 0, "d")), -EPERM));
}

Test(perm, an_old_kernel_without_faccessat2_still_answers)
{
	fault_set(__NR_faccessat2, FAULT_EACH, -ENOSYS);
	cr_expect(eq(int, access_("d/f", R_OK), 0));
	cr_expect(eq(uint, fault_count(__NR_faccessat), 1));
}
