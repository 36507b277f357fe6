/* SPDX-License-Identifier: MIT */
#include "record.h"

#include "fault.h"
#include "fixture.h"

static struct statx st;

/* A symlink of upper, which can hold no xattr of ours. */
static void start(void)
{
	world_make(1);
	cr_assert_eq(symlink("text", in(W_UP, "l")), 0);
	cr_assert_eq(statx(AT_FDCWD, in(W_UP, "l"), AT_SYMLINK_NOFOLLOW,
			   STATX_BASIC_STATS | STATX_BTIME, &st),
		     0);
}

TestSuite(record, .init = start, .fini = world_end);

static const struct ovl_record full = {
	.origin = {.ino = 0x123456789abcULL, .major = 254, .minor = 3},
	.has_owner = true,
	.owner = {.uid = 12, .gid = 34, .mode = 04751},
};

Test(record, what_is_set_comes_back)
{
	struct ovl_record r;

	cr_assert(eq(int, ovl_record_set(&st, &full), 0));
	cr_assert(eq(int, ovl_record_get(&st, &r), 0));
	cr_expect(eq(u64, r.origin.ino, full.origin.ino));
	cr_expect(eq(u32, r.origin.major, 254));
	cr_expect(eq(u32, r.origin.minor, 3));
	cr_expect(r.has_owner);
	cr_expect(eq(uint, r.owner.uid, 12));
	cr_expect(eq(uint, r.owner.gid, 34));
	cr_expect(eq(uint, r.owner.mode, 04751));
	cr_expect(not(r.device));
}

Test(record, without_an_owner_none_comes_back)
{
	struct ovl_record r = {.origin = full.origin, .device = true};

	cr_assert(eq(int, ovl_record_set(&st, &r), 0));
	cr_assert(eq(int, ovl_record_get(&st, &r), 0));
	cr_expect(not(r.has_owner));
	cr_expect(r.device);
	cr_expect(ovl_record_is_device(&st));
}

Test(record, a_number_used_again_has_no_record)
{
	struct ovl_record r;

	cr_assert(eq(int, ovl_record_set(&st, &full), 0));
	st.stx_btime.tv_nsec ^= 1;
	cr_expect(eq(int, ovl_record_get(&st, &r), -ENOENT));
}

Test(record, nothing_is_asked_for_what_was_never_recorded)
{
	struct ovl_record r;

	fault_reset();
	cr_expect(eq(int, ovl_record_get(&st, &r), -ENOENT));
	cr_expect(not(ovl_record_is_device(&st)));
	cr_expect(eq(uint, fault_total(), 0));
}

Test(record, it_goes_with_the_last_name_and_not_before)
{
	struct ovl_record r;

	cr_assert(eq(int, ovl_record_set(&st, &full), 0));
	st.stx_nlink = 2;
	ovl_record_drop(&st);
	cr_expect(eq(int, ovl_record_get(&st, &r), 0));
	st.stx_nlink = 1;
	ovl_record_drop(&st);
	cr_expect(eq(int, ovl_record_get(&st, &r), -ENOENT));
}

Test(record, a_full_disk_is_told_and_the_old_record_stays)
{
	struct ovl_record r = full;

	cr_assert(eq(int, ovl_record_set(&st, &full), 0));
	r.origin.ino = 7;
	fault_set(__NR_symlinkat, 1, -ENOSPC);
	cr_expect(eq(int, ovl_record_set(&st, &r), -ENOSPC));
	cr_assert(eq(int, ovl_record_get(&st, &r), 0));
	cr_expect(eq(u64, r.origin.ino, full.origin.ino));
}

Test(record, regular_files_and_directories_need_none)
{
	struct statx f = {.stx_mode = S_IFREG | 0644};
	struct statx d = {.stx_mode = S_IFDIR | 0755};

	cr_expect(not(ovl_record_fits(&f)));
	cr_expect(not(ovl_record_fits(&d)));
	cr_expect(ovl_record_fits(&st));
}
