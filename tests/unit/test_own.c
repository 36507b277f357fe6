/* SPDX-License-Identifier: MIT */
#include "own.h"

#include <asm/unistd.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <linux/prctl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "loadertext.h"
#include "session.h"
#include "sigsys.h"
#include "trap.h"

#define BIT(sig) (1UL << ((sig)-1))

/* The kernel's own struct sigaction. */
struct action {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

/* As by a trapped or a rewritten call of the program's. */
static long own(long nr, long a, const void *b, void *c, long d)
{
	struct ovl_call call = {.nr = nr, .arg = {a, (long)b, (long)c, d}};

	ovl_own_call(&call);
	return call.ret;
}

static uint64_t mask_now(void)
{
	uint64_t mask = 0;

	syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, 8);
	return mask;
}

static struct action action_of(int sig)
{
	struct action a = {0};

	cr_assert_eq(syscall(SYS_rt_sigaction, sig, NULL, &a, 8), 0);
	return a;
}

static void handler(int sig)
{
	(void)sig;
}

static volatile int noted;

static void note(int sig)
{
	noted = sig;
}

static void programs_restorer(void)
{
}

Test(own, calls_about_signals_and_threads_are_told_apart)
{
	cr_expect(eq(int, ovl_own_kind(__NR_clone), OVL_OWN_FORK));
	cr_expect(eq(int, ovl_own_kind(__NR_vfork), OVL_OWN_FORK));
	cr_expect(eq(int, ovl_own_kind(__NR_fork), OVL_OWN_FORK));
	cr_expect(eq(int, ovl_own_kind(__NR_rt_sigreturn), OVL_OWN_RETURN));
	cr_expect(eq(int, ovl_own_kind(__NR_rt_sigaction), OVL_OWN_CALL));
	cr_expect(eq(int, ovl_own_kind(__NR_rt_sigprocmask), OVL_OWN_CALL));
	cr_expect(eq(int, ovl_own_kind(__NR_clone3), OVL_OWN_CALL));
	cr_expect(eq(int, ovl_own_kind(__NR_openat), OVL_OWN_NOT));
	cr_expect(eq(int, ovl_own_kind(__NR_mmap), OVL_OWN_NOT));
	cr_expect(eq(int, ovl_own_kind(-1), OVL_OWN_NOT));
}

Test(own, under_dispatch_a_mask_never_blocks_our_signal)
{
	const uint64_t all = ~0UL;
	uint64_t old = 1;

	ovl_own_dispatched();
	cr_expect(eq(long, own(__NR_rt_sigprocmask, SIG_SETMASK, &all, &old, 8), 0));
	cr_expect(eq(u64, old, 0));
	cr_expect(eq(u64, mask_now(), ~(BIT(SIGSYS) | BIT(SIGKILL) | BIT(SIGSTOP))));
	cr_expect(eq(long, own(__NR_rt_sigprocmask, SIG_BLOCK, NULL, &old, 8), 0));
	cr_expect(eq(u64, old & BIT(SIGSYS), BIT(SIGSYS))); /* as the program believes */
	cr_expect(eq(long, own(__NR_rt_sigprocmask, SIG_UNBLOCK, &all, NULL, 8), 0));
	cr_expect(eq(u64, mask_now(), 0));
	cr_expect(eq(long, own(__NR_rt_sigprocmask, SIG_BLOCK, &all, NULL, 8), 0));
	cr_expect(eq(u64, mask_now() & BIT(SIGSYS), 0));
	cr_expect(eq(u64, mask_now() & BIT(SIGTERM), BIT(SIGTERM)));
}

Test(own, who_asks_for_a_handler_sees_the_programs_way_back)
{
	const struct action first = {handler, 0x04000000, programs_restorer, 0};
	const struct action second = {note, 0x04000000, (void (*)(void))note, 0};
	struct action old = {0};

	ovl_own_dispatched();
	cr_expect(eq(long, own(__NR_rt_sigaction, SIGUSR1, &first, NULL, 8), 0));
	cr_expect(eq(ptr, (void *)action_of(SIGUSR1).restorer, (void *)ovl_trap_restorer));
	cr_expect(eq(long, own(__NR_rt_sigaction, SIGUSR1, &second, &old, 8), 0));
	cr_expect(eq(ptr, (void *)old.restorer, (void *)programs_restorer));
	cr_expect(eq(long, own(__NR_rt_sigaction, SIGUSR1, NULL, &old, 8), 0));
	cr_expect(eq(ptr, (void *)old.restorer, (void *)note));
	cr_expect(eq(long, own(__NR_rt_sigaction, SIGUSR2, NULL, &old, 8), 0));
	cr_expect(eq(ptr, (void *)old.restorer, NULL));
}

