/* SPDX-License-Identifier: MIT */
/* What changes an object by its path changes no other, whatever comes to that path meanwhile. */
#include "fault.h"
#include "fixture.h"

#define NAME "user.a"

/* The lower has d/f; p is upper's alone and has f. */
static void start(void)
{
	world_make_same_root();
	put_dir(W_LOW(1), "d");
	put(W_LOW(1), "d/f", "low");
	put_dir(W_UP, "p");
	put(W_UP, "p/f", "up");
}

TestSuite(hold, .init = start, .fini = world_end);

/* Another process puts a symlink to the lower's file in the file's place, */
static void other_links_file(void *arg)
{
	(void)arg;
	cr_assert_eq(view(SYS_unlink, at("p/f")), 0);
	cr_assert_eq(view(SYS_symlink, in(W_LOW(1), "d/f"), at("p/f")), 0);
}

/* or one to the lower's directory in the directory's. */
static void other_links_dir(void *arg)
{
	(void)arg;
	cr_assert_eq(view(SYS_rename, at("p"), at("q")), 0);
	cr_assert_eq(view(SYS_symlink, in(W_LOW(1), "d"), at("p")), 0);
}

static void (*const others[])(void *arg) = {other_links_file, other_links_dir};

static void expect_untouched(const struct stat *was, const char *what)
{
	struct stat now = lstat_of(W_LOW(1), "d/f");

	cr_expect(eq(uint, now.st_mode, was->st_mode), "%s", what);
	cr_expect(eq(uint, now.st_uid, was->st_uid), "%s", what);
	cr_expect(eq(long, now.st_mtim.tv_sec, was->st_mtim.tv_sec), "%s", what);
	cr_expect(eq(str, text_of(W_LOW(1), "d/f"), (char *)"low"), "%s", what);
	cr_expect(eq(long, listxattr(in(W_LOW(1), "d/f"), NULL, 0), 0), "%s", what);
}

/* @nr on p/f with @a to @c, while the others are busy, just before the kernel's @change. */
static void meet(long nr, long change, long a, long b, long c)
{
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		struct stat was;

		world_end();
		start();
		was = lstat_of(W_LOW(1), "d/f");
		fault_hook(change, 1, others[i], NULL);
		view(nr, at("p/f"), a, b, c);
		expect_untouched(&was, i ? "directory" : "file");
	}
}

Test(hold, chmod)
{
	meet(SYS_chmod, __NR_fchmodat, 0600, 0, 0);
}

Test(hold, truncate)
{
	meet(SYS_truncate, __NR_truncate, 1, 0, 0);
}

Test(hold, utimes)
{
	static const struct timeval then[2] = {{1000, 0}, {1000, 0}};

	meet(SYS_utimes, __NR_utimensat, (long)then, 0, 0);
}

Test(hold, setxattr)
{
	meet(SYS_setxattr, __NR_setxattr, (long)NAME, (long)"v", 1);
}

Test(hold, chown)
{
	if (geteuid())
		cr_skip_test("takes root");
	meet(SYS_chown, __NR_fchownat, 1, 1, 0);
}
