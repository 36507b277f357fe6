/* SPDX-License-Identifier: MIT */
#include "copy_up.h"

#include "fault.h"
#include "fixture.h"
#include "ops.h"

static struct ovl_ctx *ctx;

static void start(void)
{
	world_make(2);
	ctx = ctx_make();
	put_dir(W_LOW(2), "a");
	put_dir(W_LOW(2), "a/b");
	put(W_LOW(2), "a/b/f", "text");
}

TestSuite(copy_up, .init = start, .fini = world_end);

static int up(const char *rel)
{
	return ovl_copy_up(ctx, name_of(ctx, 0, rel), OVL_COPY_ALL);
}

static void set_times(const char *tree, const char *rel, long sec)
{
	struct timespec ts[2] = {{.tv_sec = sec, .tv_nsec = 11}, {.tv_sec = sec, .tv_nsec = 22}};

	cr_assert_eq(utimensat(AT_FDCWD, in(tree, rel), ts, AT_SYMLINK_NOFOLLOW), 0);
}

static void expect_same_attributes(const char *rel)
{
	struct stat low = lstat_of(W_LOW(2), rel);
	struct stat copy = lstat_of(W_UP, rel);

	cr_expect(eq(uint, copy.st_mode, low.st_mode), "%s", rel);
	cr_expect(eq(uint, copy.st_uid, low.st_uid), "%s", rel);
	cr_expect(eq(uint, copy.st_gid, low.st_gid), "%s", rel);
	cr_expect(eq(long, copy.st_mtim.tv_sec, low.st_mtim.tv_sec), "%s", rel);
	cr_expect(eq(long, copy.st_mtim.tv_nsec, low.st_mtim.tv_nsec), "%s", rel);
	cr_expect(eq(u64, copy.st_rdev, low.st_rdev), "%s", rel);
}

Test(copy_up, a_file_comes_with_its_parents)
{
	int before = fds_open();

	cr_expect(eq(int, up("a/b/f"), 0));
	cr_expect(eq(str, text_of(W_UP, "a/b/f"), (char *)"text"));
	cr_expect(eq(int, ctx->name[0].layer, OVL_UPPER));
	cr_expect(ctx->name[0].in_upper);
	cr_expect(eq(str, (char *)ctx->note, (char *)"copied_up"));
	cr_expect(eq(int, fds_open(), before));
	EXPECT_NO_TEMPORARY();
}

Test(copy_up, parents_have_the_attributes_of_the_lowers)
{
	chmod(in(W_LOW(2), "a"), 02750);
	chmod(in(W_LOW(2), "a/b"), 01777);
	set_times(W_LOW(2), "a/b/f", 1000);
	set_times(W_LOW(2), "a/b", 2000);
	set_times(W_LOW(2), "a", 3000);
	cr_expect(eq(int, up("a/b/f"), 0));
	expect_same_attributes("a");
	expect_same_attributes("a/b");
	expect_same_attributes("a/b/f");
}

Test(copy_up, a_merged_parent_has_the_attributes_of_the_top_lower)
{
	put_dir(W_LOW(1), "a");
	chmod(in(W_LOW(1), "a"), 0711);
	cr_expect(eq(int, up("a/b/f"), 0));
	cr_expect(eq(uint, lstat_of(W_UP, "a").st_mode & 07777, 0711));
}

Test(copy_up, a_copy_does_not_touch_the_times_of_its_directory)
{
	put_dir(W_UP, "a");
	put_dir(W_UP, "a/b");
	set_times(W_UP, "a/b", 5000);
	cr_expect(eq(int, up("a/b/f"), 0));
	cr_expect(eq(long, lstat_of(W_UP, "a/b").st_mtim.tv_sec, 5000));
	cr_expect(eq(long, lstat_of(W_UP, "a/b").st_mtim.tv_nsec, 22));
}

Test(copy_up, every_kind_of_object_is_copied)
{
	put_link(W_LOW(2), "l", "some/where");
	cr_assert_eq(mkfifo(in(W_LOW(2), "p"), 0640), 0);
	cr_assert_eq(mknod(in(W_LOW(2), "s"), S_IFSOCK | 0600, 0), 0);
	cr_expect(eq(int, up("l"), 0));
	cr_expect(eq(int, up("p"), 0));
	cr_expect(eq(int, up("s"), 0));
	cr_expect(eq(int, up("a"), 0));
	expect_same_attributes("l");
	expect_same_attributes("p");
	expect_same_attributes("s");
	expect_same_attributes("a");
	cr_expect(eq(int, names_in(W_UP, "a"), 0));
	EXPECT_NO_TEMPORARY();
}

