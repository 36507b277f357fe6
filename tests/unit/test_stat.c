/* SPDX-License-Identifier: MIT */
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include "fault.h"
#include "fixture.h"

#ifndef SYS_faccessat2
#define SYS_faccessat2 439
#endif

static void start(void)
{
	world_make_files();
	put_link(W_LOW(1), "l", "d/f");
}

TestSuite(stat, .init = start, .fini = world_end);

static long stat_(const char *rel, struct stat *st)
{
	return view(SYS_stat, at(rel), (long)st);
}

static long access_(const char *rel, int mask)
{
	return view(SYS_access, at(rel), mask);
}

static long open_(const char *rel, int flags)
{
	long fd = view(SYS_openat, AT_FDCWD, at(rel), flags);

	cr_assert_geq(fd, 0);
	return fd;
}

Test(stat, the_topmost_layer_is_what_is_seen)
{
	struct stat st;

	put(W_LOW(2), "f", "lowest of all");
	cr_expect(eq(long, stat_("f", &st), 0));
	cr_expect(eq(long, st.st_size, 3));
	put(W_UP, "f", "upper");
	cr_expect(eq(long, stat_("f", &st), 0));
	cr_expect(eq(long, st.st_size, 5));
}

Test(stat, a_whiteout_is_not_there)
{
	struct stat st;

	put_whiteout(W_UP, "f");
	cr_expect(eq(long, stat_("f", &st), -ENOENT));
	cr_expect(eq(long, access_("f", F_OK), -ENOENT));
	cr_expect(eq(long, view(SYS_readlink, at("f"), (long)&st, 8), -ENOENT));
}

Test(stat, lstat_is_of_the_symlink)
{
	struct stat st;

	cr_expect(eq(long, view(SYS_lstat, at("l"), (long)&st), 0));
	cr_expect(eq(uint, st.st_mode & S_IFMT, S_IFLNK));
	cr_expect(eq(long, stat_("l", &st), 0));
	cr_expect(eq(uint, st.st_mode & S_IFMT, S_IFREG));
	cr_expect(eq(long, view(SYS_newfstatat, AT_FDCWD, at("l"), (long)&st, AT_SYMLINK_NOFOLLOW),
		     0));
	cr_expect(eq(uint, st.st_mode & S_IFMT, S_IFLNK));
}

Test(stat, a_trailing_slash_takes_a_directory)
{
	struct stat st;

	cr_expect(eq(long, stat_("d/", &st), 0));
	cr_expect(eq(long, stat_("f/", &st), -ENOTDIR));
	cr_expect(eq(long, stat_("f/.", &st), -ENOTDIR));
	cr_expect(eq(long, stat_("l/", &st), -ENOTDIR));
	cr_expect(eq(long, stat_("missing/", &st), -ENOENT));
	cr_expect(eq(long, view(SYS_stat, at("f"), 0), -EFAULT));
}

Test(stat, a_path_that_leads_nowhere_is_a_fault)
{
	struct stat st;
	char buf[8];
	long fd = open_("f", O_RDONLY);

	cr_expect(eq(long, view(SYS_newfstatat, fd, 1, (long)&st, AT_EMPTY_PATH), -EFAULT));
	cr_expect(eq(long, view(SYS_readlinkat, fd, 0, (long)buf, 7), -EFAULT));
	cr_expect(eq(long, view(SYS_readlinkat, AT_FDCWD, 0, (long)buf, 7), -EFAULT));
	close((int)fd);
}

Test(stat, the_inode_number_survives_a_copy)
{
	struct stat before, after, by_fd;
	long fd = open_("d/f", O_RDONLY);

	cr_assert_eq(stat_("d/f", &before), 0);
	cr_assert_eq(view(SYS_chmod, at("d/f"), 0600), 0);
	cr_expect(eq(long, stat_("d/f", &after), 0));
	cr_expect(eq(long, view(SYS_fstat, fd, (long)&by_fd), 0));
	cr_expect(eq(u64, after.st_ino, before.st_ino));
	cr_expect(eq(u64, after.st_dev, before.st_dev));
	cr_expect(eq(u64, by_fd.st_ino, before.st_ino));
	cr_expect(eq(u64, by_fd.st_dev, before.st_dev));
	close((int)fd);
}

