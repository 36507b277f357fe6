/* SPDX-License-Identifier: MIT */
#include "tight.h"

#include <signal.h>

#include "fault.h"
#include "fixture.h"

static char memory[16384];

static void start(void)
{
	world_make_same_root();
	put(W_LOW(1), "f", "text");
}

TestSuite(tight, .init = start, .fini = world_end);

static long set_stack(size_t size, int flags)
{
	const stack_t ss = {.ss_sp = memory, .ss_size = size, .ss_flags = flags};

	return view(SYS_sigaltstack, &ss, NULL);
}

static bool is_slow(void)
{
	struct stat st;

	cr_assert(eq(long, view(SYS_stat, at("f"), &st), 0));
	fault_reset();
	cr_assert(eq(long, view(SYS_stat, at("f"), &st), 0));
	return was_slow();
}

Test(tight, a_small_stack_ends_the_fast_path)
{
	cr_expect(not(is_slow()));
	cr_expect(eq(long, set_stack(4096, 0), 0));
	cr_expect(is_slow());
}

Test(tight, a_stack_of_the_usual_size_does_not)
{
	cr_expect(eq(long, set_stack(8192, 0), 0));
	cr_expect(not(is_slow()));
}

Test(tight, nor_does_one_that_is_not_set_up)
{
	cr_expect(eq(long, set_stack(4096, SS_DISABLE), 0));
	cr_expect(eq(long, set_stack(16, 0), -ENOMEM));
	cr_expect(eq(long, view(SYS_sigaltstack, NULL, NULL), 0));
	cr_expect(eq(long, view(SYS_sigaltstack, 4, NULL), -EFAULT));
	cr_expect(not(is_slow()));
}
