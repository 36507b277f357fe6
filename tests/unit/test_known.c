/* SPDX-License-Identifier: MIT */
#include "known.h"

#include <pthread.h>
#include <sched.h>
#include <time.h>

#include "fault.h"
#include "fixture.h"

#define FD	 20
#define HASH	 0x1234
#define PAST_ALL 1024 /* a number that nothing is remembered of */

static void start(void)
{
	world_make_same_root();
	put_dir(W_LOW(1), "d");
	put_dir(W_LOW(1), "d/e");
	put(W_LOW(1), "d/f", "low");
	fault_reset();
}

TestSuite(known, .init = start, .fini = world_end);

static const struct ovl_path locked = {.len = 4, .buf = "/l/d"};

static void learn(int fd)
{
	ovl_known_learn(fd, HASH, 1, ovl_known_version(fd), w.ss->dcache_moves);
}

static bool is_known(int fd)
{
	uint64_t hash = 0;
	int layer;
	bool found = ovl_known_find(fd, &hash, &layer);

	cr_expect(eq(u64, hash, found ? HASH : 0));
	return found;
}

/* Nothing at all is known of @fd, whatever its hash. */
static bool is_unknown(int fd)
{
	uint64_t hash;

	int layer;

	return !ovl_known_find(fd, &hash, &layer);
}

Test(known, what_was_learned_is_found_until_it_is_forgotten)
{
	cr_expect(not(is_known(FD)));
	learn(FD);
	cr_expect(is_known(FD));
	cr_expect(not(is_known(FD + 1)));
	ovl_known_forget(FD);
	cr_expect(not(is_known(FD)));
	learn(FD);
	cr_expect(is_known(FD));
}

Test(known, what_was_learned_is_gone_after_close)
{
	int fd = (int)view(SYS_open, at("d"), O_RDONLY | O_DIRECTORY);

	cr_assert(ge(int, fd, 0));
	learn(fd);
	cr_expect(eq(long, view(SYS_close, fd), 0));
	cr_expect(is_unknown(fd));
}

Test(known, a_descriptors_number_is_forgotten_when_it_becomes_another)
{
	int fd = (int)view(SYS_open, at("d"), O_RDONLY | O_DIRECTORY);
	int other = (int)view(SYS_open, at("d/e"), O_RDONLY | O_DIRECTORY);

	learn(fd);
	cr_expect(eq(long, view(SYS_dup2, other, fd), fd));
	cr_expect(is_unknown(fd));
	learn(fd);
	cr_expect(eq(long, view(SYS_dup3, other, fd, O_CLOEXEC), fd));
	cr_expect(is_unknown(fd));
}

Test(known, close_range_forgets_its_range_and_no_more)
{
	int fd = (int)view(SYS_open, at("d"), O_RDONLY | O_DIRECTORY);

	cr_assert(ge(int, fd, 0));
	for (int i = 0; i < 3; i++) {
		cr_assert_eq(dup2(fd, 50 + i), 50 + i);
		learn(50 + i);
	}
	cr_expect(eq(long, view(SYS_close_range, 51, 51, 0), 0));
	cr_expect(is_known(50));
	cr_expect(is_unknown(51));
	cr_expect(is_known(52));
	cr_expect(eq(long, view(SYS_close_range, 50, ~0U, 0), 0));
	cr_expect(is_unknown(50));
	cr_expect(is_unknown(52));
}

Test(known, a_change_of_cwd_is_forgotten)
{
	learn(AT_FDCWD);
	cr_expect(is_known(AT_FDCWD));
	cr_expect(eq(long, view(SYS_chdir, at("d")), 0));
	cr_expect(is_unknown(AT_FDCWD));
}

Test(known, an_answer_that_took_too_long_is_not_kept)
{
	uint32_t before = ovl_known_version(FD);

	ovl_known_forget(FD); /* closed and opened anew, while the kernel was asked */
	ovl_known_learn(FD, HASH, 1, before, w.ss->dcache_moves);
	cr_expect(not(is_known(FD)));
}

static void forget_it(void *unused)
{
	(void)unused;
	ovl_known_forget(FD);
}

Test(known, a_change_at_the_last_moment_wins)
{
	/* gettid comes after the first look at the version. */
	fault_hook(__NR_gettid, 1, forget_it, NULL);
	learn(FD);
	cr_expect(eq(uint, fault_count(__NR_gettid), 1));
	cr_expect(not(is_known(FD)));
}

Test(known, a_directory_moved_by_anyone_voids_everything)
{
	learn(FD);
	learn(AT_FDCWD);
	w.ss->dcache_moves++;
	cr_expect(not(is_known(FD)));
	cr_expect(not(is_known(AT_FDCWD)));
	learn(FD);
	cr_expect(is_known(FD));
}

Test(known, a_rename_of_a_directory_voids_everything)
{
	put_dir(W_UP, "u");
	learn(FD);
	cr_expect(eq(long, view(SYS_rename, at("u"), at("v")), 0));
	cr_expect(not(is_known(FD)));
}

