/* SPDX-License-Identifier: MIT */
#include "namei.h"

#include "dcache.h"
#include "fault.h"
#include "fixture.h"
#include "lock.h"
#include "lookup.h"
#include "ops.h"
#include "override.h"

static struct ovl_ctx *ctx;
static struct ovl_name *n;

static void start(void)
{
	world_make(1);
	ctx = ctx_make();
	n = &ctx->name[0];
	put_dir(W_LOW(1), "d");
	put(W_LOW(1), "d/f", "text");
	put(W_LOW(1), "f", "top");
}

TestSuite(namei, .init = start, .fini = world_end);

static int walk(const char *rel, int flags)
{
	return ovl_namei(ctx, n, AT_FDCWD, in("view", rel), flags);
}

/* The path below the view root that @rel comes to. */
static char *comes_to(const char *rel, int flags)
{
	int err = walk(rel, flags);
	static char text[64];

	if (!err && n->zone == OVL_Z_VIEW)
		return n->at.buf + strlen(in("view", ""));
	snprintf(text, sizeof(text), err ? "error %d" : "zone %d", err ? err : (int)n->zone);
	return text;
}

#define EXPECT_PATH(rel, flags, want) cr_expect(eq(str, comes_to(rel, flags), (char *)(want)))

Test(namei, dots_and_slashes_are_walked_over)
{
	EXPECT_PATH("d//./f", 0, "/d/f");
	EXPECT_PATH("d/../d/f", 0, "/d/f");
	EXPECT_PATH("./d/.", 0, "/d");
	cr_expect(eq(int, n->last, OVL_L_DOT));
	EXPECT_PATH("d/..", 0, "");
	cr_expect(eq(int, n->last, OVL_L_DOTDOT));
	EXPECT_PATH("d/f", 0, "/d/f");
	cr_expect(eq(int, n->last, OVL_L_NORM));
}

Test(namei, what_is_missing_is_told_from_what_is_no_directory)
{
	cr_expect(eq(int, walk("missing", 0), 0));
	cr_expect(eq(int, n->layer, OVL_NONE));
	cr_expect(eq(int, walk("missing/x", 0), -ENOENT));
	cr_expect(eq(int, walk("missing/..", 0), -ENOENT));
	cr_expect(eq(int, walk("f/x", 0), -ENOTDIR));
	cr_expect(eq(int, walk("f/.", 0), -ENOTDIR));
	cr_expect(eq(int, walk("f/..", 0), -ENOTDIR));
	cr_expect(eq(int, ovl_namei(ctx, n, AT_FDCWD, "", 0), -ENOENT));
}

Test(namei, a_trailing_slash_is_remembered)
{
	EXPECT_PATH("d/", 0, "/d");
	cr_expect(n->slash);
	EXPECT_PATH("d", 0, "/d");
	cr_expect(not(n->slash));
	EXPECT_PATH("new//", OVL_N_CREATE, "/new");
	cr_expect(n->slash);
}

Test(namei, the_last_symlink_is_followed_when_asked)
{
	put_link(W_LOW(1), "l", "d/f");
	EXPECT_PATH("l", 0, "/l");
	EXPECT_PATH("l", OVL_N_FOLLOW, "/d/f");
}

Test(namei, a_slash_follows_a_symlink_unless_the_name_is_to_be_made)
{
	put_link(W_LOW(1), "l", "d");
	EXPECT_PATH("l/", 0, "/d");
	cr_expect(n->slash);
	EXPECT_PATH("l/", OVL_N_CREATE, "/l");
	EXPECT_PATH("l/f", 0, "/d/f");
}

Test(namei, absolute_symlinks_lead_through_the_view)
{
	put_link(W_LOW(1), "l", in("view", "d"));
	EXPECT_PATH("l/f", 0, "/d/f");
	put_link(W_LOW(1), "out", "/");
	EXPECT_PATH("out", OVL_N_FOLLOW, "zone 0");
	cr_expect(n->via_view);
	cr_expect(eq(str, n->at.buf, (char *)"/"));
}

Test(namei, dotdot_after_a_symlink_is_physical)
{
	put_dir(W_LOW(1), "a");
	put_dir(W_LOW(1), "a/b");
	put_link(W_LOW(1), "l", "a/b");
	put(W_LOW(1), "a/near", "");
	EXPECT_PATH("l/../near", 0, "/a/near");
	EXPECT_PATH("l/..", 0, "/a");
}

