/* SPDX-License-Identifier: MIT */
#include "marks.h"

#include "fault.h"
#include "fixture.h"

static void start(void)
{
	world_make(1);
}

TestSuite(marks, .init = start, .fini = world_end);

static struct ovl_path *real(const char *rel)
{
	static struct ovl_path p;
	const char *path = in(W_UP, rel);

	ovl_path_set(&p, path, strlen(path));
	return &p;
}

static struct statx statx_of(const char *rel)
{
	struct statx st;

	cr_assert_eq(statx(AT_FDCWD, in(W_UP, rel), AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &st),
		     0);
	return st;
}

static int dir_fd(const char *rel)
{
	return open(in(W_UP, rel), O_RDONLY | O_DIRECTORY);
}

static void set(const char *rel, const char *name, const char *value)
{
	cr_assert_eq(setxattr(in(W_UP, rel), name, value, strlen(value), 0), 0);
}

Test(marks, a_whiteout_is_device_0_0_and_nothing_else)
{
	struct statx st;

	cr_assert(eq(int, ovl_mark_whiteout(dir_fd(""), "gone"), 0));
	cr_expect(is_whiteout(W_UP, "gone"));
	st = statx_of("gone");
	cr_expect(ovl_mark_is_whiteout(&st));
	st.stx_rdev_minor = 1;
	cr_expect(not(ovl_mark_is_whiteout(&st)));
	st.stx_rdev_minor = 0;
	st.stx_rdev_major = 1;
	cr_expect(not(ovl_mark_is_whiteout(&st)));
	st.stx_rdev_major = 0;
	st.stx_mode = S_IFBLK;
	cr_expect(not(ovl_mark_is_whiteout(&st)));
}

Test(marks, a_whiteout_takes_no_name_that_is_taken)
{
	put(W_UP, "f", "");
	cr_expect(eq(int, ovl_mark_whiteout(dir_fd(""), "f"), -EEXIST));
}

Test(marks, opaque_is_the_value_y_alone)
{
	put_dir(W_UP, "d");
	cr_expect(not(ovl_mark_is_opaque(OVL_UPPER, real("d"))));
	cr_expect(eq(int, ovl_mark_opaque(dir_fd("d")), 0));
	cr_expect(ovl_mark_is_opaque(OVL_UPPER, real("d")));
	set("d", "user.overlay.opaque", "n");
	cr_expect(not(ovl_mark_is_opaque(OVL_UPPER, real("d"))));
	set("d", "user.overlay.opaque", "yes");
	cr_expect(not(ovl_mark_is_opaque(OVL_UPPER, real("d"))));
	cr_expect(not(ovl_mark_is_opaque(OVL_UPPER, real("missing"))));
}

Test(marks, what_the_kernel_wrote_as_root_is_read)
{
	if (geteuid())
		cr_skip_test("trusted.* is root's");
	put_dir(W_UP, "d");
	set("d", "trusted.overlay.opaque", "y");
	set("d", "trusted.overlay.redirect", "/old");
	cr_expect(ovl_mark_is_opaque(OVL_UPPER, real("d")));
	cr_expect(eq(int, ovl_mark_redirect(real("d"), &ctx_make()->clean), 0));
}

Test(marks, a_redirect_comes_back_as_it_was_recorded)
{
	struct ovl_ctx *ctx = ctx_make();

	put_dir(W_UP, "d");
	cr_expect(eq(int, ovl_mark_redirect(real("d"), &ctx->clean), -ENODATA));
	cr_expect(eq(int, ovl_mark_redirect_set(dir_fd("d"), "/a/b-tail", 4), 0));
	cr_expect(eq(int, ovl_mark_redirect(real("d"), &ctx->clean), 0));
	cr_expect(eq(str, ctx->clean.buf, (char *)"/a/b"));
	cr_expect(eq(uint, ctx->clean.len, 4));
}

Test(marks, a_redirect_that_leads_upwards_is_refused)
{
	struct ovl_ctx *ctx = ctx_make();

	put_dir(W_UP, "d");
	set("d", "user.overlay.redirect", "/a/../../etc");
	cr_expect(eq(int, ovl_mark_redirect(real("d"), &ctx->clean), -EINVAL));
	set("d", "user.overlay.redirect", "");
	cr_expect(eq(int, ovl_mark_redirect(real("d"), &ctx->clean), -EINVAL));
}

