/* SPDX-License-Identifier: MIT */
#include "fdview.h"

#include <sys/socket.h>

#include "known.h"
#include "lock.h"
#include "namei.h"

#include "fault.h"
#include "fixture.h"

static struct ovl_path p;

static void start(void)
{
	world_make(2);
	put_dir(W_LOW(1), "d");
	put(W_LOW(1), "d/f", "low");
	put(W_LOW(2), "g", "low");
	put_dir(W_UP, "u");
	fault_reset();
}

TestSuite(fdview, .init = start, .fini = world_end);

/* ovl_fd_path() of what is open at @tree/@rel; the path is in p. */
static int path_of(const char *tree, const char *rel)
{
	int fd = open(in(tree, rel), O_PATH | O_NOFOLLOW);
	int r;

	cr_assert(ge(int, fd, 0), "%s/%s", tree, rel);
	r = ovl_fd_path(fd, &p, NULL);
	close(fd);
	return r;
}

Test(fdview, a_layers_object_is_told_by_its_place_in_the_view)
{
	cr_expect(eq(int, path_of(W_LOW(1), "d/f"), 1));
	cr_expect(eq(str, p.buf, (char *)at("d/f")));
	cr_expect(eq(uint, p.len, (unsigned)strlen((char *)at("d/f"))));
	cr_expect(eq(int, path_of(W_LOW(2), "g"), 2));
	cr_expect(eq(str, p.buf, (char *)at("g")));
	cr_expect(eq(int, path_of(W_UP, "u"), OVL_UPPER));
	cr_expect(eq(str, p.buf, (char *)at("u")));
	cr_expect(eq(int, path_of(W_LOW(2), ""), 2));
	cr_expect(eq(str, p.buf, (char *)at("")));
}

Test(fdview, an_object_of_no_layer_keeps_its_path)
{
	put("work", "x", "");
	cr_expect(eq(int, path_of("work", "x"), OVL_NONE));
	cr_expect(eq(str, p.buf, (char *)in("work", "x")));
}

Test(fdview, the_cwd_is_one_too)
{
	cr_assert_eq(chdir(in(W_LOW(1), "d")), 0);
	cr_expect(eq(int, ovl_fd_path(AT_FDCWD, &p, NULL), 1));
	cr_expect(eq(str, p.buf, (char *)at("d")));
	cr_assert_eq(chdir("/"), 0);
	cr_expect(eq(int, ovl_fd_path(AT_FDCWD, &p, NULL), OVL_NONE));
	cr_expect(eq(str, p.buf, (char *)"/"));
}

Test(fdview, a_number_that_is_not_open_is_bad)
{
	cr_expect(eq(int, ovl_fd_path(next_fd(), &p, NULL), -EBADF));
	cr_expect(eq(int, ovl_fd_path(-1, &p, NULL), -EBADF));
	cr_expect(eq(int, ovl_fd_path(1 << 30, &p, NULL), -EBADF));
}

Test(fdview, a_pipe_and_a_socket_have_no_path)
{
	int two[2];

	cr_assert_eq(pipe(two), 0);
	cr_expect(eq(int, ovl_fd_path(two[0], &p, NULL), -ESTALE));
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, two), 0);
	cr_expect(eq(int, ovl_fd_path(two[0], &p, NULL), -ESTALE));
}

Test(fdview, a_removed_file_has_no_path)
{
	int fd = open(in(W_LOW(1), "d/f"), O_RDONLY);

	unlink(in(W_LOW(1), "d/f"));
	cr_expect(eq(int, ovl_fd_path(fd, &p, NULL), -ESTALE));
}

Test(fdview, a_removed_cwd_has_no_path)
{
	mkdir(in(W_LOW(1), "e"), 0755);
	cr_assert_eq(chdir(in(W_LOW(1), "e")), 0);
	cr_assert_eq(rmdir(in(W_LOW(1), "e")), 0);
	cr_expect(eq(int, ovl_fd_path(AT_FDCWD, &p, NULL), -ESTALE));
}

Test(fdview, a_file_that_is_called_deleted_has_one)
{
	put(W_LOW(1), "x (deleted)", "");
	cr_expect(eq(int, path_of(W_LOW(1), "x (deleted)"), 1));
	cr_expect(eq(str, p.buf, (char *)at("x (deleted)")));
	/* A symlink that leads nowhere is a name as well. */
	put_link(W_LOW(1), "l (deleted)", "nowhere");
	cr_expect(eq(int, path_of(W_LOW(1), "l (deleted)"), 1));
}

