/* SPDX-License-Identifier: MIT */
#include "linkindex.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "scratch_session.h"

static struct ovl_run run;

static void start(void)
{
	scratch_make();
	run = (struct ovl_run){.upper = "up", .work = "work"};
	mkdir("up", 0755);
	mkdir("work", 0755);
	cr_assert_eq(ovl_linkindex_open(&run, ss), 0);
}

TestSuite(linkindex, .init = start, .fini = scratch_end);

static bool is_origin(const char *name)
{
	struct stat st;

	cr_assert_eq(lstat(name, &st), 0);
	return ovl_filter_maybe(&ss->origin, ovl_hash_mix(st.st_ino));
}

Test(linkindex, a_copy_without_a_name_in_upper_is_noted)
{
	touch("work/index/77-801");
	touch("work/index/other");
	cr_assert_eq(ovl_linkindex_open(&run, ss), 0);
	cr_expect(is_origin("work/index/77-801"));
	cr_expect_not(is_origin("work/index/other"));
	cr_expect_not(ss->overrides);
}

Test(linkindex, its_recorded_owner_too)
{
	touch("work/index/77-801");
	cr_assert_eq(
		setxattr("work/index/77-801", "user.containers.override_stat", "0:0:0600", 8, 0),
		0);
	cr_assert_eq(ovl_linkindex_open(&run, ss), 0);
	cr_expect(ss->overrides);
}

Test(linkindex, a_record_tells_an_owner_by_its_colons)
{
	cr_assert_eq(symlink("5 8 1 10.20", "work/index/u-99"), 0);
	cr_assert_eq(ovl_linkindex_open(&run, ss), 0);
	cr_expect(ovl_filter_maybe(&ss->origin, ovl_hash_mix(0x99)));
	cr_expect_not(ss->overrides);
	cr_assert_eq(symlink("5 8 1 10.20 0:0:600", "work/index/u-9a"), 0);
	cr_assert_eq(ovl_linkindex_open(&run, ss), 0);
	cr_expect(ss->overrides);
}

Test(linkindex, that_of_another_upper_is_emptied)
{
	touch("work/index/77-801");
	rename("up", "was");
	mkdir("up", 0755);
	cr_assert_eq(ovl_linkindex_open(&run, ss), 0);
	cr_expect_neq(access("work/index/77-801", F_OK), 0);
}