Test(known, a_vfork_child_learns_nothing)
{
	/* Its thread's number in memory is the parent's, the kernel's is its own. */
	fault_set(__NR_gettid, FAULT_EACH, getpid() + 1);
	learn(FD);
	learn(AT_FDCWD);
	ovl_known_set_locked(FD, &locked);
	cr_expect(not(is_known(FD)));
	cr_expect(not(is_known(AT_FDCWD)));
	cr_expect(not(ovl_known_is_locked(FD, &locked)));
	fault_reset();
	learn(FD);
	cr_expect(is_known(FD));
}

Test(known, where_no_thread_is_told_nothing_is_learned_and_seldom_looked_for)
{
	unsigned many = 1000;

	fault_set(__NR_gettid, FAULT_EACH, 0x7eadbeef);
	for (unsigned i = 0; i < many; i++)
		learn(FD);
	cr_expect(not(is_known(FD)));
	cr_expect(lt(uint, fault_count(__NR_arch_prctl), 40));
	fault_reset();
	/* found at last: of so many, one in so many looks again */
	for (unsigned i = 0; i < 2 * many && !is_known(FD); i++)
		learn(FD);
	cr_expect(is_known(FD));
}

Test(known, a_directory_elsewhere_than_it_seems_is_no_base)
{
	ovl_known_learn(FD, HASH, OVL_KNOWN_ODD, ovl_known_version(FD), w.ss->dcache_moves);
	cr_expect(not(is_known(FD)));
}

Test(known, high_and_invalid_numbers_are_never_known)
{
	static const int fds[] = {PAST_ALL, 1 << 30, -1, -EBADF};

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		learn(fds[i]);
		cr_expect(not(is_known(fds[i])), "%d", fds[i]);
		ovl_known_set_locked(fds[i], &locked);
		cr_expect(not(ovl_known_is_locked(fds[i], &locked)), "%d", fds[i]);
		ovl_known_set_listing(fds[i], 7);
		cr_expect(eq(uint, ovl_known_listing(fds[i]), 0), "%d", fds[i]);
		ovl_known_forget(fds[i]);
	}
	learn(PAST_ALL - 1);
	cr_expect(is_known(PAST_ALL - 1));
	ovl_known_forget_range(0, ~0U);
	cr_expect(not(is_known(PAST_ALL - 1)));
}

Test(known, threads_with_cwds_of_their_own_know_none)
{
	learn(AT_FDCWD);
	learn(FD);
	cr_expect(eq(long, view(SYS_unshare, CLONE_FS), 0));
	cr_expect(not(is_known(AT_FDCWD)));
	learn(AT_FDCWD);
	cr_expect(not(is_known(AT_FDCWD)));
	cr_expect(is_known(FD));
}

Test(known, a_lock_and_a_listing_last_as_long_as_the_number)
{
	ovl_known_set_locked(FD, &locked);
	ovl_known_set_listing(FD, 7);
	cr_expect(ovl_known_is_locked(FD, &locked));
	cr_expect(not(ovl_known_is_locked(FD + 1, &locked)));
	cr_expect(eq(uint, ovl_known_listing(FD), 7));
	w.ss->dcache_moves++;
	cr_expect(ovl_known_is_locked(FD, &locked));
	ovl_known_forget_range(FD, FD);
	cr_expect(not(ovl_known_is_locked(FD, &locked)));
	cr_expect(eq(uint, ovl_known_listing(FD), 0));
}

Test(known, a_lock_is_of_one_object_whatever_became_of_the_number)
{
	static const struct ovl_path other = {.len = 4, .buf = "/l/e"};

	ovl_known_set_locked(FD, &locked);
	cr_expect(not(ovl_known_is_locked(FD, &other)));
	ovl_known_off();
	cr_expect(ovl_known_is_locked(FD, &locked));
	ovl_known_forget(FD);
	cr_expect(not(ovl_known_is_locked(FD, &locked)));
	ovl_known_set_locked(FD, &locked);
	cr_expect(ovl_known_is_locked(FD, &locked));
}

Test(known, a_listing_goes_on_as_it_began_when_nothing_else_is_known)
{
	learn(FD);
	ovl_known_set_listing(FD, 7);
	ovl_known_off();
	cr_expect(is_unknown(FD));
	cr_expect(eq(uint, ovl_known_listing(FD), 7));
}

Test(known, where_locks_go_is_remembered_until_the_number_is_another)
{
	cr_expect(not(ovl_known_meets(FD)));
	ovl_known_set_meets(FD, ovl_known_version(FD));
	cr_expect(ovl_known_meets(FD));
	ovl_known_forget(FD);
	cr_expect(not(ovl_known_meets(FD)));
	ovl_known_set_meets(FD, ovl_known_version(FD));
	ovl_known_forget_range(FD, FD);
	cr_expect(not(ovl_known_meets(FD)));
	ovl_known_set_meets(0, ovl_known_version(0));
	ovl_known_forget_range(0, 0);
	cr_expect(not(ovl_known_meets(0)));
	ovl_known_set_meets(PAST_ALL, ovl_known_version(PAST_ALL));
	cr_expect(not(ovl_known_meets(PAST_ALL)));
}