Test(namei, a_symlink_of_upper_leads_to_a_lower_file)
{
	put_link(W_UP, "l", "d/f");
	EXPECT_PATH("l", OVL_N_FOLLOW, "/d/f");
	cr_expect(eq(int, n->layer, 1));
}

/* l1 -> l2 -> ... -> lN -> f */
static void chain(int links)
{
	char name[16];
	char text[16];

	for (int i = 1; i <= links; i++) {
		snprintf(name, sizeof(name), "l%d", i);
		snprintf(text, sizeof(text), "l%d", i + 1);
		put_link(W_LOW(1), name, i == links ? "f" : text);
	}
}

Test(namei, forty_links_are_followed_and_the_next_is_eloop)
{
	chain(41);
	EXPECT_PATH("l2", OVL_N_FOLLOW, "/f");
	cr_expect(eq(int, walk("l1", OVL_N_FOLLOW), -ELOOP));
	put_link(W_LOW(1), "self", "self");
	cr_expect(eq(int, walk("self", OVL_N_FOLLOW), -ELOOP));
	cr_expect(eq(int, walk("self/x", 0), -ELOOP));
	cr_expect(eq(int, walk("self", 0), 0));
}

Test(namei, a_dangling_symlink_names_the_missing_target)
{
	put_link(W_LOW(1), "l", "d/missing");
	EXPECT_PATH("l", OVL_N_FOLLOW, "/d/missing");
	cr_expect(eq(int, n->layer, OVL_NONE));
	put_link(W_LOW(1), "far", "missing/x");
	cr_expect(eq(int, walk("far", OVL_N_FOLLOW), -ENOENT));
}

Test(namei, a_component_of_255_bytes_is_legal_and_256_is_not)
{
	char name[257];

	memset(name, 'n', sizeof(name));
	name[256] = '\0';
	cr_expect(eq(int, walk(name, 0), -ENAMETOOLONG));
	name[255] = '\0';
	cr_expect(eq(int, walk(name, 0), 0));
}

Test(namei, a_path_of_4095_bytes_is_legal_and_4096_is_not)
{
	char path[PATH_MAX + 1];

	strcpy(path, in("view", "d/"));
	for (size_t i = strlen(path); i < PATH_MAX; i++)
		path[i] = '/';
	path[PATH_MAX] = '\0';
	cr_expect(eq(int, ovl_namei(ctx, n, AT_FDCWD, path, 0), -ENAMETOOLONG));
	path[PATH_MAX - 1] = '\0';
	cr_expect(eq(int, ovl_namei(ctx, n, AT_FDCWD, path, 0), 0));
	cr_expect(eq(int, n->layer, 1));
}

Test(namei, a_relative_path_may_reach_beyond_path_max)
{
	static char name[201];
	int fd;

	memset(name, 'x', 200);
	cr_assert_eq(chdir(in(W_LOW(1), "")), 0);
	for (int i = 0; i < 25; i++) {
		cr_assert_eq(mkdir(name, 0755), 0);
		cr_assert_eq(chdir(name), 0);
	}
	fd = open("f", O_CREAT | O_WRONLY, 0644);
	cr_assert_eq(write(fd, "far", 3), 3);
	close(fd);
	/* The kernel does not tell the name of a cwd longer than a page. */
	fd = ovl_namei(ctx, n, AT_FDCWD, "f", 0);
	cr_expect(fd == 0 || fd == -ENAMETOOLONG);
	cr_assert_eq(chdir("../../../../../.."), 0);
	cr_expect(eq(int, ovl_namei(ctx, n, AT_FDCWD, name, 0), 0));
	cr_expect(eq(int, n->layer, 1));
	cr_assert_eq(chdir(in(W_LOW(1), "")), 0);
	cr_expect(eq(int, system("rm -rf xxx*"), 0));
}

Test(namei, bad_pointers_are_efault)
{
	cr_expect(eq(int, ovl_namei(ctx, n, AT_FDCWD, NULL, 0), -EFAULT));
	cr_expect(eq(int, ovl_namei(ctx, n, AT_FDCWD, (char *)0x10, 0), -EFAULT));
	cr_expect(eq(int, ovl_namei(ctx, n, AT_FDCWD, (char *)-1, 0), -EFAULT));
}

