/* SPDX-License-Identifier: MIT */
#include "override.h"

#include "fault.h"
#include "fixture.h"
#include "inode.h"
#include "marks.h"

static int fd;

static void start(void)
{
	world_make(1);
	put(W_UP, "f", "");
	fd = open(in(W_UP, "f"), O_RDWR);
}

TestSuite(override, .init = start, .fini = world_end);

static char *recorded_of(const char *rel)
{
	static char text[64];
	ssize_t n = getxattr(in(W_UP, rel), OVL_XATTR_OVERRIDE, text, sizeof(text) - 1);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static char *recorded(void)
{
	return recorded_of("f");
}

/* Of f, as the view shows it. */
static unsigned mode_shown(void)
{
	struct statx st;

	cr_assert_eq(syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &st), 0);
	ovl_inode_present_fd(OVL_UPPER, fd, &st);
	return st.stx_mode & 07777;
}

Test(override, the_text_is_read_with_or_without_a_type)
{
	struct ovl_override o;

	cr_expect(eq(int, ovl_override_parse("12:34:4755", &o), 0));
	cr_expect(eq(uint, o.uid, 12));
	cr_expect(eq(uint, o.gid, 34));
	cr_expect(eq(uint, o.mode, 04755));
	cr_expect(eq(int, ovl_override_parse("0:0:100644", &o), 0));
	cr_expect(eq(uint, o.mode, 0644));
	cr_expect(eq(int, ovl_override_parse("0:0:644:block-8-1", &o), 0));
	cr_expect(eq(uint, o.mode, 0644));
}

Test(override, broken_texts_are_refused_and_write_nothing)
{
	struct ovl_override o = {.uid = 77};

	cr_expect(eq(int, ovl_override_parse("", &o), -EINVAL));
	cr_expect(eq(int, ovl_override_parse("12", &o), -EINVAL));
	cr_expect(eq(int, ovl_override_parse("12:34", &o), -EINVAL));
	cr_expect(eq(int, ovl_override_parse("a:b:c", &o), -EINVAL));
	cr_expect(eq(int, ovl_override_parse("-1:0:644", &o), -EINVAL));
	cr_expect(eq(uint, o.uid, 77));
}

Test(override, what_is_set_is_recorded_and_the_copy_stays_usable)
{
	cr_expect(eq(int, ovl_override_set(fd, 12, 34, 04755), 0));
	cr_expect(eq(str, recorded(), (char *)"12:34:4755"));
	cr_expect(eq(uint, lstat_of(W_UP, "f").st_mode & 07777, 0755));
	cr_expect(eq(uint, w.ss->overrides, 1));
}

/* What the view shows of the file under test. */
static struct statx look_of(unsigned uid, unsigned gid, unsigned mode)
{
	return (struct statx){
		.stx_uid = uid, .stx_gid = gid, .stx_mode = (uint16_t)(S_IFREG | mode)};
}

Test(override, what_is_recorded_follows_chmod_and_chown)
{
	const char *path = in(W_UP, "f");
	struct statx st = look_of(12, 34, 0755);

	ovl_override_set(fd, 12, 34, 0755);
	cr_expect(eq(int, ovl_override_chmod(path, &st, 0600), 0));
	cr_expect(eq(str, recorded(), (char *)"12:34:600"));
	st = look_of(12, 34, 0600);
	cr_expect(eq(int, ovl_override_fchown(fd, &st, -1U, 99), 0));
	cr_expect(eq(str, recorded(), (char *)"12:99:600"));
}

Test(override, a_change_of_owner_takes_suid_from_the_record)
{
	struct statx st = look_of(12, 34, 06755);

	ovl_override_set(fd, 12, 34, 06755);
	cr_expect(eq(int, ovl_override_fchown(fd, &st, -1U, 99), 0));
	cr_expect(eq(str, recorded(), (char *)"12:99:755"));
}

Test(override, what_the_kernel_sets_is_not_recorded)
{
	struct statx st = look_of(geteuid(), getegid(), 0644);

	cr_expect(eq(int, ovl_override_chmod(in(W_UP, "f"), &st, 0640), 0));
	cr_expect(eq(str, recorded(), (char *)""));
	cr_expect(eq(uint, lstat_of(W_UP, "f").st_mode & 07777, 0640));
}

Test(override, a_full_disk_is_told_and_the_session_already_knows)
{
	fault_set(__NR_fsetxattr, 1, -ENOSPC);
	cr_expect(eq(int, ovl_override_set(fd, 12, 34, 0600), -ENOSPC));
	cr_expect(eq(uint, w.ss->overrides, 1));
}

