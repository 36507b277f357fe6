/* SPDX-License-Identifier: MIT */
#include "create.h"

#include "fault.h"
#include "fixture.h"
#include "marks.h"

static void start(void)
{
	world_make(1);
	put_dir(W_LOW(1), "d");
	put(W_LOW(1), "d/f", "low");
}

TestSuite(create, .init = start, .fini = world_end);

#define NEW_FILE (O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC)

static long create(const char *rel, int flags)
{
	return view(SYS_openat, AT_FDCWD, at(rel), flags, 0644);
}

Test(create, a_new_name_is_made_on_upper_in_one_step)
{
	long fd;

	put_dir(W_UP, "d");
	fd = create("d/new", NEW_FILE);
	cr_expect(ge(long, fd, 0));
	close((int)fd);
	cr_expect(is_there(W_UP, "d/new"));
	cr_expect(not(is_there(W_LOW(1), "d/new")));
	cr_expect(eq(uint, fault_count(__NR_renameat) + fault_count(__NR_renameat2), 0));
	/* the descriptor's number, and whether it is to be written; no lock */
	cr_expect(eq(uint, fault_count(__NR_fcntl), 2));
}

/* A new file's descriptor has the number that the next one would have had. */
static void expect_lowest(const char *rel, int flags, int fd_flags)
{
	int lowest = next_fd();

	cr_expect(eq(long, create(rel, flags), lowest), "%s", rel);
	cr_expect(eq(int, fcntl(lowest, F_GETFD), fd_flags), "%s", rel);
}

Test(create, the_descriptor_has_the_lowest_free_number)
{
	put_whiteout(W_UP, "gone");
	expect_lowest("new", NEW_FILE, FD_CLOEXEC);
	expect_lowest("gone", NEW_FILE, FD_CLOEXEC);
	expect_lowest("d/new", NEW_FILE & ~O_CLOEXEC, 0);
}

Test(create, the_umask_is_the_programs)
{
	umask(077);
	close((int)create("new", NEW_FILE));
	cr_expect(eq(long, view(SYS_mkdir, at("dir"), 0777), 0));
	put_whiteout(W_UP, "gone");
	put_whiteout(W_UP, "gonedir");
	close((int)create("gone", NEW_FILE));
	cr_expect(eq(long, view(SYS_mkdir, at("gonedir"), 0777), 0));
	cr_expect(eq(uint, lstat_of(W_UP, "new").st_mode & 07777, 0600));
	cr_expect(eq(uint, lstat_of(W_UP, "dir").st_mode & 07777, 0700));
	cr_expect(eq(uint, lstat_of(W_UP, "gone").st_mode & 07777, 0600));
	cr_expect(eq(uint, lstat_of(W_UP, "gonedir").st_mode & 07777, 0700));
}

Test(create, a_file_over_a_whiteout_is_new_and_empty)
{
	put_dir(W_UP, "d");
	put_whiteout(W_UP, "d/f");
	close((int)create("d/f", NEW_FILE));
	cr_expect(eq(str, shown("d/f"), (char *)""));
	cr_expect(eq(uint, lstat_of(W_UP, "d/f").st_mode, S_IFREG | 0644));
	EXPECT_NO_TEMPORARY();
}

Test(create, a_directory_over_a_whiteout_is_opaque_and_empty)
{
	put_whiteout(W_UP, "d");
	cr_expect(eq(long, view(SYS_mkdir, at("d"), 0755), 0));
	cr_expect(is_opaque(W_UP, "d"));
	cr_expect(eq(str, shown("d/f"), (char *)"(-2)"));
	EXPECT_NO_TEMPORARY();
}

