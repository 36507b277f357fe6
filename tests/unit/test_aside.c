/* SPDX-License-Identifier: MIT */
#include "aside.h"

#include <sys/resource.h>
#include <sys/wait.h>

#include "fault.h"
#include "fixture.h"

#define LIMIT 40

static int taken[LIMIT];
static int ntaken;

static void start(void)
{
	world_make(1);
}

TestSuite(aside, .init = start, .fini = world_end);

/* Take all numbers but @free. */
static void full(int free)
{
	struct rlimit r = {LIMIT, LIMIT};

	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &r), 0);
	while ((taken[ntaken] = dup(2)) >= 0)
		ntaken++;
	while (free--)
		close(taken[--ntaken]);
}

static void relax(void)
{
	while (ntaken)
		close(taken[--ntaken]);
}

static long count_free(void *arg)
{
	int n = 0;

	*(long *)arg = getpid();
	while (dup(2) >= 0)
		n++;
	return n;
}

Test(aside, the_child_has_room_and_ours_stays_full)
{
	struct ovl_ctx *ctx = ctx_make();
	long child = 0;

	ctx->call->nr = SYS_mkdir;
	ctx->call->arg[0] = at("d");
	full(0);
	cr_expect(eq(long, ovl_aside(ctx, count_free, &child), 12));
	cr_expect(ne(long, child, getpid()));
	cr_expect(eq(int, dup(2), -1));
	cr_expect(eq(int, ctx->aside, false));
	/* it was waited for */
	cr_expect(eq(int, waitpid(-1, NULL, __WALL), -1));
}

static long is_there_fd(void *arg)
{
	return fcntl(*(int *)arg, F_GETFD);
}

Test(aside, what_the_call_is_about_stays_open)
{
	struct ovl_ctx *ctx = ctx_make();
	int highest;
	int named;

	full(0);
	highest = taken[ntaken - 1];
	named = taken[ntaken - 2];
	ctx->call->nr = SYS_mkdirat;
	ctx->call->arg[0] = highest;
	ctx->call->arg[1] = (long)in("view", "d");
	cr_expect(eq(long, ovl_aside(ctx, is_there_fd, &highest), 0));
	cr_expect(eq(long, ovl_aside(ctx, is_there_fd, &named), -1));
	ctx->call->nr = SYS_chmod;
	ctx->call->arg[0] = (long)"/proc/self/fd/38";
	cr_expect(eq(int, named, 38));
	cr_expect(eq(long, ovl_aside(ctx, is_there_fd, &named), 0));
	cr_expect(eq(long, ovl_aside(ctx, is_there_fd, &highest), -1));
}

static long inner(void *arg)
{
	long child;

	return ovl_aside(arg, count_free, &child);
}

Test(aside, a_child_has_no_child)
{
	struct ovl_ctx *ctx = ctx_make();

	full(0);
	cr_expect(eq(long, ovl_aside(ctx, inner, ctx), -EMFILE));
}

Test(aside, calls_work_without_a_number_free)
{
	struct stat st;

	put(W_LOW(1), "f", "one");
	put(W_LOW(1), "g", "two");
	put_dir(W_LOW(1), "d");
	full(0);
	cr_expect(eq(long, view(SYS_mkdir, at("new"), 0700), 0));
	cr_expect(eq(long, view(SYS_unlink, at("f")), 0));
	cr_expect(eq(long, view(SYS_chmod, at("g"), 0600), 0));
	cr_expect(eq(long, view(SYS_rename, at("d"), at("e")), 0));
	cr_expect(eq(long, view(SYS_truncate, at("g"), 1), 0));
	cr_expect(eq(long, view(SYS_stat, at("g"), &st), 0));
	cr_expect(eq(long, st.st_size, 1));
	cr_expect(eq(uint, st.st_mode, S_IFREG | 0600));
	cr_expect(eq(long, view(SYS_open, at("g"), O_RDONLY), -EMFILE));
	cr_expect(eq(long, view(SYS_open, at("h"), O_CREAT | O_WRONLY, 0644), -EMFILE));
	relax();
	cr_expect(is_whiteout(W_UP, "f"));
	cr_expect(not(is_there(W_UP, "h")));
	EXPECT_NO_TEMPORARY();
}

Test(aside, a_new_file_gets_the_one_number)
{
	long fd;

	put(W_LOW(1), "f", "one");
	put_dir(W_LOW(1), "d");
	full(1);
	fd = view(SYS_open, at("d/new"), O_CREAT | O_EXCL | O_WRONLY, 0400);
	cr_expect(eq(long, fd, LIMIT - 1));
	cr_expect(eq(long, write((int)fd, "x", 1), 1));
	close((int)fd);
	cr_expect(
		eq(long, view(SYS_open, at("d/new"), O_CREAT | O_EXCL | O_WRONLY, 0400), -EEXIST));
	cr_expect(eq(long, view(SYS_unlink, at("f")), 0));
	fd = view(SYS_open, at("f"), O_CREAT | O_EXCL | O_RDWR, 0644);
	cr_expect(eq(long, fd, LIMIT - 1));
	close((int)fd);
	relax();
	cr_expect(eq(int, (int)lstat_of(W_UP, "d/new").st_mode, S_IFREG | 0400));
	cr_expect(eq(int, (int)lstat_of(W_UP, "f").st_size, 0));
	EXPECT_NO_TEMPORARY();
}

Test(aside, descriptors_of_a_copied_file_are_repointed_here)
{
	char buf[8] = "";
	int fd;

	put(W_LOW(1), "f", "one");
	fd = (int)view(SYS_open, at("f"), O_RDONLY);
	full(1);
	cr_expect(eq(long, view(SYS_truncate, at("f"), 2), 0));
	cr_expect(eq(long, pread(fd, buf, 8, 0), 2));
	relax();
}