Test(own, a_mask_that_is_only_asked_for_or_wrong_is_the_kernels)
{
	const uint64_t term = BIT(SIGTERM);
	uint64_t old = 0;

	own(__NR_rt_sigprocmask, SIG_SETMASK, &term, NULL, 8);
	cr_expect(eq(long, own(__NR_rt_sigprocmask, SIG_BLOCK, NULL, &old, 8), 0));
	cr_expect(eq(u64, old, BIT(SIGTERM)));
	cr_expect(eq(long, own(__NR_rt_sigprocmask, SIG_BLOCK, &term, NULL, 4), -EINVAL));
	cr_expect(eq(long, own(__NR_rt_sigprocmask, 77, &term, NULL, 8), -EINVAL));
	cr_expect(eq(long, own(__NR_rt_sigprocmask, SIG_BLOCK, (void *)8, NULL, 8), -EFAULT));
	cr_expect(eq(u64, mask_now(), BIT(SIGTERM)));
}

Test(own, under_dispatch_our_signal_waits_as_its_stand_in)
{
	const uint64_t sys = BIT(SIGSYS);
	uint64_t pending = 0;

	session_make();
	ovl_sigsys_init();
	ovl_own_dispatched();
	cr_assert_eq(own(__NR_rt_sigprocmask, SIG_BLOCK, &sys, NULL, 8), 0);
	kill(getpid(), SIGSYS);
	cr_expect(eq(u64, mask_now(), BIT(SIGSTKFLT)));
	syscall(SYS_rt_sigpending, &pending, 8);
	cr_expect(eq(u64, pending, BIT(SIGSTKFLT)));
	/* and comes as itself */
	cr_assert_eq(own(__NR_rt_sigaction, SIGSYS, &(struct action){.handler = note}, NULL, 8), 0);
	cr_assert_eq(own(__NR_rt_sigprocmask, SIG_UNBLOCK, &sys, NULL, 8), 0);
	cr_expect(eq(int, noted, SIGSYS));
	cr_expect(eq(u64, mask_now(), 0));
}

Test(own, our_signal_that_was_sent_is_really_blocked_where_the_program_blocks_it)
{
	const uint64_t sys = BIT(SIGSYS);
	uint64_t pending = 0;

	session_make();
	ovl_sigsys_init();
	ovl_sigsys_unblock();
	cr_assert_eq(own(__NR_rt_sigprocmask, SIG_BLOCK, &sys, NULL, 8), 0);
	cr_expect(eq(u64, mask_now(), BIT(SIGSTKFLT)));
	kill(getpid(), SIGSYS);
	syscall(SYS_rt_sigpending, &pending, 8);
	cr_expect(eq(u64, pending, BIT(SIGSYS)));
	cr_assert_eq(own(__NR_rt_sigaction, SIGSYS, &(struct action){.handler = note}, NULL, 8), 0);
	cr_assert_eq(own(__NR_rt_sigprocmask, SIG_UNBLOCK, &sys, NULL, 8), 0);
	cr_expect(eq(int, noted, SIGSYS));
	cr_expect(eq(u64, mask_now(), 0));
}

Test(own, without_dispatch_masks_are_what_the_program_says)
{
	const struct action act = {handler, SA_RESTART | 0x04000000, programs_restorer, ~0UL};
	const uint64_t stand_in = BIT(SIGSTKFLT);

	cr_expect(eq(long, own(__NR_rt_sigaction, SIGUSR1, &act, NULL, 8), 0));
	cr_expect(eq(u64, action_of(SIGUSR1).mask & BIT(SIGSYS), BIT(SIGSYS)));
	cr_expect(eq(ptr, (void *)action_of(SIGUSR1).restorer, (void *)programs_restorer));
	/* but what the program before this one has left */
	cr_assert_eq(own(__NR_rt_sigprocmask, SIG_SETMASK, &stand_in, NULL, 8), 0);
	ovl_sigsys_let_block();
	cr_expect(eq(u64, mask_now(), BIT(SIGSYS) | BIT(SIGSTKFLT)));
}