Test(stat, an_unlinked_lower_file_has_no_link_left)
{
	struct stat st;
	long fd = open_("f", O_RDONLY);

	cr_assert_eq(view(SYS_unlink, at("f")), 0);
	cr_expect(eq(long, view(SYS_fstat, fd, (long)&st), 0));
	cr_expect(eq(u64, st.st_nlink, 0));
	cr_expect(eq(long, view(SYS_newfstatat, fd, (long)"", (long)&st, AT_EMPTY_PATH), 0));
	cr_expect(eq(u64, st.st_nlink, 0));
	close((int)fd);
}

Test(stat, a_directory_descriptor_shows_uppers_attributes)
{
	struct stat st;
	long fd = open_("d", O_RDONLY | O_DIRECTORY);

	cr_assert_eq(view(SYS_chmod, at("d"), 0700), 0);
	cr_expect(eq(long, view(SYS_fstat, fd, (long)&st), 0));
	cr_expect(eq(uint, st.st_mode & 07777, 0700));
	cr_expect(eq(long, view(SYS_newfstatat, fd, (long)"", (long)&st, AT_EMPTY_PATH), 0));
	cr_expect(eq(uint, st.st_mode & 07777, 0700));
	close((int)fd);
}

Test(stat, statx_agrees_with_stat_and_heeds_the_mask)
{
	struct stat st;
	static const unsigned masks[] = {0, STATX_SIZE, STATX_BTIME, STATX_BASIC_STATS, 0x4000};
	struct statx sx = {0};
	struct statx up;

	cr_assert_eq(view(SYS_chmod, at("d/f"), 0600), 0);
	cr_assert_eq(stat_("d/f", &st), 0);
	cr_expect(eq(long,
		     view(SYS_statx, AT_FDCWD, at("d/f"), 0, STATX_BASIC_STATS | STATX_MNT_ID,
			  (long)&sx),
		     0));
	cr_expect(eq(u64, sx.stx_ino, st.st_ino));
	cr_expect(eq(u64, makedev(sx.stx_dev_major, sx.stx_dev_minor), st.st_dev));
	cr_expect(eq(uint, sx.stx_mode, S_IFREG | 0600));
	cr_expect(eq(u64, sx.stx_size, 3));
	for (size_t i = 0; i < OVL_ARRAY_SIZE(masks); i++) {
		cr_expect(
			eq(long, view(SYS_statx, AT_FDCWD, at("d/f"), 0, masks[i], (long)&sx), 0));
		cr_assert_eq(statx(AT_FDCWD, in(W_UP, "d/f"), 0, masks[i], &up), 0);
		cr_expect(eq(uint, sx.stx_mask, up.stx_mask), "%x", masks[i]);
	}
	cr_expect(eq(long, view(SYS_statx, AT_FDCWD, at("d/f"), 0, STATX__RESERVED, (long)&sx),
		     -EINVAL));
}

Test(stat, statx_of_a_descriptor_is_of_its_object)
{
	struct statx sx;
	struct stat st;
	long fd = open_("f", O_RDONLY);

	cr_assert_eq(stat_("f", &st), 0);
	cr_assert_eq(view(SYS_chmod, at("f"), 0600), 0);
	cr_expect(eq(long,
		     view(SYS_statx, fd, (long)"", AT_EMPTY_PATH, STATX_BASIC_STATS, (long)&sx),
		     0));
	cr_expect(eq(u64, sx.stx_ino, st.st_ino));
	cr_expect(eq(uint, sx.stx_mode & 07777, 0600));
	cr_expect(eq(u64, makedev(sx.stx_dev_major, sx.stx_dev_minor), st.st_dev));
	cr_expect(
		eq(long, view(SYS_statx, fd, (long)"", 0, STATX_BASIC_STATS, (long)&sx), -ENOENT));
	close((int)fd);
}

Test(stat, readlink_fills_a_short_buffer_without_an_end)
{
	char buf[8] = "#######";

	cr_expect(eq(long, view(SYS_readlink, at("l"), (long)buf, 2), 2));
	cr_expect(eq(str, buf, (char *)"d/#####"));
	cr_expect(eq(long, view(SYS_readlink, at("l"), (long)buf, 7), 3));
	cr_expect(eq(str, buf, (char *)"d/f####"));
	cr_expect(eq(long, view(SYS_readlink, at("l"), (long)buf, 0), -EINVAL));
	cr_expect(eq(long, view(SYS_readlink, at("l"), (long)buf, -1), -EINVAL));
	cr_expect(eq(long, view(SYS_readlink, at("f"), (long)buf, 7), -EINVAL));
	cr_expect(eq(long, view(SYS_readlink, at("l/"), (long)buf, 7), -ENOTDIR));
}