Test(create, other_kinds_go_over_a_whiteout_too)
{
	put_whiteout(W_UP, "l");
	put_whiteout(W_UP, "p");
	put_whiteout(W_UP, "h");
	cr_expect(eq(long, view(SYS_symlink, (long)"x", at("l")), 0));
	cr_expect(eq(long, view(SYS_mknod, at("p"), S_IFIFO | 0600, 0), 0));
	cr_expect(eq(long, view(SYS_link, at("d/f"), at("h")), 0));
	cr_expect(eq(uint, lstat_of(W_UP, "l").st_mode & S_IFMT, S_IFLNK));
	cr_expect(eq(uint, lstat_of(W_UP, "p").st_mode & S_IFMT, S_IFIFO));
	cr_expect(eq(str, shown("h"), (char *)"low"));
	cr_expect(eq(u64, lstat_of(W_UP, "h").st_ino, lstat_of(W_UP, "d/f").st_ino));
	EXPECT_NO_TEMPORARY();
}

Test(create, what_exists_is_eexist_for_every_kind)
{
	cr_expect(eq(long, create("d/f", NEW_FILE), -EEXIST));
	cr_expect(eq(long, view(SYS_mkdir, at("d"), 0755), -EEXIST));
	cr_expect(eq(long, view(SYS_mkdir, at("d/f"), 0755), -EEXIST));
	cr_expect(eq(long, view(SYS_symlink, (long)"x", at("d/f")), -EEXIST));
	cr_expect(eq(long, view(SYS_link, at("d/f"), at("d")), -EEXIST));
	cr_expect(eq(long, view(SYS_mknod, at("d/f"), S_IFREG, 0), -EEXIST));
	cr_expect(eq(int, names_in(W_UP, ""), 0));
}

static void other_creates(void *arg)
{
	int fd = open(in(W_WORK, "other"), O_CREAT | O_WRONLY, 0600);

	(void)!write(fd, "other", 5);
	close(fd);
	(void)!rename(in(W_WORK, "other"), in(W_UP, arg));
}

static void other_creates_in_view(void *arg)
{
	long fd = create(arg, NEW_FILE);

	(void)!write((int)fd, "other", 5);
	close((int)fd);
}

Test(create, o_excl_over_a_whiteout_has_one_winner)
{
	put_whiteout(W_UP, "gone");
	fault_hook(__NR_fcntl, 1, other_creates_in_view, (void *)"gone"); /* before the lock */
	cr_expect(eq(long, create("gone", NEW_FILE), -EEXIST));
	cr_expect(eq(str, text_of(W_UP, "gone"), (char *)"other"));
	EXPECT_NO_TEMPORARY();
}

Test(create, without_o_excl_the_loser_opens_the_winners)
{
	put_whiteout(W_UP, "gone");
	fault_hook(__NR_fcntl, 1, other_creates_in_view, (void *)"gone");
	cr_expect(eq(str, text_fd(create("gone", O_CREAT | O_RDWR)), (char *)"other"));
	EXPECT_NO_TEMPORARY();
}

Test(create, mkdir_over_a_whiteout_has_one_winner)
{
	put_whiteout(W_UP, "gone");
	fault_hook(__NR_fcntl, 1, other_creates_in_view, (void *)"gone");
	cr_expect(eq(long, view(SYS_mkdir, at("gone"), 0755), -EEXIST));
	cr_expect(eq(str, text_of(W_UP, "gone"), (char *)"other"));
}

Test(create, o_excl_of_a_new_name_has_one_winner)
{
	put_dir(W_UP, "d");
	fault_hook(__NR_openat, 1, other_creates, (void *)"new");
	cr_expect(eq(long, create("new", NEW_FILE), -EEXIST));
	cr_expect(eq(str, text_of(W_UP, "new"), (char *)"other"));
}

static void other_takes_whiteout_away(void *arg)
{
	unlink(in(W_UP, arg));
}

Test(create, a_whiteout_that_vanishes_is_no_reason_to_fail)
{
	put_whiteout(W_UP, "gone");
	fault_hook(__NR_fcntl, 1, other_takes_whiteout_away, (void *)"gone");
	cr_expect(ge(long, create("gone", NEW_FILE), 0));
	cr_expect(eq(uint, lstat_of(W_UP, "gone").st_mode, S_IFREG | 0644));
}

static void other_makes_whiteout(void *arg)
{
	cr_assert_eq(mknod(in(W_UP, arg), S_IFCHR, 0), 0);
	announce(arg, true);
}