Test(copy_up, a_device_keeps_its_number)
{
	if (geteuid())
		cr_skip_test("devices are root's");
	cr_assert_eq(mknod(in(W_LOW(2), "c"), S_IFCHR | 0666, makedev(300, 70000)), 0);
	cr_expect(eq(int, up("c"), 0));
	expect_same_attributes("c");
}

Test(copy_up, suid_survives_the_change_of_owner)
{
	if (geteuid())
		cr_skip_test("takes another owner");
	cr_assert_eq(chown(in(W_LOW(2), "a/b/f"), 12, 34), 0);
	cr_assert_eq(chmod(in(W_LOW(2), "a/b/f"), 06755), 0);
	cr_expect(eq(int, up("a/b/f"), 0));
	expect_same_attributes("a/b/f");
}

Test(copy_up, what_is_up_is_not_copied_again)
{
	put(W_UP, "g", "mine");
	name_of(ctx, 0, "g");
	fault_reset();
	cr_expect(eq(int, ovl_copy_up(ctx, &ctx->name[0], OVL_COPY_ALL), 0));
	cr_expect(eq(uint, fault_total(), 0));
}

Test(copy_up, only_the_size_asked_for_is_copied)
{
	name_of(ctx, 0, "a/b/f");
	cr_expect(eq(int, ovl_copy_up(ctx, &ctx->name[0], 2), 0));
	cr_expect(eq(str, text_of(W_UP, "a/b/f"), (char *)"te"));
}

Test(copy_up, a_file_that_may_only_be_written_comes_up_empty)
{
	if (geteuid())
		cr_skip_test("takes another user");
	chmod(in(W_LOW(2), "a/b/f"), 0222);
	chmod(in(W_UP, ""), 0777);
	chmod(in(W_WORK, ""), 0777);
	cr_assert_eq(seteuid(65534), 0);
	name_of(ctx, 0, "a/b/f");
	cr_expect(eq(int, ovl_copy_up(ctx, &ctx->name[0], OVL_COPY_ALL), -EACCES));
	cr_expect(eq(int, ovl_copy_up(ctx, &ctx->name[0], 0), 0));
	cr_expect(eq(long, lstat_of(W_UP, "a/b/f").st_size, 0));
}

Test(copy_up, a_read_only_session_says_erofs)
{
	w.ss->flags = OVL_S_READ_ONLY;
	cr_expect(eq(int, up("a/b/f"), -EROFS));
	cr_expect(eq(int, names_in(W_UP, ""), 0));
}

/* After a failure: as if nothing had been tried. */
static void expect_nothing_happened(int fd_before)
{
	cr_expect(not(is_there(W_UP, "a/b/f")));
	EXPECT_NO_TEMPORARY();
	cr_expect(eq(int, fds_open(), fd_before));
	cr_expect(eq(str, shown("a/b/f"), (char *)"text"));
	cr_expect(eq(str, text_of(W_LOW(2), "a/b/f"), (char *)"text"));
}

Test(copy_up, full_upper_reports_enospc_and_leaves_upper_as_it_was)
{
	static const long steps[] = {__NR_openat, __NR_mkdirat, __NR_renameat2, __NR_fchmod,
				     __NR_utimensat};
	int before = fds_open();

	name_of(ctx, 0, "a/b/f");
	for (size_t i = 0; i < OVL_ARRAY_SIZE(steps); i++) {
		fault_reset();
		fault_set(steps[i], FAULT_EACH, -ENOSPC);
		cr_expect(eq(int, up("a/b/f"), -ENOSPC), "%ld", steps[i]);
		fault_reset();
		expect_nothing_happened(before);
		cr_expect(eq(int, names_in(W_UP, ""), 0), "%ld", steps[i]);
	}
}

