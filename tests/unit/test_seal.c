/* SPDX-License-Identifier: MIT */
#include "seal.h"

#include "fault.h"
#include "fixture.h"

#include <sys/xattr.h>

static const char *file;

static void start(void)
{
	world_make(1);
	put(W_UP, "f", "text");
	file = strdup(in(W_UP, "f"));
	if (setxattr(file, "user.ovl.probe", "", 0, 0))
		cr_skip("no user xattrs in /tmp");
}

TestSuite(seal, .init = start, .fini = world_end);

static struct statx now(void)
{
	struct statx st;

	cr_assert_eq(statx(AT_FDCWD, file, 0, STATX_BASIC_STATS, &st), 0);
	return st;
}

static bool fits(void)
{
	struct statx st = now();

	return ovl_seal_fits(__NR_getxattr, file, &st);
}

Test(seal, writing_takes_suid_and_the_sgid_that_is_not_for_locking)
{
	unsigned mine = (unsigned)getegid();

	cr_expect(eq(uint, ovl_seal_bits(S_IFREG | 0755, mine), 0));
	cr_expect(eq(uint, ovl_seal_bits(S_IFREG | 04755, mine), 04000));
	cr_expect(eq(uint, ovl_seal_bits(S_IFREG | 06755, mine), 06000));
	cr_expect(eq(uint, ovl_seal_bits(S_IFREG | 02745, mine), 0));
	cr_expect(eq(uint, ovl_seal_bits(S_IFREG | 02745, mine + 1), 02000));
}

Test(seal, what_was_never_sealed_fits)
{
	cr_expect(fits());
}

Test(seal, a_seal_fits_until_size_or_time_are_others)
{
	const struct timespec other[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = 1000000000}};
	struct statx st;

	ovl_seal(file, true);
	cr_expect(fits());
	st = now();
	st.stx_size++;
	cr_expect(not(ovl_seal_fits(__NR_getxattr, file, &st)));
	st = now();
	st.stx_mtime.tv_nsec ^= 1;
	cr_expect(not(ovl_seal_fits(__NR_getxattr, file, &st)));
	cr_assert_eq(utimensat(AT_FDCWD, file, other, 0), 0);
	cr_expect(not(fits()));
	ovl_seal(file, false);
	cr_expect(fits());
}

Test(seal, what_is_not_there_is_not_sealed)
{
	struct statx st = now();
	char none[PATH_MAX];

	snprintf(none, sizeof(none), "%s.none", file);
	ovl_seal(none, true);
	ovl_seal(none, false);
	cr_expect(eq(int, access(none, F_OK), -1));
	cr_expect(ovl_seal_fits(__NR_getxattr, none, &st));
}