Test(create, a_whiteout_that_appears_is_no_reason_to_fail)
{
	put_dir(W_UP, "d");
	fault_hook(__NR_mkdirat, 1, other_makes_whiteout, (void *)"new");
	cr_expect(eq(long, view(SYS_mkdir, at("new"), 0755), 0));
	cr_expect(eq(uint, lstat_of(W_UP, "new").st_mode, S_IFDIR | 0755));
	EXPECT_NO_TEMPORARY();
}

static bool was_announced;

static void look_at_filter(void *arg)
{
	const char *path = in("view", arg);

	was_announced = ovl_filter_maybe(&w.ss->present, ovl_hash_path(path, strlen(path)));
}

Test(create, a_name_is_announced_before_it_appears)
{
	fault_hook(__NR_mkdirat, 1, look_at_filter, (void *)"new");
	cr_expect(eq(long, view(SYS_mkdir, at("new"), 0755), 0));
	cr_expect(was_announced);
}

static bool hides(const char *rel)
{
	const char *path = in("view", rel);

	return ovl_filter_maybe(&w.ss->hidden, ovl_hash_path(path, strlen(path)));
}

Test(create, what_hides_is_announced_as_hiding)
{
	put_whiteout(W_UP, "gone");
	close((int)create("file", NEW_FILE));
	cr_expect(eq(long, view(SYS_mkdir, at("dir"), 0755), 0));
	cr_expect(eq(long, view(SYS_mkdir, at("gone"), 0755), 0));
	cr_expect(hides("file"));
	cr_expect(hides("gone"));
	cr_expect(not(hides("dir")));
}

Test(create, a_full_upper_leaves_the_whiteout)
{
	static const long steps[] = {__NR_mkdirat, __NR_fsetxattr, __NR_renameat2};
	int before = fds_open();

	put_whiteout(W_UP, "d");
	for (size_t i = 0; i < OVL_ARRAY_SIZE(steps); i++) {
		fault_reset();
		fault_set(steps[i], 1, -ENOSPC);
		cr_expect(eq(long, view(SYS_mkdir, at("d"), 0755), -ENOSPC), "%ld", steps[i]);
		cr_expect(is_whiteout(W_UP, "d"));
		EXPECT_NO_TEMPORARY();
		cr_expect(eq(int, fds_open(), before));
	}
}

Test(create, a_full_upper_leaves_the_whiteout_of_a_file)
{
	int before = fds_open();

	put_whiteout(W_UP, "gone");
	fault_set(__NR_renameat, 1, -ENOSPC);
	cr_expect(eq(long, create("gone", NEW_FILE), -ENOSPC));
	cr_expect(is_whiteout(W_UP, "gone"));
	EXPECT_NO_TEMPORARY();
	cr_expect(eq(int, fds_open(), before));
}

Test(create, over_a_whiteout_group_and_sgid_are_inherited)
{
	if (geteuid())
		cr_skip_test("takes another group");
	put_dir(W_UP, "s");
	cr_assert_eq(chown(in(W_UP, "s"), 0, 1234), 0);
	cr_assert_eq(chmod(in(W_UP, "s"), 02755), 0);
	put_whiteout(W_UP, "s/f");
	put_whiteout(W_UP, "s/d");
	close((int)create("s/f", NEW_FILE));
	cr_expect(eq(long, view(SYS_mkdir, at("s/d"), 0755), 0));
	cr_expect(eq(uint, lstat_of(W_UP, "s/f").st_gid, 1234));
	cr_expect(eq(uint, lstat_of(W_UP, "s/d").st_gid, 1234));
	cr_expect(eq(uint, lstat_of(W_UP, "s/d").st_mode & 07777, 02755));
	EXPECT_NO_TEMPORARY();
}