Test(own, under_dispatch_a_handler_returns_by_our_text)
{
	const struct action act = {handler, SA_RESTART | 0x04000000, programs_restorer, ~0UL};
	struct action old = {.mask = 1};
	struct action now;

	ovl_own_dispatched();
	cr_expect(eq(long, own(__NR_rt_sigaction, SIGUSR1, &act, &old, 8), 0));
	cr_expect(eq(ptr, (void *)old.handler, NULL));
	now = action_of(SIGUSR1);
	cr_expect(eq(ptr, (void *)now.handler, (void *)handler));
	cr_expect(eq(ptr, (void *)now.restorer, (void *)ovl_trap_restorer));
	cr_expect(eq(ulong, now.flags, SA_RESTART | 0x04000000));
	cr_expect(eq(u64, now.mask & BIT(SIGSYS), 0));
	cr_expect(eq(u64, now.mask & BIT(SIGTERM), BIT(SIGTERM)));
	cr_expect(eq(u64, act.mask, ~0UL));
	cr_expect(eq(long, own(__NR_rt_sigaction, SIGUSR1, NULL, &old, 8), 0));
	cr_expect(eq(u64, old.mask & BIT(SIGSYS), BIT(SIGSYS))); /* as the program believes */
}

Test(own, the_programs_handler_of_our_signal_is_its_stand_ins)
{
	const struct action act = {.handler = handler};
	struct action old = {0};

	cr_expect(eq(long, own(__NR_rt_sigaction, SIGSYS, &act, NULL, 8), 0));
	cr_expect(eq(ptr, (void *)action_of(SIGSTKFLT).handler, (void *)handler));
	cr_expect(ne(ptr, (void *)action_of(SIGSYS).handler, (void *)handler));
	cr_expect(eq(long, own(__NR_rt_sigaction, SIGSYS, NULL, &old, 8), 0));
	cr_expect(eq(ptr, (void *)old.handler, (void *)handler));
}

Test(own, an_action_that_is_only_asked_for_or_wrong_is_the_kernels)
{
	struct action act = {.handler = handler};

	cr_expect(eq(long, own(__NR_rt_sigaction, SIGKILL, &act, NULL, 8), -EINVAL));
	cr_expect(eq(long, own(__NR_rt_sigaction, SIGUSR1, &act, NULL, 4), -EINVAL));
	cr_expect(eq(long, own(__NR_rt_sigaction, SIGUSR1, (void *)8, NULL, 8), -EFAULT));
	cr_expect(eq(long, own(__NR_rt_sigaction, SIGUSR1, NULL, &act, 8), 0));
	cr_expect(eq(ptr, (void *)act.handler, NULL));
}

Test(own, handlers_that_are_there_already_are_taken_over)
{
	const struct action act = {handler, 0x04000000, programs_restorer, ~0UL};

	cr_assert_eq(syscall(SYS_rt_sigaction, SIGUSR1, &act, NULL, 8), 0);
	ovl_own_adopt();
	cr_expect(eq(u64, action_of(SIGUSR1).mask & (BIT(SIGSYS) | BIT(SIGTERM)), BIT(SIGTERM)));
	cr_expect(eq(ptr, (void *)action_of(SIGUSR1).restorer, (void *)programs_restorer));
	cr_expect(eq(ptr, (void *)action_of(SIGUSR2).handler, NULL));
}

Test(own, clone3_is_not_there)
{
	cr_expect(eq(long, own(__NR_clone3, 0, NULL, NULL, 0), -ENOSYS));
}

Test(own, dispatch_is_ended_by_nobody_but_the_object_that_takes_over)
{
	session_make();
	cr_expect(eq(long, own(__NR_prctl, 59, NULL, NULL, 0), -EINVAL));
	cr_expect(eq(long, own(__NR_prctl, PR_GET_DUMPABLE, NULL, NULL, 0), 1));
	ovl_own_expect_end();
	cr_expect(eq(long, own(__NR_prctl, 59, NULL, NULL, 0), 0));
}