Test(namei, hidden_names_do_not_exist)
{
	w.ss->hide[0] = session_text(w.ss, in("view", "secret"));
	w.ss->nhide = 1;
	put(W_LOW(1), "secret", "");
	cr_expect(eq(int, walk("secret", 0), 0));
	cr_expect(eq(int, n->zone, OVL_Z_HIDDEN));
	cr_expect(eq(int, n->layer, OVL_NONE));
	cr_expect(eq(int, walk("secret/x", 0), -ENOENT));
	cr_expect(eq(int, walk("secret/..", 0), -ENOENT));
}

Test(namei, what_is_passed_is_the_kernels)
{
	w.ss->pass[0] = session_text(w.ss, in("view", "d"));
	w.ss->npass = 1;
	cr_expect(eq(int, walk("d", 0), 0));
	cr_expect(eq(int, n->zone, OVL_Z_OUTSIDE));
	EXPECT_PATH("f", 0, "/f");
}

Test(namei, a_lowers_own_path_is_locked)
{
	cr_expect(eq(int, ovl_namei(ctx, n, AT_FDCWD, in(W_LOW(1), "d/f"), 0), 0));
	cr_expect(eq(int, n->zone, OVL_Z_LOCKED));
}

Test(namei, a_path_from_outside_enters_the_view)
{
	char path[128];

	put_link("work", "door", in("view", "d"));
	snprintf(path, sizeof(path), "%s/work/door/f", w.dir);
	cr_expect(eq(int, ovl_namei(ctx, n, AT_FDCWD, path, 0), 0));
	cr_expect(eq(int, n->zone, OVL_Z_VIEW));
	cr_expect(n->via_view);
	snprintf(path, sizeof(path), "%s/work/../view/d", w.dir);
	cr_expect(eq(int, ovl_namei(ctx, n, AT_FDCWD, path, 0), 0));
	cr_expect(eq(int, n->zone, OVL_Z_VIEW));
}

Test(namei, a_descriptor_of_any_layer_stands_for_the_views_directory)
{
	int fd;

	put_dir(W_UP, "d");
	put(W_UP, "d/new", "");
	fd = open(in(W_LOW(1), "d"), O_PATH | O_DIRECTORY);
	cr_expect(eq(int, ovl_namei(ctx, n, fd, "new", 0), 0));
	cr_expect(eq(int, n->layer, OVL_UPPER));
	close(fd);
	fd = open(in(W_UP, "d"), O_RDONLY | O_DIRECTORY);
	cr_expect(eq(int, ovl_namei(ctx, n, fd, "f", 0), 0));
	cr_expect(eq(int, n->layer, 1));
	cr_expect(eq(int, ovl_namei(ctx, n, fd, "../f", 0), 0));
	cr_expect(eq(int, n->layer, 1));
	close(fd);
}

Test(namei, the_cwd_is_the_views_directory)
{
	put_whiteout(W_UP, "f");
	cr_assert_eq(chdir(in(W_LOW(1), "d")), 0);
	cr_expect(eq(int, ovl_namei(ctx, n, AT_FDCWD, "f", 0), 0));
	cr_expect(eq(int, n->layer, 1));
	cr_expect(eq(int, ovl_namei(ctx, n, AT_FDCWD, "../f", 0), 0));
	cr_expect(eq(int, n->layer, OVL_NONE));
	cr_expect(n->whiteout);
}

Test(namei, descriptors_that_are_no_directories_are_told_apart)
{
	int fd = open(in(W_LOW(1), "f"), O_RDONLY);
	int ends[2];

	cr_expect(eq(int, ovl_namei(ctx, n, fd, "x", 0), -ENOTDIR));
	cr_expect(eq(int, ovl_namei(ctx, n, 999, "x", 0), -EBADF));
	cr_expect(eq(int, ovl_namei(ctx, n, -1, "x", 0), -EBADF));
	cr_assert_eq(pipe(ends), 0);
	cr_expect(eq(int, ovl_namei(ctx, n, ends[0], "x", 0), -ESTALE));
	cr_expect(eq(int, ovl_namei(ctx, n, 999, in("view", "d/f"), 0), 0));
}

