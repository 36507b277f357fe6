/* SPDX-License-Identifier: MIT */
#include <sys/sysmacros.h>

#include "ops.h"

#include "fault.h"
#include "fixture.h"

static void start(void)
{
	world_make(1);
	put_dir(W_LOW(1), "d");
	put(W_LOW(1), "d/f", "low");
	put(W_LOW(1), "f", "low");
	put_link(W_LOW(1), "l", "nowhere");
	fault_reset();
}

TestSuite(dir, .init = start, .fini = world_end);

static long mkdir_(const char *rel)
{
	return view(SYS_mkdir, at(rel), 0755);
}

static long mknod_(const char *rel, unsigned mode, unsigned long dev)
{
	return view(SYS_mknod, at(rel), mode, dev);
}

Test(dir, what_exists_is_not_made_again)
{
	static const char *const there[] = {"d", "d/", "f", "l", "d/.", "d/..", ".", "", "/", "./"};

	for (size_t i = 0; i < sizeof(there) / sizeof(there[0]); i++)
		cr_expect(eq(long, mkdir_(there[i]), -EEXIST), "%s", there[i]);
	cr_expect(eq(long, view(SYS_mkdir, "/", 0755), -EEXIST));
	cr_expect(eq(long, mknod_("f", S_IFREG | 0644, 0), -EEXIST));
	cr_expect(eq(long, mknod_("l", S_IFIFO | 0644, 0), -EEXIST));
	cr_expect(eq(long, view(SYS_symlink, "to", at("l")), -EEXIST));
	cr_expect(eq(long, view(SYS_symlink, "to", at("d/.")), -EEXIST));
	cr_expect(eq(int, names_in(W_UP, ""), 0));
}

Test(dir, a_trailing_slash_is_for_directories_alone)
{
	cr_expect(eq(long, mkdir_("n/"), 0));
	cr_expect(is_there(W_UP, "n"));
	cr_expect(eq(long, mkdir_("m///"), 0));
	cr_expect(eq(long, mknod_("p/", S_IFIFO | 0644, 0), -ENOENT));
	cr_expect(eq(long, view(SYS_symlink, "to", at("s/")), -ENOENT));
	cr_expect(not(is_there(W_UP, "p")));
	cr_expect(not(is_there(W_UP, "s")));
	cr_expect(eq(long, view(SYS_rmdir, at("n/")), 0));
	cr_expect(eq(long, view(SYS_unlink, at("f/")), -ENOTDIR));
	cr_expect(eq(long, view(SYS_rmdir, at("f/")), -ENOTDIR));
	cr_expect(eq(long, view(SYS_unlink, at("none/")), -ENOENT));
	cr_expect(eq(str, shown("f"), (char *)"low"));
}

Test(dir, a_way_that_does_not_lead_there_is_told)
{
	cr_expect(eq(long, mkdir_("f/n"), -ENOTDIR));
	cr_expect(eq(long, mkdir_("none/n"), -ENOENT));
	cr_expect(eq(long, mkdir_("l/n"), -ENOENT));
	cr_expect(eq(long, view(SYS_mkdir, "", 0755), -ENOENT));
	cr_expect(eq(long, view(SYS_rmdir, ""), -ENOENT));
	cr_expect(eq(long, view(SYS_unlink, at("f/x")), -ENOTDIR));
	cr_expect(eq(long, view(SYS_mkdirat, 1 << 20, "n", 0755), -EBADF));
	cr_expect(eq(int, names_in(W_UP, ""), 0));
}

Test(dir, dots_are_nothing_to_remove)
{
	cr_expect(eq(long, view(SYS_rmdir, at("d/.")), -EINVAL));
	cr_expect(eq(long, view(SYS_rmdir, at("d/..")), -ENOTEMPTY));
	cr_expect(eq(long, view(SYS_rmdir, at(".")), -EINVAL));
	cr_expect(eq(long, view(SYS_unlink, at("d/.")), -EISDIR));
	cr_expect(eq(long, view(SYS_unlink, at("d/..")), -EISDIR));
	cr_expect(eq(long, view(SYS_unlinkat, AT_FDCWD, at("d/."), AT_REMOVEDIR), -EINVAL));
	cr_expect(eq(int, names_in(W_UP, ""), 0));
}

