/* SPDX-License-Identifier: MIT */
#include "origins.h"

#include "fault.h"
#include "fixture.h"

static struct statx copy;

static void start(void)
{
	world_make(1);
	cr_assert_eq(statx(AT_FDCWD, in(W_UP, ""), 0, STATX_BASIC_STATS | STATX_BTIME, &copy), 0);
	copy.stx_mask |= STATX_BTIME;
	copy.stx_ino = 77;
	copy.stx_btime.tv_sec = 1000;
	copy.stx_btime.tv_nsec = 5;
}

TestSuite(origins, .init = start, .fini = world_end);

Test(origins, a_copy_is_known_by_number_and_time_of_birth)
{
	uint64_t ino = 0;

	cr_expect(not(ovl_origins_find(&copy, &ino)));
	ovl_origins_add(&copy, 4711);
	cr_expect(ovl_origins_find(&copy, &ino));
	cr_expect(eq(u64, ino, 4711));
	copy.stx_btime.tv_nsec++; /* another object, to which the number was given anew */
	cr_expect(not(ovl_origins_find(&copy, &ino)));
	copy.stx_btime.tv_nsec--;
	copy.stx_ino++;
	cr_expect(not(ovl_origins_find(&copy, &ino)));
}

Test(origins, without_a_time_of_birth_nothing_is_known)
{
	uint64_t ino;

	copy.stx_mask &= ~(unsigned)STATX_BTIME;
	ovl_origins_add(&copy, 4711);
	cr_expect(not(ovl_origins_find(&copy, &ino)));
	copy.stx_mask |= STATX_BTIME;
	cr_expect(not(ovl_origins_find(&copy, &ino)));
}

Test(origins, an_object_of_another_file_system_is_no_copy)
{
	uint64_t ino;

	ovl_origins_add(&copy, 4711);
	copy.stx_dev_minor++;
	cr_expect(not(ovl_origins_find(&copy, &ino)));
}

Test(origins, half_an_entry_is_none)
{
	uint64_t ino;

	ovl_origins_add(&copy, 4711);
	for (unsigned i = 0; i < 1u << OVL_ORIGINS_LOG2; i++) {
		if (w.ss->origins[i].ino)
			w.ss->origins[i].ino = 4712;
	}
	cr_expect(not(ovl_origins_find(&copy, &ino)));
}

Test(origins, of_a_copy_the_xattr_is_asked_once)
{
	struct stat st;
	uint64_t was;

	put(W_LOW(1), "f", "low");
	was = lstat_of(W_LOW(1), "f").st_ino;
	cr_expect(eq(long, view(SYS_chmod, at("f"), 0600), 0));
	cr_expect(eq(long, view(SYS_stat, at("f"), &st), 0));
	fault_reset();
	cr_expect(eq(long, view(SYS_stat, at("f"), &st), 0));
	cr_expect(eq(uint, fault_count(__NR_lgetxattr), 0));
	cr_expect(eq(u64, st.st_ino, was));
}

Test(origins, a_record_beside_a_known_origin_is_shown)
{
	struct stat st;

	put(W_LOW(1), "f", "low");
	cr_expect(eq(long, view(SYS_chmod, at("f"), 0600), 0));
	for (int i = 0; i < 2; i++)
		cr_expect(eq(long, view(SYS_stat, at("f"), &st), 0));
	cr_assert_eq(setxattr(in(W_UP, "f"), "user.containers.override_stat", "12:34:0600", 10, 0),
		     0);
	w.ss->overrides = 1;
	cr_expect(eq(long, view(SYS_stat, at("f"), &st), 0));
	cr_expect(eq(uint, st.st_uid, 12));
}