Test(copy_up, full_upper_in_the_middle_of_the_data)
{
	int before = fds_open();

	fault_set(__NR_copy_file_range, FAULT_EACH, -ENOSPC);
	cr_expect(eq(int, up("a/b/f"), -ENOSPC));
	fault_reset();
	expect_nothing_happened(before);
}

Test(copy_up, a_quota_reached_while_copying_attributes)
{
	int before = fds_open();

	cr_assert_eq(setxattr(in(W_LOW(2), "a/b/f"), "user.x", "v", 1, 0), 0);
	put_dir(W_UP, "a");
	put_dir(W_UP, "a/b");
	fault_set(__NR_fsetxattr, 1, -EDQUOT);
	cr_expect(eq(int, up("a/b/f"), -EDQUOT));
	fault_reset();
	expect_nothing_happened(before);
}

Test(copy_up, an_unreadable_file_is_told_and_nothing_is_made)
{
	if (geteuid())
		cr_skip_test("takes another user");
	chmod(in(W_LOW(2), "a/b/f"), 0600);
	chmod(in(W_UP, ""), 0777);
	chmod(in(W_WORK, ""), 0777);
	cr_assert_eq(seteuid(65534), 0);
	cr_expect(eq(int, up("a/b/f"), -EACCES));
	EXPECT_NO_TEMPORARY();
	cr_expect(not(is_there(W_UP, "a/b/f")));
}

static void other_copies_up(void *arg)
{
	static struct ovl_ctx other;
	static struct ovl_call call;

	(void)arg;
	other.call = &call;
	cr_assert_eq(ovl_namei(&other, &other.name[0], AT_FDCWD, in("view", "a/b/f"), 0), 0);
	cr_assert_eq(ovl_copy_up(&other, &other.name[0], OVL_COPY_ALL), 0);
	cr_assert_eq(truncate(in(W_UP, "a/b/f"), 1), 0); /* and changes it at once */
}

Test(copy_up, the_second_of_two_copiers_finds_the_firsts_copy)
{
	put_dir(W_UP, "a");
	put_dir(W_UP, "a/b");
	fault_hook(__NR_renameat2, 1, other_copies_up, NULL);
	cr_expect(eq(int, up("a/b/f"), 0));
	cr_expect(eq(str, text_of(W_UP, "a/b/f"), (char *)"t"));
	EXPECT_NO_TEMPORARY();
}

Test(copy_up, a_parent_made_by_another_is_as_good)
{
	fault_hook(__NR_fcntl, 1, other_copies_up, NULL); /* before we have the lock for "a" */
	cr_expect(eq(int, up("a/b/f"), 0));
	cr_expect(eq(str, text_of(W_UP, "a/b/f"), (char *)"t"));
	EXPECT_NO_TEMPORARY();
}

static void other_makes_a_new_one(void *arg)
{
	other_unlinks(arg);
	cr_assert_eq(view(SYS_symlink, (long)"elsewhere", at(arg)), 0);
}

Test(copy_up, what_took_the_name_of_a_removed_file_is_no_copy)
{
	put_dir(W_UP, "a");
	put_dir(W_UP, "a/b");
	fault_hook(__NR_renameat2, 1, other_makes_a_new_one, (void *)"a/b/f");
	cr_expect(eq(int, up("a/b/f"), OVL_AGAIN));
	EXPECT_NO_TEMPORARY();
}

static bool announced_before;

static void look_at_filter(void *arg)
{
	const char *path = arg;

	announced_before = ovl_filter_maybe(&w.ss->present, ovl_hash_path(path, strlen(path)));
}

Test(copy_up, names_are_announced_before_they_appear)
{
	char *first = strdup(in("view", "a"));
	char *last = strdup(in("view", "a/b/f"));

	fault_hook(__NR_renameat2, 1, look_at_filter, first);
	fault_hook(__NR_renameat2, 3, look_at_filter, last);
	cr_expect(eq(int, up("a/b/f"), 0));
	cr_expect(announced_before);
	cr_expect(eq(uint, fault_count(__NR_renameat2), 3));
	cr_expect(ovl_filter_maybe(&w.ss->hidden, ovl_hash_path(last, strlen(last))));
	cr_expect(not(ovl_filter_maybe(&w.ss->hidden, ovl_hash_path(first, strlen(first)))));
}