Test(namei, an_empty_path_is_the_descriptor_when_asked)
{
	int fd = open(in(W_LOW(1), "f"), O_RDONLY);

	cr_expect(eq(int, ovl_namei(ctx, n, fd, "", OVL_N_EMPTY), 0));
	cr_expect(eq(str, n->at.buf, (char *)in("view", "f")));
	cr_expect(eq(int, ctx->fd_layer, 1));
	cr_expect(eq(int, ovl_namei(ctx, n, fd, NULL, OVL_N_EMPTY), 0));
	cr_expect(eq(int, ovl_namei(ctx, n, fd, "", 0), -ENOENT));
}

Test(namei, a_descriptor_of_a_removed_object_is_stale)
{
	int fd;

	put(W_UP, "g", "");
	fd = open(in(W_UP, "g"), O_RDONLY);
	unlink(in(W_UP, "g"));
	cr_expect(eq(int, ovl_namei_fd(ctx, n, fd), -ESTALE));
	fd = open(in(W_LOW(1), "f"), O_RDONLY);
	put_whiteout(W_UP, "f");
	cr_expect(eq(int, ovl_namei_fd(ctx, n, fd), -ESTALE));
}

Test(namei, a_file_where_a_removed_directory_was_is_not_in_its_way)
{
	int fd = open(in(W_LOW(1), "d"), O_RDONLY | O_DIRECTORY);

	put(W_UP, "d", "a file");
	cr_expect(eq(int, ovl_namei(ctx, n, fd, "f", 0), -ENOENT));
	cr_expect(eq(int, ovl_namei(ctx, n, fd, ".", OVL_N_LOOK), -ESTALE));
	cr_expect(eq(int, ovl_namei(ctx, n, fd, "../f", 0), 0));
	cr_assert_eq(fchdir(fd), 0);
	cr_expect(eq(int, ovl_namei(ctx, n, AT_FDCWD, "f", 0), -ENOENT));
	close(fd);
	fd = open(in(W_LOW(1), "f"), O_RDONLY);
	cr_expect(eq(int, ovl_namei(ctx, n, fd, "x", 0), -ENOTDIR), "that is no directory itself");
	close(fd);
}

/* For fault_hook(): another process of the run puts a file where upper's directory is. */
static void other_puts_a_file_there(void *arg)
{
	cr_assert_eq(view(SYS_rmdir, at(arg)), 0);
	put(W_UP, arg, "a file");
}

Test(namei, a_directory_of_upper_that_goes_meanwhile_is_the_kernels)
{
	int fd;

	put_dir(W_UP, "gone");
	fd = open(in(W_UP, "gone"), O_RDONLY | O_DIRECTORY);
	fault_hook(__NR_statx, 1, other_puts_a_file_there, (void *)"gone");
	cr_expect(eq(int, ovl_namei(ctx, n, fd, "f", 0), OVL_AGAIN));
	cr_expect(eq(int, ovl_namei(ctx, n, fd, "f", 0), -ESTALE));
	close(fd);
}

/* A directory is told by the lower one it is of: its path is another's by now. */
Test(namei, a_directory_that_moved_to_where_a_removed_one_was_is_another)
{
	long f = view(SYS_openat, AT_FDCWD, at("d/f"), O_RDONLY);
	long d = view(SYS_openat, AT_FDCWD, at("d"), O_RDONLY | O_DIRECTORY);
	long e;

	put_dir(W_LOW(1), "e");
	put(W_LOW(1), "e/f", "");
	e = view(SYS_openat, AT_FDCWD, at("e"), O_RDONLY | O_DIRECTORY);
	cr_assert_eq(view(SYS_unlink, at("d/f")), 0);
	cr_assert_eq(view(SYS_rename, at("e"), at("d")), 0);
	ovl_still_begin(ctx);
	cr_expect(eq(int, ovl_namei(ctx, n, (int)d, "f", 0), -ENOENT));
	cr_expect(eq(int, ovl_namei_fd(ctx, n, (int)d), -ESTALE));
	cr_expect(eq(int, ovl_namei_fd(ctx, n, (int)f), -ESTALE));
	cr_expect(eq(int, ovl_namei(ctx, n, (int)e, "f", 0), 0));
	cr_expect(eq(str, n->at.buf, (char *)in("view", "d/f")));
	close((int)d);
	close((int)e);
	close((int)f);
}

