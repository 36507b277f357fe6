/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "ops.h"
#include "ovl_guard.h"
#include "scratch.h"
#include "tail.h"

#include "fault.h"
#include "fixture.h"

#define SLOTS 4 /* that cost no call */

static struct stat st;

static void start(void)
{
	world_make(1);
	put_dir(W_LOW(1), "d");
	put(W_LOW(1), "d/f", "low");
	fault_reset();
}

TestSuite(enter, .init = start, .fini = world_end);

/* Slots that can be had without a call: all of them between two calls of the program's. */
static int slots_free(void)
{
	struct ovl_slot *slot[SLOTS + 1];
	unsigned maps = fault_count(__NR_mmap);
	int n = 0;

	while (n <= SLOTS) {
		slot[n++] = ovl_slot_take();
		if (fault_count(__NR_mmap) != maps)
			break;
	}
	for (int i = 0; i < n; i++)
		ovl_slot_put(slot[i]);
	return n - 1;
}

static sigset_t seen;

static void look_at_mask(void *unused)
{
	(void)unused;
	sigprocmask(SIG_SETMASK, NULL, &seen);
}

Test(enter, a_slow_call_works_with_signals_blocked_and_gives_the_mask_back)
{
	sigset_t own;
	sigset_t after;

	sigemptyset(&own);
	sigaddset(&own, SIGUSR1);
	sigprocmask(SIG_SETMASK, &own, NULL);
	fault_hook(__NR_mkdirat, 1, look_at_mask, NULL);
	cr_expect(eq(long, view(SYS_mkdir, at("n"), 0755), 0));
	cr_expect(eq(int, sigismember(&seen, SIGINT), 1));
	cr_expect(eq(int, sigismember(&seen, SIGALRM), 1));
	cr_expect(eq(int, sigismember(&seen, SIGRTMAX), 1));
	cr_expect(eq(int, sigismember(&seen, SIGSEGV), 0));
	cr_expect(eq(int, sigismember(&seen, SIGBUS), 0));
	cr_expect(eq(uint, fault_count(__NR_rt_sigprocmask), 2));
	sigprocmask(SIG_SETMASK, NULL, &after);
	for (int sig = 1; sig < 32; sig++)
		cr_expect(eq(int, sigismember(&after, sig), sig == SIGUSR1), "signal %d", sig);
}

Test(enter, a_call_that_the_tables_tell_leaves_signals_alone)
{
	int fd = open("/dev/null", O_RDONLY);

	cr_expect(eq(long, view(SYS_lseek, fd, 0, SEEK_CUR), 0));
	cr_expect(eq(long, view(SYS_close, fd), 0));
	cr_expect(eq(uint, fault_count(__NR_rt_sigprocmask), 0));
}

Test(enter, a_call_that_is_not_ours_passes_untouched)
{
	static const long nr[] = {SYS_getpid, SYS_read, SYS_write, SYS_mmap, -1, 511, 512, 1 << 20};

	for (size_t i = 0; i < sizeof(nr) / sizeof(nr[0]); i++) {
		struct ovl_call c = {.nr = nr[i], .arg = {1, 2, 3, 4, 5, 6}, .ret = 77};

		if (ovl_nr_ours(nr[i]))
			continue;
		cr_expect(eq(int, ovl_enter(&c), OVL_PASS), "%ld", nr[i]);
		cr_expect(eq(long, c.ret, 77));
		cr_expect(eq(long, c.arg[5], 6));
	}
	cr_expect(not(ovl_nr_ours(SYS_getpid)));
	cr_expect(not(ovl_nr_ours(-1)));
	cr_expect(eq(uint, fault_total(), 0));
}

/* The key alone is what a handler's registers may hold that interrupted one of our own calls. */
Test(enter, a_call_with_key_and_mark_is_made_past_the_view)
{
	struct ovl_call call = {.nr = SYS_unlink, .arg = {at("d/f"), 0, 0, 0, 0, 0}};

	call.arg[4] = (long)OVL_GUARD_PAST;
	call.arg[5] = (long)OVL_GUARD_KEY;
	cr_expect(eq(int, ovl_enter(&call), OVL_PASS));
	cr_expect(eq(uint, fault_total(), 0));
	call.arg[4] = 0;
	cr_expect(eq(int, ovl_enter(&call), OVL_DONE));
	cr_expect(eq(long, call.ret, 0));
}

Test(enter, without_a_session_everything_passes)
{
	struct ovl_call c = {.nr = SYS_unlink, .arg = {at("d/f")}};

	ovl_ss = NULL;
	cr_expect(eq(int, ovl_enter(&c), OVL_PASS));
	cr_expect(eq(uint, fault_total(), 0));
	ovl_ss = w.ss;
	cr_expect(eq(int, ovl_enter(&c), OVL_DONE));
	cr_expect(eq(long, c.ret, 0));
}