Test(copy_up, a_file_system_without_noreplace_gets_a_link)
{
	put_dir(W_UP, "a");
	put_dir(W_UP, "a/b");
	fault_set(__NR_renameat2, FAULT_EACH, -EINVAL);
	cr_expect(eq(int, up("a/b/f"), 0));
	cr_expect(eq(str, text_of(W_UP, "a/b/f"), (char *)"text"));
	cr_expect(eq(uint, (unsigned)lstat_of(W_UP, "a/b/f").st_nlink, 1));
	EXPECT_NO_TEMPORARY();
}

Test(copy_up, a_whiteout_that_came_meanwhile_stays)
{
	put_dir(W_UP, "a");
	put_dir(W_UP, "a/b");
	name_of(ctx, 0, "a/b/f");
	put_whiteout(W_UP, "a/b/f");
	(void)ovl_copy_up(ctx, &ctx->name[0], OVL_COPY_ALL);
	cr_expect(is_whiteout(W_UP, "a/b/f"));
	EXPECT_NO_TEMPORARY();
}

Test(copy_up, the_parent_alone_is_made_for_a_new_name)
{
	int fd = -1;
	struct ovl_name *n = name_of(ctx, 0, "a/b/new");

	cr_expect(eq(int, ovl_copy_up_parent(ctx, n, OVL_PARENT_CHANGE, &fd), 0));
	cr_expect(eq(int, fcntl(fd, F_GETFD), FD_CLOEXEC));
	cr_expect(is_there(W_UP, "a/b"));
	cr_expect(not(is_there(W_UP, "a/b/new")));
	close(fd);
}

Test(copy_up, a_directory_that_may_not_be_written_gets_no_copy)
{
	struct ovl_name *n = name_of(ctx, 0, "a/b/new");
	int fd = -1;

	if (geteuid())
		cr_skip_test("takes another user");
	chmod(in(W_UP, ""), 0777);
	chmod(in(W_WORK, ""), 0777);
	cr_assert_eq(seteuid(65534), 0);
	cr_expect(eq(int, ovl_copy_up_parent(ctx, n, OVL_PARENT_CHANGE, &fd), -EACCES));
	cr_expect(not(is_there(W_UP, "a")));
	cr_expect(eq(int, ovl_copy_up_parent(ctx, n, OVL_PARENT_HOLD, &fd), 0));
	cr_expect(is_there(W_UP, "a/b"));
}

Test(copy_up, below_a_redirect_the_lower_place_is_found)
{
	put_whiteout(W_UP, "a");
	put_dir(W_UP, "new");
	announce("new", true);
	cr_assert_eq(setxattr(in(W_UP, "new"), "user.overlay.redirect", "/a", 2, 0), 0);
	w.ss->redirects = 1;
	chmod(in(W_LOW(2), "a/b"), 0710);
	cr_expect(eq(int, up("new/b/f"), 0));
	cr_expect(eq(str, text_of(W_UP, "new/b/f"), (char *)"text"));
	cr_expect(eq(uint, lstat_of(W_UP, "new/b").st_mode & 07777, 0710));
}

Test(copy_up, a_255_byte_name_is_copied)
{
	char name[256];

	memset(name, 'n', 255);
	name[255] = '\0';
	put(W_LOW(2), name, "long");
	cr_expect(eq(int, up(name), 0));
	cr_expect(eq(str, text_of(W_UP, name), (char *)"long"));
}

Test(copy_up, a_directory_comes_up_where_the_file_system_has_no_noreplace)
{
	fault_set(__NR_renameat2, FAULT_EACH, -EINVAL);
	cr_expect(eq(int, up("a/b/f"), 0));
	cr_expect(eq(str, text_of(W_UP, "a/b/f"), (char *)"text"));
	EXPECT_NO_TEMPORARY();
}

Test(copy_up, a_name_removed_meanwhile_is_not_reported_as_copied)
{
	put_dir(W_UP, "a");
	put_dir(W_UP, "a/b");
	name_of(ctx, 0, "a/b/f");
	put_whiteout(W_UP, "a/b/f");
	cr_expect(eq(int, ovl_copy_up(ctx, &ctx->name[0], OVL_COPY_ALL), OVL_AGAIN));
	cr_expect(eq(str, shown("a/b/f"), (char *)"(-2)"));
}