Test(namei, magic_links_to_the_view_are_walked_and_others_left_to_the_kernel)
{
	char path[64];
	int fd = open(in(W_LOW(1), "d"), O_PATH | O_DIRECTORY);
	int ends[2];

	snprintf(path, sizeof(path), "/proc/self/fd/%d/f", fd);
	cr_expect(eq(int, ovl_namei(ctx, n, AT_FDCWD, path, 0), 0));
	cr_expect(eq(str, n->at.buf, (char *)in("view", "d/f")));
	cr_assert_eq(pipe(ends), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[0]);
	cr_expect(eq(int, ovl_namei(ctx, n, AT_FDCWD, path, OVL_N_FOLLOW), 0));
	cr_expect(n->magic);
}

/* openat2(2) from the view's directory d. */
static long fenced(const char *path, uint64_t resolve)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = resolve};
	int fd = open(in(W_LOW(1), "d"), O_PATH | O_DIRECTORY);
	long r = view(SYS_openat2, fd, path, &how, sizeof(how));

	close(fd);
	if (r >= 0)
		close((int)r);
	return r < 0 ? r : 0;
}

Test(namei, resolve_beneath_keeps_the_walk_below_the_descriptor)
{
	put_dir(W_LOW(1), "d/e");
	put_link(W_LOW(1), "d/abs", in("view", "d/f"));
	put_link(W_LOW(1), "d/up", "../f");
	put_link(W_LOW(1), "d/e/fine", "../f");
	cr_expect(eq(long, fenced("f", RESOLVE_BENEATH), 0));
	cr_expect(eq(long, fenced("e/../f", RESOLVE_BENEATH), 0));
	cr_expect(eq(long, fenced("e/fine", RESOLVE_BENEATH), 0));
	cr_expect(eq(long, fenced("../f", RESOLVE_BENEATH), -EXDEV));
	cr_expect(eq(long, fenced("..", RESOLVE_BENEATH), -EXDEV));
	cr_expect(eq(long, fenced("up", RESOLVE_BENEATH), -EXDEV));
	cr_expect(eq(long, fenced("abs", RESOLVE_BENEATH), -EXDEV));
	cr_expect(eq(long, fenced(in("view", "d/f"), RESOLVE_BENEATH), -EXDEV));
	cr_expect(eq(long, fenced("../f", 0), 0));
}

Test(namei, resolve_in_root_makes_the_descriptor_the_root)
{
	put_link(W_LOW(1), "d/abs", "/f");
	put_link(W_LOW(1), "d/up", "../../f");
	cr_expect(eq(long, fenced("/f", RESOLVE_IN_ROOT), 0));
	cr_expect(eq(long, fenced("abs", RESOLVE_IN_ROOT), 0));
	cr_expect(eq(long, fenced("up", RESOLVE_IN_ROOT), 0));
	cr_expect(eq(long, fenced("../../f", RESOLVE_IN_ROOT), 0));
	cr_expect(eq(long, fenced("../d/f", RESOLVE_IN_ROOT), -ENOENT));
}

Test(namei, resolve_no_symlinks_follows_none)
{
	put_link(W_LOW(1), "d/l", "f");
	put_link(W_LOW(1), "d/here", ".");
	cr_expect(eq(long, fenced("f", RESOLVE_NO_SYMLINKS), 0));
	cr_expect(eq(long, fenced("l", RESOLVE_NO_SYMLINKS), -ELOOP));
	cr_expect(eq(long, fenced("here/f", RESOLVE_NO_SYMLINKS), -ELOOP));
	cr_expect(eq(long, fenced("l", 0), 0));
}

