/* SPDX-License-Identifier: MIT */
#include "lock.h"

#include "fault.h"
#include "fixture.h"
#include "ops.h"

#include <sys/wait.h>

static struct ovl_ctx ctx;

static void start(void)
{
	world_make(1);
	memset(&ctx, 0, sizeof(ctx));
}

TestSuite(lock, .init = start, .fini = world_end);

/* Could another open file description take the lock now? */
static bool is_free(void)
{
	struct flock l = {.l_type = F_WRLCK};
	int fd = open(in("work", "oplock"), O_RDWR);
	bool free;

	cr_assert_geq(fd, 0);
	free = !fcntl(fd, F_OFD_SETLK, &l);
	close(fd);
	return free;
}

Test(lock, it_excludes_until_it_is_dropped)
{
	int lock = ovl_lock(&ctx);

	cr_assert(ge(int, lock, 0));
	cr_expect(eq(int, fcntl(lock, F_GETFD), FD_CLOEXEC));
	cr_expect(not(is_free()));
	ovl_lock_drop(&lock);
	cr_expect(is_free());
}

Test(lock, a_dead_holder_leaves_no_lock)
{
	pid_t child = fork();

	if (!child) {
		(void)ovl_lock(&ctx);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	cr_expect(is_free());
}

Test(lock, waiting_for_the_lock_goes_on_after_a_signal)
{
	fault_set(__NR_fcntl, 1, -EINTR);
	cr_expect(ge(int, ovl_lock(&ctx), 0));
	cr_expect(eq(uint, fault_count(__NR_fcntl), 2));
}

Test(lock, a_lock_that_cannot_be_had_leaks_nothing)
{
	int before = fds_open();

	fault_set(__NR_fcntl, 1, -ENOLCK);
	cr_expect(eq(int, ovl_lock(&ctx), -ENOLCK));
	cr_expect(eq(int, fds_open(), before));
	fault_set(__NR_openat, 1, -EMFILE);
	cr_expect(eq(int, ovl_lock(&ctx), -EMFILE));
	cr_expect(eq(int, fds_open(), before));
}

Test(lock, a_child_of_another_thread_does_not_keep_it)
{
	int lock = ovl_lock(&ctx);
	pid_t child = fork();

	if (!child) {
		pause();
		_exit(0);
	}
	ovl_lock_drop(&lock);
	cr_expect(is_free());
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

Test(lock, a_call_that_has_it_does_not_wait_for_itself)
{
	OVL_LOCK outer = ovl_lock(&ctx);
	int inner;

	ctx.locked = true;
	inner = ovl_lock(&ctx);
	cr_expect(ge(int, inner, 0));
	ovl_lock_drop(&inner);
	cr_expect(not(is_free()));
	(void)outer;
}

Test(lock, what_was_looked_up_is_good_until_a_directory_moves)
{
	struct ovl_ctx other = {0};
	OVL_LOCK lock = -1;

	ovl_still_begin(&ctx);
	cr_expect(ovl_still(&ctx));
	ovl_still_begin(&other);
	ovl_moving(&other);
	cr_expect(not(ovl_still(&ctx)));
	cr_expect(ovl_still(&other), "who moves it knows");
	ovl_moved(&other);
	cr_expect(not(ovl_still(&ctx)));
	cr_expect(ovl_still(&other));
	lock = ovl_lock_same(&ctx);
	cr_expect(eq(int, lock, OVL_AGAIN));
	cr_expect(is_free());
	ovl_still_begin(&ctx);
	lock = ovl_lock_same(&ctx);
	cr_expect(ge(int, lock, 0));
}

Test(lock, who_dies_while_a_directory_moves_is_recovered_from)
{
	pid_t child;

	w.ss->dir_gen = 4;
	child = fork();
	if (!child) {
		(void)ovl_lock(&ctx);
		w.ss->dir_gen++; /* our copy: the parent's is set below */
		_exit(0);
	}
	waitpid(child, NULL, 0);
	w.ss->dir_gen = 5;
	ovl_still_begin(&ctx);
	cr_expect(eq(uint, ctx.gen, 6));
	cr_expect(ovl_still(&ctx));
}
