/* SPDX-License-Identifier: MIT */
#include "wanted.h"

#include <criterion/criterion.h>

#include "ovl.h"
#include "ovl_session.h"

static uint64_t wanted[8];
static uint64_t spared[8];

static bool has(const uint64_t *set, long nr)
{
	return set[nr / 64] >> (nr % 64) & 1;
}

Test(wanted, a_program_the_loader_starts_gets_all_but_the_watched_may_be_missed)
{
	ovl_wanted_in_static(wanted, spared);
	for (long nr = 0; nr < 512; nr++) {
		cr_expect_eq(has(wanted, nr), ovl_nr_ours(nr), "%ld", nr);
		cr_expect_eq(has(spared, nr), ovl_nr_watched(nr), "%ld", nr);
	}
	cr_expect(has(spared, SYS_close));
	cr_expect(!has(spared, SYS_openat));
}

Test(wanted, of_a_program_that_has_a_libc_what_the_guard_does_not_trap)
{
	ovl_wanted_in_program(wanted);
	cr_expect(has(wanted, SYS_openat));
	cr_expect(has(wanted, SYS_stat));
	cr_expect(!has(wanted, SYS_unlink));
	cr_expect(!has(wanted, SYS_close));
	cr_expect(!has(wanted, SYS_read));
}

Test(wanted, of_libc_signals_with_the_guard_and_of_the_linker_mmap)
{
	ovl_wanted_in_libc(0, false, wanted, spared);
	cr_expect(!has(wanted, SYS_rt_sigaction));
	cr_expect(!has(wanted, SYS_mmap));
	cr_expect(has(wanted, SYS_unlink));
	ovl_wanted_in_libc(OVL_S_GUARD, false, wanted, spared);
	cr_expect(has(wanted, SYS_rt_sigaction) && has(spared, SYS_rt_sigaction));
	cr_expect(has(wanted, SYS_rt_sigprocmask));
	cr_expect(has(wanted, SYS_execve) && has(wanted, SYS_access));
	ovl_wanted_in_libc(OVL_S_GUARD, true, wanted, spared);
	cr_expect(has(wanted, SYS_mmap) && !has(spared, SYS_mmap));
	cr_expect(has(spared, SYS_dup2) && has(wanted, SYS_dup2));
}

Test(wanted, of_the_linker_nothing_that_it_does_before_us)
{
	ovl_wanted_in_libc(OVL_S_GUARD, true, wanted, spared);
	cr_expect(!has(wanted, SYS_execve) && !has(wanted, SYS_access));
	cr_expect(!has(wanted, SYS_rt_sigaction) && !has(spared, SYS_rt_sigaction));
	cr_expect(has(wanted, SYS_openat) && has(wanted, SYS_readlink));
}

Test(wanted, what_is_rare_is_left_to_the_guard_where_there_is_one)
{
	ovl_wanted_in_libc(OVL_S_GUARD, false, wanted, spared);
	cr_expect(!has(wanted, SYS_chroot) && !has(wanted, SYS_umount2));
	cr_expect(has(wanted, SYS_unlink));
	ovl_wanted_in_libc(0, false, wanted, spared);
	cr_expect(has(wanted, SYS_chroot) && has(wanted, SYS_umount2));
}