Test(marks, our_own_names_are_private_and_look_alikes_are_not)
{
	cr_expect(ovl_mark_private("user.overlay.opaque"));
	cr_expect(ovl_mark_private("user.overlay.metacopy"));
	cr_expect(ovl_mark_private("trusted.overlay.origin"));
	cr_expect(ovl_mark_private(OVL_XATTR_ORIGIN));
	cr_expect(ovl_mark_private(OVL_XATTR_OVERRIDE));
	cr_expect(not(ovl_mark_private("user.overlay")));
	cr_expect(not(ovl_mark_private("user.overlays.x")));
	cr_expect(not(ovl_mark_private("user.containers.override_stats")));
	cr_expect(not(ovl_mark_private("user.mine")));
}

Test(marks, errors_of_the_file_system_come_through)
{
	put_dir(W_UP, "d");
	fault_set(__NR_fsetxattr, 1, -ENOSPC);
	cr_expect(eq(int, ovl_mark_opaque(dir_fd("d")), -ENOSPC));
	fault_set(__NR_mknodat, 1, -EDQUOT);
	cr_expect(eq(int, ovl_mark_whiteout(dir_fd(""), "gone"), -EDQUOT));
}

static void expect_escaped(const char *name, const char *want)
{
	char to[64];
	char back[64];

	cr_expect(eq(int, ovl_mark_escape(name, to, sizeof(to)), 0), "%s", name);
	cr_expect(eq(str, to, (char *)want));
	cr_expect(not(ovl_mark_private(to)), "%s", to);
	cr_expect(eq(sz, ovl_mark_unescape(to, back), strlen(name)));
	cr_expect(eq(str, back, (char *)name));
}

Test(marks, a_programs_own_overlay_names_are_stored_escaped_and_come_back)
{
	expect_escaped("user.mine", "user.mine");
	expect_escaped("user.overlay.opaque", "user.overlay.overlay.opaque");
	expect_escaped("user.overlay.overlay.x", "user.overlay.overlay.overlay.x");
	expect_escaped("trusted.overlay.x", "trusted.overlay.overlay.x");
	expect_escaped("user.ovl.origin", "user.ovl.ovl.origin");
	expect_escaped("user.overlay.", "user.overlay.overlay.");
}

Test(marks, an_escaped_name_has_limits_too)
{
	char name[300];
	char to[300];

	memset(name, 'n', sizeof(name));
	memcpy(name, "user.overlay.", 13);
	name[247] = '\0'; /* and 8 more: 255 */
	cr_expect(eq(int, ovl_mark_escape(name, to, sizeof(to)), 0));
	cr_expect(eq(sz, strlen(to), 255));
	cr_expect(eq(int, ovl_mark_escape(name, to, 255), -ERANGE));
	cr_expect(eq(int, ovl_mark_escape(name, to, 256), 0));
	name[247] = 'n';
	name[248] = '\0';
	cr_expect(eq(int, ovl_mark_escape(name, to, sizeof(to)), -ERANGE));
	cr_expect(eq(int, ovl_mark_escape(OVL_XATTR_OVERRIDE, to, sizeof(to)), -EPERM));
}

Test(marks, the_marks_of_a_far_directory_are_read)
{
	static struct ovl_path far;
	char part[201];
	const char *path = in(W_UP, "");
	int fd;

	memset(part, 'x', 200);
	part[200] = '\0';
	ovl_path_set(&far, path, strlen(path));
	cr_assert_eq(chdir(path), 0);
	for (int i = 0; i < 25; i++) {
		cr_assert_eq(mkdir(part, 0755), 0);
		cr_assert_eq(chdir(part), 0);
		ovl_path_push(&far, part, 200);
	}
	cr_expect(not(ovl_mark_is_opaque(OVL_UPPER, &far)));
	fd = open(".", O_RDONLY | O_DIRECTORY);
	cr_expect(eq(int, ovl_mark_opaque(fd), 0));
	close(fd);
	cr_expect(ovl_mark_is_opaque(OVL_UPPER, &far));
	for (int i = 0; i < 25; i++) {
		cr_assert_eq(chdir(".."), 0);
		cr_assert_eq(rmdir(part), 0);
	}
}

Test(marks, a_redirect_to_the_parent_is_refused)
{
	struct ovl_ctx *ctx = ctx_make();

	put_dir(W_UP, "d");
	set("d", "user.overlay.redirect", "/..");
	cr_expect(eq(int, ovl_mark_redirect(real("d"), &ctx->clean), -EINVAL));
	set("d", "user.overlay.redirect", "/a/..");
	cr_expect(eq(int, ovl_mark_redirect(real("d"), &ctx->clean), -EINVAL));
	set("d", "user.overlay.redirect", "..");
	cr_expect(eq(int, ovl_mark_redirect(real("d"), &ctx->clean), -EINVAL));
	set("d", "user.overlay.redirect", "../x");
	cr_expect(eq(int, ovl_mark_redirect(real("d"), &ctx->clean), -EINVAL));
}
