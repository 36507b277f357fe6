/* SPDX-License-Identifier: MIT */
#include "do.h"

#include "fault.h"
#include "fixture.h"

static int dir;

static void start(void)
{
	world_make(1);
	put(W_UP, "f", "text");
	dir = open(in(W_UP, ""), O_PATH | O_DIRECTORY);
	fault_reset();
}

TestSuite(do, .init = start, .fini = world_end);

/* Each function once, with the call that it stands for. */
struct deed {
	long nr;
	int (*run)(void);
};

static int run_open(void)
{
	int fd = ovl_do_open(dir, "f", O_RDONLY, 0);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

static int run_mkdir(void)
{
	return ovl_do_mkdir(dir, "d", 0700);
}

static int run_mknod(void)
{
	return ovl_do_mknod(dir, "p", S_IFIFO | 0600, 0);
}

static int run_symlink(void)
{
	return ovl_do_symlink("to", dir, "l");
}

static int run_link(void)
{
	return ovl_do_link(dir, "f", dir, "g", 0);
}

static int run_rename(void)
{
	return ovl_do_rename(dir, "g", dir, "h", 0);
}

static int run_rename2(void)
{
	return ovl_do_rename(dir, "h", dir, "i", 1); /* RENAME_NOREPLACE */
}

static int run_unlink(void)
{
	return ovl_do_unlink(dir, "i", 0);
}

static int run_chmod(void)
{
	return ovl_do_chmod(dir, "f", 0640);
}

static int run_chown(void)
{
	return ovl_do_chown(dir, "f", -1U, -1U, AT_SYMLINK_NOFOLLOW);
}

static int run_utimens(void)
{
	static const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 2}};

	return ovl_do_utimens(dir, "f", times, AT_SYMLINK_NOFOLLOW);
}

static int run_setxattr(void)
{
	return ovl_do_setxattr(in(W_UP, "f"), "user.a", "v", 1, 0);
}

static int run_setxattr_held(void)
{
	return ovl_do_setxattr_held(in(W_UP, "f"), "user.a", "v", 1, 0);
}

static int run_removexattr_held(void)
{
	return ovl_do_removexattr_held(in(W_UP, "f"), "user.a");
}

static const struct deed deeds[] = {
	{__NR_openat, run_open},
	{__NR_mkdirat, run_mkdir},
	{__NR_mknodat, run_mknod},
	{__NR_symlinkat, run_symlink},
	{__NR_linkat, run_link},
	{__NR_renameat, run_rename},
	{__NR_renameat2, run_rename2},
	{__NR_unlinkat, run_unlink},
	{__NR_fchmodat, run_chmod},
	{__NR_fchownat, run_chown},
	{__NR_utimensat, run_utimens},
	{__NR_lsetxattr, run_setxattr},
	{__NR_setxattr, run_setxattr_held},
	{__NR_removexattr, run_removexattr_held},
};

#define DEEDS (sizeof(deeds) / sizeof(deeds[0]))

Test(do, an_interrupted_call_is_made_again)
{
	for (size_t i = 0; i < DEEDS; i++) {
		fault_reset();
		fault_set(deeds[i].nr, 1, -EINTR);
		fault_set(deeds[i].nr, 2, -EINTR);
		cr_expect(eq(int, deeds[i].run(), 0), "call %ld", deeds[i].nr);
		cr_expect(eq(uint, fault_count(deeds[i].nr), 3), "call %ld", deeds[i].nr);
		cr_expect(eq(uint, fault_total(), 3), "call %ld", deeds[i].nr);
	}
}

Test(do, what_the_kernel_says_is_passed_on_at_once)
{
	static const int said[] = {-EIO, -ENOSPC, -EROFS, -EDQUOT, -EAGAIN};

	for (size_t i = 0; i < DEEDS; i++) {
		for (size_t k = 0; k < sizeof(said) / sizeof(said[0]); k++) {
			fault_reset();
			fault_set(deeds[i].nr, FAULT_EACH, said[k]);
			cr_expect(eq(int, deeds[i].run(), said[k]), "call %ld", deeds[i].nr);
			cr_expect(eq(uint, fault_total(), 1), "call %ld", deeds[i].nr);
		}
	}
}

Test(do, what_is_asked_for_is_done)
{
	struct stat st;
	char v[4];

	for (size_t i = 0; i < DEEDS; i++)
		cr_assert(eq(int, deeds[i].run(), 0), "call %ld", deeds[i].nr);
	cr_expect(eq(uint, lstat_of(W_UP, "d").st_mode, S_IFDIR | 0700));
	cr_expect(eq(uint, lstat_of(W_UP, "p").st_mode, S_IFIFO | 0600));
	cr_expect(eq(uint, lstat_of(W_UP, "l").st_mode & S_IFMT, S_IFLNK));
	for (const char *gone = "ghi"; *gone; gone++) {
		char name[2] = {*gone, '\0'};

		cr_expect(not(is_there(W_UP, name)), "%s", name);
	}
	st = lstat_of(W_UP, "f");
	cr_expect(eq(uint, st.st_mode, S_IFREG | 0640));
	cr_expect(eq(long, st.st_mtim.tv_sec, 2));
	cr_expect(eq(long, getxattr(in(W_UP, "f"), "user.a", v, sizeof(v)), -1));
}

Test(do, what_is_opened_is_not_inherited)
{
	int fd = ovl_do_open(dir, "n", O_WRONLY | O_CREAT, 0600);

	cr_assert(ge(int, fd, 0));
	cr_expect(eq(int, fcntl(fd, F_GETFD), FD_CLOEXEC));
	cr_expect(eq(uint, lstat_of(W_UP, "n").st_mode & 07777, 0600));
}

Test(do, a_name_is_not_replaced_where_that_is_forbidden)
{
	put(W_UP, "g", "other");
	cr_expect(eq(int, ovl_do_rename(dir, "f", dir, "g", 1), -EEXIST));
	cr_expect(eq(str, text_of(W_UP, "g"), (char *)"other"));
	cr_expect(eq(int, ovl_do_rename(dir, "f", dir, "g", 0), 0));
	cr_expect(eq(str, text_of(W_UP, "g"), (char *)"text"));
}

Test(do, xattrs_and_owners_are_a_symlinks_own)
{
	put_link(W_UP, "l", "f");
	cr_expect(eq(int, ovl_do_setxattr(in(W_UP, "l"), "user.a", "v", 1, 0), -EPERM));
	cr_expect(eq(long, listxattr(in(W_UP, "f"), NULL, 0), 0));
	if (geteuid())
		cr_skip_test("takes root");
	cr_expect(eq(int, ovl_do_chown(dir, "l", 1, 1, AT_SYMLINK_NOFOLLOW), 0));
	cr_expect(eq(uint, lstat_of(W_UP, "l").st_uid, 1));
	cr_expect(eq(uint, lstat_of(W_UP, "f").st_uid, 0));
}