Test(namei, an_unsearchable_directory_is_eacces)
{
	char path[64];
	int fd;

	if (geteuid())
		cr_skip_test("takes another user");
	put_dir(W_UP, "d"); /* with a mode that is only recorded */
	put(W_UP, "d/f", "up");
	fd = open(in(W_UP, "d"), O_RDONLY | O_DIRECTORY);
	cr_assert_eq(ovl_override_set(fd, 0, 0, 0700), 0);
	chmod(in(W_UP, "d"), 0755);
	close(fd);
	fd = open(in(W_UP, "d/f"), O_RDONLY);
	cr_assert_eq(seteuid(65534), 0);
	cr_expect(eq(int, walk("d/f", 0), -EACCES));
	cr_expect(eq(int, walk("d", 0), 0));
	cr_expect(eq(int, walk("d/.", 0), -EACCES));
	cr_expect(eq(int, walk("d/new/", OVL_N_FILE), -EACCES));
	/* a descriptor is another way in */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	cr_expect(eq(int, ovl_namei(ctx, n, AT_FDCWD, path, OVL_N_FOLLOW), 0));
	close(fd);
}

/* Upper is known not to have the name: the kernel is not asked, and cannot refuse. */
Test(namei, a_missing_name_in_an_unsearchable_directory_is_eacces)
{
	leave_root();
	put_dir(W_UP, "shut");
	cr_expect(eq(int, walk("shut/missing", 0), 0));
	cr_expect(eq(int, n->layer, OVL_NONE));
	cr_assert_eq(chmod(in(W_UP, "shut"), 0600), 0);
	ovl_dcache_moved(); /* as chmod(2) does */
	cr_expect(eq(int, walk("shut/missing", 0), -EACCES));
	cr_expect(eq(int, walk("shut/missing/more", 0), -EACCES));
}

Test(namei, resolve_no_magiclinks_follows_none_of_proc)
{
	char path[64];
	int fd = open(in(W_LOW(1), "f"), O_RDONLY);

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	cr_expect(eq(long, fenced(path, 0), 0));
	cr_expect(eq(long, fenced(path, RESOLVE_NO_MAGICLINKS), -ELOOP));
}

Test(namei, resolve_no_xdev_takes_the_view_for_one_mount)
{
	put_dir(W_LOW(1), "d/below");
	put(W_LOW(1), "d/below/f", "2");
	put_dir(W_UP, "d");
	put(W_UP, "d/new", "new");
	cr_expect(eq(long, fenced("f", RESOLVE_NO_XDEV), 0));
	cr_expect(eq(long, fenced("new", RESOLVE_NO_XDEV), 0));
	cr_expect(eq(long, fenced("below/f", RESOLVE_NO_XDEV), 0));
	cr_expect(eq(long, fenced("below/../../f", RESOLVE_NO_XDEV), 0));
	cr_expect(eq(long, fenced("missing", RESOLVE_NO_XDEV), -ENOENT));
	cr_expect(eq(long, fenced("f/x", RESOLVE_NO_XDEV), -ENOTDIR));
	cr_expect(eq(long, fenced("/proc/self", RESOLVE_NO_XDEV), -EXDEV));
}

/* The kernel's walk has no root before its first "/" or "..", so none on the same mount. */
Test(namei, resolve_no_xdev_follows_absolute_links_as_the_kernel_does)
{
	put_link(W_LOW(1), "d/abs", in("view", "d/f"));
	cr_expect(eq(long, fenced("abs", RESOLVE_NO_XDEV), -EXDEV));
	cr_expect(eq(long, fenced("../d/f", RESOLVE_NO_XDEV), 0));
	cr_expect(eq(long, fenced(in("view", "d/f"), RESOLVE_NO_XDEV),
		     fenced("/tmp", RESOLVE_NO_XDEV)));
	cr_expect(eq(long, fenced("../d/abs", RESOLVE_NO_XDEV), fenced("/tmp", RESOLVE_NO_XDEV)));
	cr_expect(eq(long, fenced("/proc/self/cwd", RESOLVE_NO_XDEV), -EXDEV));
}

Test(namei, a_link_of_proc_leads_out_of_every_fence)
{
	char path[64];
	int fd = open(in(W_LOW(1), "f"), O_RDONLY);

	put_link(W_LOW(1), "d/cwd", "/proc/self/cwd");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	cr_expect(eq(long, fenced(path, RESOLVE_BENEATH), -EXDEV));
	cr_expect(eq(long, fenced(path, RESOLVE_NO_XDEV), -EXDEV));
	cr_expect(eq(long, fenced("cwd", RESOLVE_BENEATH), -EXDEV));
	cr_expect(eq(long, fenced("cwd", RESOLVE_IN_ROOT), -ENOENT)); /* d/proc: there is none */
}
