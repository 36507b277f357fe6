/* SPDX-License-Identifier: MIT */
#include "inode.h"

#include "fault.h"
#include "fixture.h"
#include "marks.h"

static void start(void)
{
	world_make(2);
	put_dir(W_LOW(1), "d");
	put(W_LOW(1), "d/f", "low");
}

TestSuite(inode, .init = start, .fini = world_end);

static struct stat stat_in_view(const char *rel)
{
	struct stat st;

	cr_assert(eq(long, view(SYS_lstat, at(rel), &st), 0), "%s", rel);
	return st;
}

static void set(const char *rel, const char *name, const char *value)
{
	cr_assert_eq(setxattr(in(W_UP, rel), name, value, strlen(value), 0), 0);
}

/* Was the number recorded so that look-ups ask for it? */
static void note_origin(const char *rel)
{
	ovl_filter_add(&w.ss->origin, ovl_hash_mix(lstat_of(W_UP, rel).st_ino));
}

Test(inode, number_and_device_stay_over_copy_up)
{
	struct stat before = stat_in_view("d/f");
	struct stat dir = stat_in_view("d");
	struct stat after;

	cr_expect(eq(long, view(SYS_chmod, at("d/f"), 0600), 0));
	after = stat_in_view("d/f");
	cr_expect(is_there(W_UP, "d/f"));
	cr_expect(eq(u64, after.st_ino, before.st_ino));
	cr_expect(eq(u64, after.st_dev, before.st_dev));
	cr_expect(eq(u64, stat_in_view("d").st_ino, dir.st_ino));
}

Test(inode, the_number_goes_along_with_a_rename)
{
	struct stat before = stat_in_view("d/f");

	cr_expect(eq(long, view(SYS_rename, at("d/f"), at("g")), 0));
	cr_expect(eq(u64, stat_in_view("g").st_ino, before.st_ino));
}

Test(inode, fstat_and_statx_agree_with_stat)
{
	struct statx stx;
	struct stat st;
	uint64_t ino;
	long fd;

	cr_expect(eq(long, view(SYS_chmod, at("d/f"), 0600), 0));
	ino = stat_in_view("d/f").st_ino;
	fd = view(SYS_openat, AT_FDCWD, at("d/f"), O_RDONLY);
	cr_expect(eq(long, view(SYS_fstat, fd, &st), 0));
	cr_expect(eq(u64, st.st_ino, ino));
	cr_expect(eq(long, view(SYS_newfstatat, fd, "", &st, AT_EMPTY_PATH), 0));
	cr_expect(eq(u64, st.st_ino, ino));
	cr_expect(eq(long, view(SYS_statx, AT_FDCWD, at("d/f"), 0, STATX_ALL, &stx), 0));
	cr_expect(eq(u64, stx.stx_ino, ino));
	cr_expect(eq(long, view(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_ALL, &stx), 0));
	cr_expect(eq(u64, stx.stx_ino, ino));
	cr_expect(eq(uint, stx.stx_mode & 07777, 0600));
}

Test(inode, an_object_without_an_origin_has_its_own_number)
{
	put(W_UP, "g", "");
	cr_expect(eq(u64, stat_in_view("g").st_ino, lstat_of(W_UP, "g").st_ino));
}

Test(inode, a_broken_origin_is_not_believed)
{
	uint64_t own;

	put(W_UP, "g", "");
	own = lstat_of(W_UP, "g").st_ino;
	note_origin("g");
	set("g", OVL_XATTR_ORIGIN, "12");
	cr_expect(eq(u64, stat_in_view("g").st_ino, own));
	set("g", OVL_XATTR_ORIGIN, "12 x 3");
	cr_expect(eq(u64, stat_in_view("g").st_ino, own));
	set("g", OVL_XATTR_ORIGIN, "12 8 1");
	cr_expect(eq(u64, stat_in_view("g").st_ino, 12));
}

Test(inode, an_origin_too_long_to_be_ours_is_not_believed)
{
	char text[200];

	memset(text, '1', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	put(W_UP, "g", "");
	note_origin("g");
	set("g", OVL_XATTR_ORIGIN, text);
	cr_expect(eq(u64, stat_in_view("g").st_ino, lstat_of(W_UP, "g").st_ino));
}

Test(inode, the_origin_is_noted_before_it_is_written)
{
	struct statx st = {.stx_ino = 4711, .stx_dev_major = 8, .stx_dev_minor = 1};
	struct statx raw = {.stx_ino = 99, .stx_mode = S_IFREG};
	int fd;

	put(W_UP, "g", "");
	fd = open(in(W_UP, "g"), O_RDWR);
	fault_set(__NR_fsetxattr, 1, -ENOSPC);
	cr_expect(eq(int, ovl_inode_set_origin(fd, &raw, &st), -ENOSPC));
	cr_expect(ovl_inode_maybe_origin(99));
	cr_expect(not(ovl_inode_maybe_origin(98)));
}

Test(inode, recorded_owner_and_mode_are_shown)
{
	struct stat st;
	long fd;

	put(W_UP, "g", "");
	set("g", OVL_XATTR_OVERRIDE, "12:34:4751");
	w.ss->overrides = 1;
	ovl_inode_note(lstat_of(W_UP, "g").st_ino); /* as who records does */
	st = stat_in_view("g");
	cr_expect(eq(uint, st.st_uid, 12));
	cr_expect(eq(uint, st.st_gid, 34));
	cr_expect(eq(uint, st.st_mode, S_IFREG | 04751));
	fd = view(SYS_openat, AT_FDCWD, at("g"), O_PATH);
	cr_expect(eq(long, view(SYS_fstat, fd, &st), 0));
	cr_expect(eq(uint, st.st_uid, 12));
}

Test(inode, a_merged_directory_does_not_count_its_links)
{
	put_dir(W_LOW(2), "d");
	put_dir(W_UP, "d");
	cr_expect(eq(u64, stat_in_view("d").st_nlink, 1));
}

Test(inode, lower_objects_cost_nothing_to_present)
{
	struct statx st = {.stx_ino = 5, .stx_mode = S_IFREG};
	static struct ovl_path p;

	w.ss->overrides = 1;
	ovl_inode_present(1, &p, &st);
	cr_expect(eq(u64, st.stx_ino, 5));
	cr_expect(eq(uint, fault_total(), 0));
}