Test(fdview, what_was_opened_by_a_lowers_own_path_is_not_the_views)
{
	int fd = open(in(W_LOW(1), "d"), O_PATH);

	ovl_init(w.ss);
	cr_assert(eq(int, ovl_fd_real(fd, &p), 0));
	ovl_known_set_locked(fd, &p);
	cr_expect(eq(int, ovl_fd_path(fd, &p, NULL), OVL_NONE));
	cr_expect(eq(str, p.buf, (char *)in(W_LOW(1), "d")));
	ovl_known_forget(fd);
	cr_expect(eq(int, ovl_fd_path(fd, &p, NULL), 1));
}

Test(fdview, the_kernels_word_on_proc_is_passed_on)
{
	fault_set(__NR_readlinkat, FAULT_EACH, -EACCES);
	cr_expect(eq(int, path_of(W_LOW(1), "d"), -EACCES));
	fault_reset();
	fault_set(__NR_readlinkat, FAULT_EACH, -ENOENT);
	cr_expect(eq(int, ovl_fd_path(AT_FDCWD, &p, NULL), -ESTALE));
}

Test(fdview, a_link_is_named_with_all_digits)
{
	char link[32];

	cr_expect(eq(u64, ovl_fd_link(0, link), 15));
	cr_expect(eq(str, link, (char *)"/proc/self/fd/0"));
	cr_expect(eq(u64, ovl_fd_link(2147483647, link), 24));
	cr_expect(eq(str, link, (char *)"/proc/self/fd/2147483647"));
}

Test(fdview, a_link_of_proc_tells_its_own_descriptor_only)
{
	char path[64];
	int pid = getpid();

	snprintf(path, sizeof(path), "/proc/%d/fd/12", pid);
	cr_expect(eq(int, ovl_fd_of_link(path), 12));
	snprintf(path, sizeof(path), "/proc/%d/task/%d/fd/7", pid, pid);
	cr_expect(eq(int, ovl_fd_of_link(path), 7));
	snprintf(path, sizeof(path), "/proc/%d/fd/12", pid + 1);
	cr_expect(eq(int, ovl_fd_of_link(path), -1));
	snprintf(path, sizeof(path), "/proc/%d/cwd", pid);
	cr_expect(eq(int, ovl_fd_of_link(path), -1));
	snprintf(path, sizeof(path), "/proc/%d/fd/12/x", pid);
	cr_expect(eq(int, ovl_fd_of_link(path), -1));
	snprintf(path, sizeof(path), "/proc/%d/fd/99999999999", pid);
	cr_expect(eq(int, ovl_fd_of_link(path), -1));
}

/* What namei finds for lower object @rel, which is open, after @change. */
static int found(const char *rel, void (*change)(const char *rel))
{
	struct ovl_ctx *ctx = ctx_make();
	int fd = open(in(W_LOW(1), rel), O_RDONLY);
	int r;

	cr_assert(ge(int, fd, 0), "%s", rel);
	change(rel);
	ovl_still_begin(ctx); /* the call begins here: lock.h */
	r = ovl_namei_fd(ctx, &ctx->name[0], fd);
	close(fd);
	return r;
}

static void leave(const char *rel)
{
	(void)rel;
}

static void write_to(const char *rel)
{
	int fd = (int)view(__NR_openat, AT_FDCWD, at(rel), O_WRONLY);

	cr_assert(ge(int, fd, 0), "%s", rel);
	close(fd);
}

static void replace_file(const char *rel)
{
	int fd;

	cr_assert_eq(view(__NR_unlink, at(rel)), 0);
	fd = (int)view(__NR_openat, AT_FDCWD, at(rel), O_WRONLY | O_CREAT, 0600);
	cr_assert(ge(int, fd, 0), "%s", rel);
	close(fd);
}

static void change_dir(const char *rel)
{
	cr_assert_eq(view(__NR_chmod, at(rel), 0700), 0);
}

static void replace_dir(const char *rel)
{
	cr_assert_eq(view(__NR_unlink, at("d/f")), 0);
	cr_assert_eq(view(__NR_rmdir, at(rel)), 0);
	cr_assert_eq(view(__NR_mkdir, at(rel), 0755), 0);
}

Test(fdview, a_copy_is_the_same_object_but_what_took_its_name_is_not)
{
	cr_expect(eq(int, found("d/f", leave), 0));
	cr_expect(eq(int, found("d/f", write_to), 0));
	cr_expect(eq(int, found("d/f", replace_file), -ESTALE));
	cr_expect(eq(int, found("d", leave), 0));
	cr_expect(eq(int, found("d", change_dir), 0));
	cr_expect(eq(int, found("d", replace_dir), -ESTALE));
}