Test(stat, readlink_of_a_descriptor_takes_a_symlink)
{
	char buf[8] = "#######";
	long fd = open_("l", O_PATH | O_NOFOLLOW);
	long file = open_("f", O_RDONLY);

	cr_expect(eq(long, view(SYS_readlinkat, fd, (long)"", (long)buf, 7), 3));
	cr_expect(eq(str, buf, (char *)"d/f####"));
	cr_expect(eq(long, view(SYS_readlinkat, file, (long)"", (long)buf, 7), -ENOENT));
	close((int)file);
	close((int)fd);
}

Test(stat, the_proc_link_of_a_descriptor_is_the_views)
{
	char link[32];
	char buf[256];
	long fd = open_("d/f", O_RDONLY);
	const char *path = in("view", "d/f");
	long n;

	snprintf(link, sizeof(link), "/proc/self/fd/%ld", fd);
	n = view(SYS_readlink, (long)link, (long)buf, sizeof(buf));
	cr_assert(ge(long, n, 1));
	cr_expect(eq(long, n, (long)strlen(path)));
	cr_expect_eq(memcmp(buf, path, (size_t)n), 0);
	close((int)fd);
}

Test(stat, access_is_judged_by_the_real_ids)
{
	if (geteuid())
		cr_skip_test("takes root");
	cr_assert_eq(chmod(in(W_LOW(1), "f"), 0600), 0);
	cr_assert_eq(setresuid(65534, 0, 0), 0);
	cr_expect(eq(long, access_("f", R_OK), -EACCES));
	cr_expect(eq(long, access_("d/f", R_OK), 0));
	cr_expect(eq(long, access_("f", F_OK), 0));
	cr_expect(eq(long, view(SYS_faccessat2, AT_FDCWD, at("f"), R_OK, AT_EACCESS), 0));
	cr_assert_eq(setresuid(0, 0, 0), 0);
}

Test(stat, access_refuses_what_is_no_mask)
{
	cr_expect(eq(long, access_("f", 8), -EINVAL));
	cr_expect(eq(long, access_("f", -1), -EINVAL));
	cr_expect(eq(long, access_("missing", R_OK), -ENOENT));
	cr_expect(eq(long, access_("f", X_OK), -EACCES));
	cr_expect(eq(long, access_("f", R_OK | W_OK), 0));
	cr_expect(eq(int, names_in(W_UP, ""), 0));
}

Test(stat, a_lower_on_a_read_only_medium_may_be_written)
{
	fault_set(__NR_faccessat, FAULT_EACH, -EROFS);
	cr_expect(eq(long, access_("f", W_OK), 0));
	fault_reset();
	w.ss->flags = OVL_S_READ_ONLY;
	w.ss->layer[0].path = (struct ovl_str){0};
	cr_expect(eq(long, access_("f", R_OK), 0));
	cr_expect(eq(long, access_("f", W_OK), -EROFS));
}

Test(stat, a_file_unlinked_before_it_is_looked_at_is_gone)
{
	struct stat st;

	fault_hook(__NR_statx, 1, other_unlinks, (void *)"d/f");
	cr_expect(eq(long, stat_("d/f", &st), -ENOENT));
	cr_expect(is_whiteout(W_UP, "d/f"));
}

Test(stat, space_is_counted_on_upper)
{
	struct statfs up, got;
	long fd;

	w.ss->layer[2] = layer_of("/proc");
	fd = open_("version", O_RDONLY);
	cr_assert_eq(statfs(in(W_UP, ""), &up), 0);
	cr_expect(eq(long, view(SYS_statfs, at("version"), (long)&got), 0));
	cr_expect(eq(long, got.f_type, up.f_type));
	cr_expect(eq(long, got.f_blocks, up.f_blocks));
	cr_expect(eq(long, view(SYS_fstatfs, fd, (long)&got), 0));
	cr_expect(eq(long, got.f_type, up.f_type));
	cr_expect(eq(long, view(SYS_statfs, at("missing"), (long)&got), -ENOENT));
	close((int)fd);
}