Test(create, sgid_of_a_recorded_group_is_lost_by_the_mode_that_was_asked_for)
{
	struct stat st = {0};
	long fd;

	put_dir(W_UP, "s");
	cr_assert_eq(setxattr(in(W_UP, "s"), OVL_XATTR_OVERRIDE, "1000:4242:2777", 14, 0), 0);
	w.ss->overrides = 1;
	fault_set(__NR_geteuid, FAULT_EACH, 1000);
	umask(077);
	cr_expect(eq(long, view(SYS_mknod, at("s/x"), S_IFIFO | 02755), 0));
	cr_expect(eq(long, view(SYS_mknod, at("s/-"), S_IFIFO | 02745), 0));
	view(SYS_newfstatat, AT_FDCWD, at("s/x"), &st, AT_SYMLINK_NOFOLLOW);
	cr_expect(eq(uint, st.st_gid, 4242));
	cr_expect(eq(uint, st.st_mode & 07777, 0700));
	view(SYS_newfstatat, AT_FDCWD, at("s/-"), &st, AT_SYMLINK_NOFOLLOW);
	cr_expect(eq(uint, st.st_mode & 07777, 02700));
	fd = view(SYS_openat, AT_FDCWD, at("s"), O_TMPFILE | O_RDWR, 02755);
	if (fd == -EOPNOTSUPP)
		return;
	cr_assert_geq(fd, 0);
	view(SYS_fstat, fd, &st);
	cr_expect(eq(uint, st.st_gid, 4242));
	cr_expect(eq(uint, st.st_mode & 07777, 0700));
	close((int)fd);
}

Test(create, over_a_whiteout_default_acls_are_inherited)
{
	/* user::rwx, user:1234:r-x, group::r-x, mask::r-x, other::--- */
	static const unsigned char acl[] = {2,	 0,   0,   0,	1,   0,	  7,  0,   255, 255, 255,
					    255, 2,   0,   5,	0,   210, 4,  0,   0,	4,   0,
					    5,	 0,   255, 255, 255, 255, 16, 0,   5,	0,   255,
					    255, 255, 255, 32,	0,   0,	  0,  255, 255, 255, 255};
	char got[256];

	put_dir(W_UP, "s");
	if (setxattr(in(W_UP, "s"), "system.posix_acl_default", acl, sizeof(acl), 0))
		cr_skip_test("no ACLs here");
	put_whiteout(W_UP, "s/f");
	put_whiteout(W_UP, "s/d");
	close((int)create("s/f", NEW_FILE));
	cr_expect(eq(long, view(SYS_mkdir, at("s/d"), 0755), 0));
	cr_expect(ge(long, getxattr(in(W_UP, "s/f"), "system.posix_acl_access", got, 256), 1));
	cr_expect(eq(long, getxattr(in(W_UP, "s/d"), "system.posix_acl_default", got, 256),
		     sizeof(acl)));
}

Test(create, a_read_only_session_says_erofs)
{
	w.ss->flags = OVL_S_READ_ONLY;
	w.ss->layer[0].path = (struct ovl_str){0};
	cr_expect(eq(long, create("new", NEW_FILE), -EROFS));
	cr_expect(eq(long, view(SYS_mkdir, at("new"), 0755), -EROFS));
	cr_expect(eq(long, view(SYS_mkdir, at("d"), 0755), -EEXIST));
	cr_expect(eq(long, create("missing", O_RDONLY), -ENOENT));
}

Test(create, a_programs_own_device_0_0_is_no_whiteout)
{
	struct stat st;

	cr_expect(eq(long, view(SYS_mknodat, AT_FDCWD, at("dev"), S_IFCHR | 0600, 0), 0));
	cr_expect(eq(long, view(SYS_newfstatat, AT_FDCWD, at("dev"), &st, AT_SYMLINK_NOFOLLOW), 0));
	cr_expect(eq(uint, st.st_mode & S_IFMT, S_IFCHR));
	cr_expect(eq(long, view(SYS_unlinkat, AT_FDCWD, at("dev"), 0), 0));
	cr_expect(not(is_there(W_UP, "dev")));
}

Test(create, a_trailing_slash_is_for_directories)
{
	cr_expect(eq(long, view(SYS_mkdir, at("new/"), 0755), 0));
	cr_expect(eq(long, create("file/", O_CREAT | O_WRONLY), -EISDIR));
	cr_expect(eq(long, view(SYS_symlink, (long)"x", at("l/")), -ENOENT));
	cr_expect(eq(long, view(SYS_mknod, at("p/"), S_IFIFO, 0), -ENOENT));
}
