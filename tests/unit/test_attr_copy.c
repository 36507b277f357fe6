/* SPDX-License-Identifier: MIT */
#include "attr_copy.h"

#include "fault.h"
#include "fixture.h"
#include "marks.h"

static struct ovl_path from;
static struct statx st;
static int fd;

static void start(void)
{
	const char *path;

	world_make(1);
	put(W_LOW(1), "f", "");
	put(W_UP, "f", "");
	path = in(W_LOW(1), "f");
	ovl_path_set(&from, path, strlen(path));
	fd = open(in(W_UP, "f"), O_RDWR);
}

TestSuite(attr_copy, .init = start, .fini = world_end);

static int copy(void)
{
	cr_assert_eq(
		statx(AT_FDCWD, in(W_LOW(1), "f"), AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &st), 0);
	return ovl_attr_copy(&from, fd, &st);
}

static void set(const char *name, const char *value)
{
	cr_assert_eq(setxattr(in(W_LOW(1), "f"), name, value, strlen(value), 0), 0);
}

static char *get(const char *name)
{
	static char value[4][128];
	static unsigned next;
	char *to = value[next++ % 4];
	ssize_t n = getxattr(in(W_UP, "f"), name, to, 127);

	to[n < 0 ? 0 : n] = '\0';
	return n < 0 ? (char *)"(none)" : to;
}

Test(attr_copy, mode_and_times_are_the_originals)
{
	struct timespec ts[2] = {{.tv_sec = 5, .tv_nsec = 1}, {.tv_sec = -7, .tv_nsec = 999999999}};
	struct stat up;

	chmod(in(W_LOW(1), "f"), 01604);
	cr_assert_eq(utimensat(AT_FDCWD, in(W_LOW(1), "f"), ts, 0), 0);
	cr_expect(eq(int, copy(), 0));
	up = lstat_of(W_UP, "f");
	cr_expect(eq(uint, up.st_mode & 07777, 01604));
	cr_expect(eq(long, up.st_atim.tv_sec, 5));
	cr_expect(eq(long, up.st_mtim.tv_sec, -7));
	cr_expect(eq(long, up.st_mtim.tv_nsec, 999999999));
}

Test(attr_copy, xattrs_come_along_and_private_ones_do_not)
{
	set("user.a", "1");
	set("user.empty", "");
	set("user.overlay.opaque", "y");
	cr_expect(eq(int, copy(), 0));
	cr_expect(eq(str, get("user.a"), (char *)"1"));
	cr_expect(eq(str, get("user.empty"), (char *)""));
	cr_expect(eq(str, get("user.overlay.opaque"), (char *)"(none)"));
}

Test(attr_copy, the_origin_is_recorded)
{
	char want[64];

	cr_expect(eq(int, copy(), 0));
	snprintf(want, sizeof(want), "%llu %u %u", (unsigned long long)st.stx_ino, st.stx_dev_major,
		 st.stx_dev_minor);
	cr_expect(eq(str, get(OVL_XATTR_ORIGIN), want));
}

Test(attr_copy, acls_come_along)
{
	/* user::rw-, user:1234:r--, group::r--, mask::r--, other::--- */
	static const unsigned char acl[] = {2,	 0,   0,   0,	1,   0,	  6,  0,   255, 255, 255,
					    255, 2,   0,   4,	0,   210, 4,  0,   0,	4,   0,
					    4,	 0,   255, 255, 255, 255, 16, 0,   4,	0,   255,
					    255, 255, 255, 32,	0,   0,	  0,  255, 255, 255, 255};
	char got[128];

	if (setxattr(in(W_LOW(1), "f"), "system.posix_acl_access", acl, sizeof(acl), 0))
		cr_skip_test("no ACLs here");
	cr_expect(eq(int, copy(), 0));
	cr_expect(eq(long, getxattr(in(W_UP, "f"), "system.posix_acl_access", got, 128),
		     sizeof(acl)));
	cr_expect(eq(uint, lstat_of(W_UP, "f").st_mode, lstat_of(W_LOW(1), "f").st_mode));
}

Test(attr_copy, an_owner_that_may_not_be_set_is_recorded)
{
	if (geteuid())
		cr_skip_test("takes another owner");
	cr_assert_eq(chown(in(W_LOW(1), "f"), 12, 34), 0);
	cr_assert_eq(chmod(in(W_LOW(1), "f"), 04755), 0);
	fault_set(__NR_fchown, 1, -EPERM);
	cr_expect(eq(int, copy(), 0));
	cr_expect(eq(str, get(OVL_XATTR_OVERRIDE), (char *)"12:34:4755"));
	cr_expect(eq(uint, lstat_of(W_UP, "f").st_mode & 07777, 0755));
	cr_expect(eq(uint, w.ss->overrides, 1));
}

Test(attr_copy, without_xattrs_the_rest_is_copied)
{
	chmod(in(W_LOW(1), "f"), 0640);
	set("user.a", "1");
	fault_set(__NR_fsetxattr, FAULT_EACH, -EOPNOTSUPP);
	cr_expect(eq(int, copy(), 0));
	cr_expect(eq(uint, lstat_of(W_UP, "f").st_mode & 07777, 0640));
}

Test(attr_copy, each_step_tells_of_a_full_disk)
{
	static const long steps[] = {__NR_fsetxattr, __NR_fchmod, __NR_utimensat};

	set("user.a", "1");
	for (size_t i = 0; i < OVL_ARRAY_SIZE(steps); i++) {
		fault_reset();
		fault_set(steps[i], 1, -ENOSPC);
		cr_expect(eq(int, copy(), -ENOSPC), "%ld", steps[i]);
	}
}

Test(attr_copy, without_memory_for_xattrs_it_fails)
{
	set("user.a", "1");
	fault_set(__NR_mmap, 1, -ENOMEM);
	cr_expect(eq(int, copy(), -ENOMEM));
}

Test(attr_copy, memory_for_xattrs_is_given_back)
{
	set("user.a", "1");
	cr_expect(eq(int, copy(), 0));
	cr_expect(eq(uint, fault_count(__NR_munmap), fault_count(__NR_mmap)));
}

Test(attr_copy, a_file_without_xattrs_takes_no_memory)
{
	cr_expect(eq(int, copy(), 0));
	cr_expect(eq(uint, fault_count(__NR_mmap), 0));
}