Test(known, where_locks_go_is_not_remembered_of_a_number_that_changed_meanwhile)
{
	uint32_t version = ovl_known_version(FD);

	ovl_known_forget(FD);
	ovl_known_set_meets(FD, version);
	cr_expect(not(ovl_known_meets(FD)));
}

Test(known, copies_whose_descriptors_are_all_moved_are_remembered)
{
	cr_expect(not(ovl_known_joined(HASH)));
	ovl_known_set_joined(HASH);
	cr_expect(ovl_known_joined(HASH));
	cr_expect(not(ovl_known_joined(HASH + 64))); /* of the same place */
	ovl_known_set_joined(HASH + 64);
	cr_expect(not(ovl_known_joined(HASH)));
}

Test(known, a_new_file_is_known_until_its_number_is_of_another)
{
	static const int flags[] = {O_WRONLY, O_RDWR};

	for (size_t i = 0; i < OVL_ARRAY_SIZE(flags); i++) {
		int fd = (int)view(SYS_open, at("new"), flags[i] | O_CREAT, 0600);

		cr_assert(ge(int, fd, 0));
		cr_expect(ovl_known_made(fd));
		cr_expect(ovl_known_meets(fd));
		cr_expect(eq(long, view(SYS_close, fd), 0));
		cr_expect(not(ovl_known_made(fd)));
		cr_assert_eq(view(SYS_unlink, at("new")), 0);
		ovl_known_set_made(fd); /* closed */
		cr_expect(not(ovl_known_made(fd)));
	}
}

Test(known, of_all_that_is_closed_at_once_a_new_file_is_forgotten_first)
{
	int fd = (int)view(SYS_open, at("new"), O_WRONLY | O_CREAT, 0600);

	cr_assert_eq(dup2(fd, 60), 60); /* a number that nothing was noted of */
	ovl_known_set_made(60);
	cr_expect(ovl_known_made(60));
	cr_expect(eq(long, view(SYS_close_range, 60, 60, 0), 0));
	cr_expect(not(ovl_known_made(60)));
}

Test(known, what_is_only_read_may_be_a_lowers)
{
	int fd = (int)view(SYS_open, at("d/f"), O_RDONLY);

	ovl_known_set_made(fd);
	cr_expect(not(ovl_known_made(fd)));
	close(fd);
	fd = (int)view(SYS_open, at("d/f"), O_PATH);
	ovl_known_set_made(fd);
	cr_expect(not(ovl_known_made(fd)));
	close(fd);
}

static void other_thread_closes(void *fd)
{
	ovl_known_forget((int)(long)fd);
}

Test(known, a_number_that_became_another_meanwhile_is_no_new_file)
{
	int fd = (int)view(SYS_open, at("new"), O_WRONLY | O_CREAT, 0600);

	ovl_known_forget(fd);
	fault_hook(__NR_fcntl, 1, other_thread_closes, (void *)(long)fd);
	ovl_known_set_made(fd);
	cr_expect(not(ovl_known_made(fd)));
}

Test(known, a_vfork_child_makes_no_file_known)
{
	int fd = (int)view(SYS_open, at("new"), O_WRONLY | O_CREAT, 0600);

	ovl_known_forget(fd);
	fault_set(__NR_gettid, FAULT_EACH, 1);
	ovl_known_set_made(fd);
	cr_expect(not(ovl_known_made(fd)));
}

/* Another thread's close, which has to wait for the change. */
static void *closes(void *arg)
{
	ovl_known_forget(*(int *)arg);
	return NULL;
}

Test(known, a_descriptor_that_is_changed_through_is_closed_afterwards)
{
	int fd = 7;
	pthread_t thread;
	struct timespec soon;

	ovl_known_pin(fd);
	cr_assert_eq(pthread_create(&thread, NULL, closes, &fd), 0);
	clock_gettime(CLOCK_REALTIME, &soon);
	soon.tv_nsec += 2000000;
	if (soon.tv_nsec >= 1000000000) {
		soon.tv_sec++;
		soon.tv_nsec -= 1000000000;
	}
	cr_expect(eq(int, pthread_timedjoin_np(thread, NULL, &soon), ETIMEDOUT));
	ovl_known_unpin(fd);
	cr_expect(eq(int, pthread_join(thread, NULL), 0));
}

Test(known, a_change_that_never_ends_is_not_waited_for)
{
	ovl_known_pin(AT_FDCWD);
	ovl_known_forget(AT_FDCWD);
	fault_reset();
	ovl_known_forget(AT_FDCWD);
	cr_expect(eq(uint, fault_total(), 0));
	ovl_known_unpin(AT_FDCWD); /* taken away: nothing */
	ovl_known_forget(AT_FDCWD);
	cr_expect(eq(uint, fault_total(), 0));
}