Test(dir, the_view_root_is_busy)
{
	cr_expect(eq(long, view(SYS_rmdir, at("")), -EBUSY));
	cr_expect(eq(long, view(SYS_rmdir, at("/")), -EBUSY));
	cr_expect(eq(long, view(SYS_unlink, at("")), -EISDIR));
	cr_expect(eq(long, view(SYS_rmdir, "/"), -EBUSY));
	cr_expect(eq(long, view(SYS_unlink, "/"), -EISDIR));
	cr_expect(is_there(W_LOW(1), "d"));
}

Test(dir, a_device_of_the_programs_that_looks_like_a_whiteout_is_none)
{
	struct stat st;

	if (geteuid())
		cr_skip_test("takes root");
	cr_expect(eq(long, mknod_("d/w", S_IFCHR | 0600, 0), 0));
	cr_expect(eq(long, view(SYS_lstat, at("d/w"), &st), 0));
	cr_expect(eq(uint, st.st_mode, S_IFCHR | 0600));
	cr_expect(eq(u64, st.st_rdev, 0));
	cr_expect(eq(long, mknod_("d/w", S_IFCHR | 0600, 0), -EEXIST));
	cr_expect(eq(long, view(SYS_unlink, at("d/w")), 0));
	cr_expect(not(is_there(W_UP, "d/w")));
}

Test(dir, other_devices_and_pipes_are_what_they_are)
{
	cr_expect(eq(long, mknod_("p", S_IFIFO | 0640, 0), 0));
	cr_expect(eq(uint, lstat_of(W_UP, "p").st_mode, S_IFIFO | 0640));
	cr_expect(eq(long, mknod_("g", 0600, 0), 0)); /* no type: a file */
	cr_expect(eq(uint, lstat_of(W_UP, "g").st_mode, S_IFREG | 0600));
	if (geteuid())
		cr_skip_test("takes root");
	cr_expect(eq(long, mknod_("c", S_IFCHR | 0600, makedev(1, 3)), 0));
	cr_expect(eq(u64, lstat_of(W_UP, "c").st_rdev, makedev(1, 3)));
}

Test(dir, a_symlinks_text_is_checked_first)
{
	char *longest = calloc(1, PATH_MAX + 1);

	memset(longest, 'x', PATH_MAX);
	cr_expect(eq(long, view(SYS_symlink, "", at("s")), -ENOENT));
	cr_expect(eq(long, view(SYS_symlink, 0, at("s")), -EFAULT));
	cr_expect(eq(long, view(SYS_symlink, longest, at("s")), -ENAMETOOLONG));
	cr_expect(not(is_there(W_UP, "s")));
	longest[PATH_MAX - 1] = '\0';
	cr_expect(eq(long, view(SYS_symlink, longest, at("s")), 0));
	cr_expect(eq(long, lstat_of(W_UP, "s").st_size, PATH_MAX - 1));
}

Test(dir, a_read_only_view_refuses_what_would_have_worked)
{
	w.ss->flags |= OVL_S_READ_ONLY;
	cr_expect(eq(long, mkdir_("n"), -EROFS));
	cr_expect(eq(long, mkdir_("d"), -EEXIST));
	cr_expect(eq(long, view(SYS_symlink, "to", at("n")), -EROFS));
	cr_expect(eq(long, view(SYS_unlink, at("f")), -EROFS));
	cr_expect(eq(long, view(SYS_unlink, at("none")), -ENOENT));
	cr_expect(eq(int, names_in(W_UP, ""), 0));
}

Test(dir, a_name_taken_meanwhile_by_a_whiteout_is_made_all_the_same)
{
	fault_set(__NR_mkdirat, 1, -EEXIST);
	cr_expect(eq(long, mkdir_("n"), 0));
	cr_expect(is_there(W_UP, "n"));
}

Test(dir, unknown_flags_are_refused)
{
	cr_expect(eq(long, view(SYS_unlinkat, AT_FDCWD, at("f"), AT_REMOVEDIR | 1), -EINVAL));
	cr_expect(eq(long, view(SYS_unlinkat, AT_FDCWD, at("f"), AT_SYMLINK_FOLLOW), -EINVAL));
	cr_expect(eq(str, shown("f"), (char *)"low"));
}

Test(dir, a_removal_outside_voids_what_is_known_there)
{
	uint32_t gen = w.ss->outside_gen;

	mkdir(in("out", ""), 0755);
	cr_expect(eq(long, view(SYS_rmdir, in("out", "")), 0));
	cr_expect(not(is_there("out", "")));
	cr_expect(ne(uint, w.ss->outside_gen, gen));
}