Test(enter, a_race_without_end_is_given_up_with_the_calls_own_error)
{
	fault_set(__NR_mkdirat, FAULT_EACH, -EEXIST);
	cr_expect(eq(long, view(SYS_mkdir, at("n"), 0755), -EEXIST));
	cr_expect(eq(uint, fault_count(__NR_mkdirat), OVL_AGAIN_MAX));
	cr_expect(eq(uint, fault_count(__NR_rt_sigprocmask), 2));
	cr_expect(eq(int, slots_free(), SLOTS));
}

Test(enter, a_race_that_ends_is_not_told)
{
	fault_set(__NR_mkdirat, 1, -EEXIST);
	fault_set(__NR_mkdirat, 2, -EEXIST);
	cr_expect(eq(long, view(SYS_mkdir, at("n"), 0755), 0));
	cr_expect(eq(uint, fault_count(__NR_mkdirat), 3));
	cr_expect(is_there(W_UP, "n"));
}

Test(enter, every_slot_is_free_afterwards)
{
	char buf[16];

	for (int i = 0; i < 3 * SLOTS; i++) {
		cr_expect(eq(long, view(SYS_stat, at("d/f"), &st), 0));
		cr_expect(eq(long, view(SYS_stat, at("d/none"), &st), -ENOENT));
		cr_expect(eq(long, view(SYS_readlink, at("d/f"), buf, sizeof(buf)), -EINVAL));
		cr_expect(eq(long, view(SYS_stat, "/", &st), 0));
	}
	cr_expect(eq(uint, fault_count(__NR_mmap), 0));
	cr_expect(eq(int, slots_free(), SLOTS));
}

Test(enter, without_memory_for_a_slot_the_call_fails_and_works_again_later)
{
	struct ovl_slot *slot[SLOTS];

	for (int i = 0; i < SLOTS; i++)
		slot[i] = ovl_slot_take();
	fault_set(__NR_mmap, FAULT_EACH, -ENOMEM);
	cr_expect(eq(long, view(SYS_stat, at("d/f"), &st), -ENOMEM));
	cr_expect(eq(long, view(SYS_unlink, at("d/f")), -ENOMEM));
	cr_expect(eq(uint, fault_count(__NR_rt_sigprocmask), 0));
	ovl_slot_put(slot[0]);
	cr_expect(eq(long, view(SYS_stat, at("d/f"), &st), 0));
}

Test(enter, a_tail_keeps_its_slot_until_it_is_done)
{
	struct ovl_call c = {.nr = SYS_stat, .arg = {at("l"), (long)&st}};

	put_link(W_LOW(1), "l", "/dev/null");
	cr_assert(eq(int, ovl_enter(&c), OVL_TAIL));
	cr_expect(eq(str, (char *)c.tail->arg[0], (char *)"/dev/null"));
	/* The program's own mask is back: its call may block. */
	cr_expect(eq(uint, fault_count(__NR_rt_sigprocmask), 2));
	cr_expect(eq(int, slots_free(), SLOTS - 1));
	ovl_after(&c);
	cr_expect(eq(int, slots_free(), SLOTS));
}

Test(enter, what_a_tail_holds_open_is_closed_after_it)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct ovl_call c = {.nr = SYS_connect, .arg = {0, (long)&addr, sizeof(addr)}};
	char deep[101];
	int before;

	memset(deep, 'x', 100);
	deep[100] = '\0';
	put_dir(W_LOW(1), deep);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%.60s/l", (char *)at(""));
	put_link(W_LOW(1), "l", deep); /* a real path that no address has room for */
	c.arg[0] = socket(AF_UNIX, SOCK_STREAM, 0);
	before = fds_open();
	cr_assert(eq(int, ovl_enter(&c), OVL_TAIL));
	cr_expect(eq(int, c.tail->kind, OVL_TAIL_CLOSE));
	cr_expect(eq(int, fds_open(), before + 1));
	ovl_after(&c);
	cr_expect(eq(int, fds_open(), before));
	cr_expect(eq(int, slots_free(), SLOTS));
}

static struct ovl_call other = {.nr = SYS_stat};

static void enter_again(void *unused)
{
	(void)unused;
	ovl_enter(&other);
}

Test(enter, a_call_within_a_call_has_a_slot_of_its_own)
{
	static struct stat inner;

	other.arg[0] = at("d/f");
	other.arg[1] = (long)&inner;
	fault_hook(__NR_mkdirat, 1, enter_again, NULL);
	cr_expect(eq(long, view(SYS_mkdir, at("n"), 0755), 0));
	cr_expect(eq(long, other.ret, 0));
	cr_expect(eq(long, inner.st_size, 3));
	cr_expect(is_there(W_UP, "n"));
	cr_expect(eq(int, slots_free(), SLOTS));
}