Test(override, a_usable_mode_lets_us_read_and_enter)
{
	cr_expect(eq(uint, ovl_override_usable(S_IFREG | 0), 0600));
	cr_expect(eq(uint, ovl_override_usable(S_IFREG | 06755), 0755));
	cr_expect(eq(uint, ovl_override_usable(S_IFDIR | 01000), 0700));
}

Test(override, it_takes_a_record_only_where_the_mode_keeps_us_out)
{
	fault_set(__NR_geteuid, FAULT_EACH, 1000);
	cr_expect(ovl_override_needed(S_IFREG | 0));
	cr_expect(ovl_override_needed(S_IFREG | 0277));
	cr_expect(not(ovl_override_needed(S_IFREG | 0400)));
	cr_expect(ovl_override_needed(S_IFDIR | 0600));
	cr_expect(ovl_override_needed(S_IFDIR | 0577));
	cr_expect(not(ovl_override_needed(S_IFDIR | 0700)));
	fault_reset();
	fault_set(__NR_geteuid, FAULT_EACH, 0);
	cr_expect(not(ovl_override_needed(S_IFREG | 0)));
	cr_expect(not(ovl_override_needed(S_IFDIR | 0)));
}

Test(override, a_chmod_that_would_keep_us_out_is_recorded)
{
	struct statx st = {.stx_mode = S_IFREG | 0644, .stx_uid = 5, .stx_gid = 6};
	const char *path = in(W_UP, "f");

	fault_set(__NR_geteuid, FAULT_EACH, 1000);
	cr_expect(eq(int, ovl_override_chmod(path, &st, 02000), 0));
	cr_expect(eq(str, recorded(), (char *)"5:6:2000"));
	cr_expect(eq(uint, lstat_of(W_UP, "f").st_mode & 07777, 0600));
	cr_expect(eq(uint, w.ss->overrides, 1));
	cr_expect(eq(int, ovl_override_chmod(path, &st, 0644), 0));
	cr_expect(eq(str, recorded(), (char *)"5:6:644"));
	cr_expect(eq(uint, lstat_of(W_UP, "f").st_mode & 07777, 0644));
}

/* A write takes the bits away that the copy does not have; so its time and size are kept. */
Test(override, suid_that_is_recorded_goes_with_a_write)
{
	struct statx st = look_of(5, 6, 0644);
	static const struct timespec then[2] = {{1000, 5}, {1000, 5}};

	cr_expect(
		eq(int, ovl_override_chmod(in(W_UP, "f"), &st, 0), 0)); /* a record, as of others */
	fault_set(__NR_geteuid, FAULT_EACH, 1000);
	cr_expect(eq(int, ovl_override_chmod(in(W_UP, "f"), &st, 06055), 0));
	cr_expect(eq(uint, mode_shown(), 06055));
	cr_expect(eq(int, ovl_override_futimens(fd, then), 0));
	cr_expect(eq(uint, mode_shown(), 06055));
	cr_assert_eq(pwrite(fd, "more than it was", 16, 0), 16);
	cr_expect(eq(uint, mode_shown(), 055));
	cr_expect(eq(int, ovl_override_futimens(fd, then), 0));
	cr_expect(eq(uint, mode_shown(), 055));
	cr_expect(eq(int, ovl_override_fchmod(fd, &st, 04055), 0));
	cr_expect(eq(uint, mode_shown(), 04055));
	ovl_override_truncated(fd);
	cr_expect(eq(uint, mode_shown(), 055));
}

Test(override, an_acl_leaves_the_bits_that_are_not_of_permission)
{
	struct statx st = {.stx_mode = S_IFDIR | 0755, .stx_uid = 5, .stx_gid = 6};

	int dir;

	put_dir(W_UP, "d");
	dir = open(in(W_UP, "d"), O_PATH);
	fault_set(__NR_geteuid, FAULT_EACH, 1000);
	cr_expect(eq(int, ovl_override_chmod(in(W_UP, "d"), &st, 03055), 0));
	chmod(in(W_UP, "d"), 0710);
	ovl_override_ffollow(dir, S_ISGID);
	cr_expect(eq(str, recorded_of("d"), (char *)"5:6:1710"));
	/* one that gives what the copy had for itself */
	cr_expect(eq(int, ovl_override_chmod(in(W_UP, "d"), &st, 0500), 0));
	ovl_override_ffollow(dir, 0);
	cr_expect(eq(str, recorded_of("d"), (char *)"5:6:700"));
	close(dir);
}

Test(override, a_mode_that_keeps_us_from_writing_is_recorded_too)
{
	if (!geteuid())
		fault_set(__NR_fsetxattr, 1, -EACCES); /* as anybody but root gets */
	fchmod(fd, 0444);
	cr_expect(eq(int, ovl_override_set(fd, geteuid(), 34, 0444), 0));
	cr_expect(eq(uint, mode_shown(), 0444));
}
