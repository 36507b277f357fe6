/* SPDX-License-Identifier: MIT */
#include <sys/fanotify.h>
#include <sys/inotify.h>

#include "nr.h"
#include "ops.h"

#include "fault.h"
#include "fixture.h"

static int ino;

static void start(void)
{
	world_make(1);
	put_dir(W_LOW(1), "d");
	put(W_LOW(1), "d/f", "low");
	put_link(W_LOW(1), "l", (char *)at("d"));
	put_dir(W_UP, "u");
	ino = inotify_init1(IN_NONBLOCK);
	fault_reset();
}

TestSuite(misc, .init = start, .fini = world_end);

static long watch(const char *rel, unsigned mask)
{
	return view(SYS_inotify_add_watch, ino, at(rel), mask);
}

/* The mask of the last event that is waiting. */
static unsigned last_event(void)
{
	char buf[4096] __attribute__((aligned(8)));
	ssize_t n = read(ino, buf, sizeof(buf));
	unsigned mask = 0;

	for (ssize_t i = 0; i < n;) {
		const struct inotify_event *e = (const void *)(buf + i);

		mask = e->mask;
		i += (ssize_t)(sizeof(*e) + e->len);
	}
	return mask;
}

/* The mask of the one event that is waiting; 0: none. */
static unsigned event(void)
{
	char buf[512] __attribute__((aligned(8)));
	ssize_t n = read(ino, buf, sizeof(buf));

	return n < 0 ? 0 : ((const struct inotify_event *)buf)->mask;
}

Test(misc, what_is_watched_goes_to_upper_where_it_is_changed)
{
	cr_assert(ge(long, watch("d/f", IN_ATTRIB), 1));
	cr_expect(eq(str, text_of(W_UP, "d/f"), (char *)"low"));
	cr_expect(eq(uint, event(), 0));
	cr_expect(eq(long, view(SYS_chmod, at("d/f"), 0600), 0));
	cr_expect(eq(uint, event(), IN_ATTRIB));
	cr_assert(ge(long, watch("u", IN_CREATE), 1));
	cr_expect(eq(long, view(SYS_mkdir, at("u/n"), 0755), 0));
	cr_expect(eq(uint, event(), IN_CREATE | IN_ISDIR));
}

Test(misc, a_descriptor_of_what_is_watched_is_of_the_copy)
{
	int fd = (int)view(SYS_open, at("d/f"), O_RDONLY);
	char buf[8] = "";

	cr_assert(ge(long, watch("d/f", IN_MODIFY), 1));
	put(W_UP, "d/f", "more");
	cr_expect(eq(long, pread(fd, buf, 8, 0), 4));
}

Test(misc, a_lower_name_that_goes_is_seen_to_go)
{
	put_dir(W_LOW(1), "d/e");
	put(W_LOW(1), "d/g", "low");
	cr_assert(ge(long, watch("d", IN_CREATE | IN_DELETE | IN_MOVE), 1));
	cr_expect(is_there(W_UP, "d"));
	cr_expect(not(is_there(W_UP, "d/f")));
	cr_expect(eq(long, view(SYS_unlink, at("d/f")), 0));
	cr_expect(eq(uint, last_event(), IN_MOVED_FROM));
	cr_expect(is_whiteout(W_UP, "d/f"));
	cr_expect(eq(long, view(SYS_rmdir, at("d/e")), 0));
	cr_expect(eq(uint, last_event(), IN_MOVED_FROM));
	cr_expect(is_whiteout(W_UP, "d/e"));
	cr_expect(eq(long, view(SYS_chmod, at("d/g"), 0600), 0));
	cr_expect(eq(uint, last_event(), IN_MOVED_TO));
	cr_expect(eq(long, view(SYS_unlink, at("d/g")), 0));
	cr_expect(eq(uint, last_event(), IN_MOVED_FROM));
	cr_expect(is_whiteout(W_UP, "d/g"));
	cr_expect(eq(long, view(SYS_mkdir, at("d/g"), 0755), 0));
	cr_expect(eq(long, view(SYS_chmod, at("d/g"), 0700), 0));
	cr_expect(eq(long, view(SYS_rmdir, at("d/g")), 0));
	cr_expect(eq(uint, last_event() & IN_MOVED_FROM, IN_MOVED_FROM));
	EXPECT_NO_TEMPORARY();
}

Test(misc, unwatched_directories_cost_no_second_whiteout)
{
	put(W_LOW(1), "d/g", "low");
	cr_expect(eq(long, view(SYS_unlink, at("d/f")), 0));
	cr_expect(eq(uint, fault_count(__NR_renameat2), 1)); /* the directory's copy-up */
	cr_expect(eq(long, view(SYS_unlink, at("d/g")), 0));
	cr_expect(eq(uint, fault_count(__NR_renameat2), 1));
}

Test(misc, what_cannot_be_copied_is_watched_where_it_is)
{
	fault_set(__NR_copy_file_range, FAULT_EACH, -ENOSPC);
	fault_set(__NR_write, FAULT_EACH, -ENOSPC);
	fault_set(__NR_sendfile, FAULT_EACH, -ENOSPC);
	fault_set(__NR_ioctl, FAULT_EACH, -EOPNOTSUPP);
	cr_assert(ge(long, watch("d/f", IN_ATTRIB), 1));
	cr_expect(not(is_there(W_UP, "d/f")));
	cr_assert_eq(chmod(in(W_LOW(1), "d/f"), 0600), 0);
	cr_expect(eq(uint, event(), IN_ATTRIB));
	EXPECT_NO_TEMPORARY();
}

Test(misc, nothing_is_copied_for_a_watch_that_fails)
{
	cr_expect(eq(long, watch("d/f", 0), -EINVAL));
	cr_expect(eq(long, watch("d/f", IN_ATTRIB | IN_ONLYDIR), -ENOTDIR));
	cr_expect(eq(long, view(SYS_inotify_add_watch, 0, at("d/f"), IN_ATTRIB), -EINVAL));
	cr_expect(eq(long, view(SYS_inotify_add_watch, 99, at("d/f"), IN_ATTRIB), -EBADF));
	cr_expect(not(is_there(W_UP, "d")));
	w.ss->flags |= OVL_S_READ_ONLY;
	cr_expect(ge(long, watch("d/f", IN_ATTRIB), 1));
	cr_expect(not(is_there(W_UP, "d")));
}

Test(misc, a_watch_follows_symlinks_unless_told_not_to)
{
	long d = watch("d", IN_ATTRIB);
	long l;

	cr_assert(ge(long, d, 1));
	cr_expect(eq(long, watch("l", IN_ATTRIB), d));
	l = watch("l", IN_ATTRIB | IN_DONT_FOLLOW);
	cr_expect(ge(long, l, 1));
	cr_expect(ne(long, l, d));
}

Test(misc, a_watch_on_nothing_fails_as_the_kernels)
{
	cr_expect(eq(long, watch("none", IN_ATTRIB), -ENOENT));
	cr_expect(eq(long, watch("d/f/", IN_ATTRIB), -ENOTDIR));
	cr_expect(eq(long, watch("d/f", IN_ATTRIB | IN_ONLYDIR), -ENOTDIR));
	cr_expect(eq(long, view(SYS_inotify_add_watch, ino, 0, IN_ATTRIB), -EFAULT));
	cr_expect(eq(long, view(SYS_inotify_add_watch, next_fd(), at("d"), IN_ATTRIB), -EBADF));
	cr_expect(eq(long, view(SYS_unlink, at("d/f")), 0));
	cr_expect(eq(long, watch("d/f", IN_ATTRIB), -ENOENT));
	cr_expect(ge(long, view(SYS_inotify_add_watch, ino, "/", IN_ATTRIB), 1));
}

static long mark(int fd, const char *path)
{
	return view(SYS_fanotify_mark, fd, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, path);
}

Test(misc, fanotify_is_asked_for_objects_that_are_there)
{
	fault_set(__NR_fanotify_mark, FAULT_EACH, 7);
	cr_expect(eq(long, mark(9, (char *)at("d/f")), 7));
	cr_expect(eq(long, mark(9, (char *)at("none")), -ENOENT));
	cr_expect(eq(long, mark(9, (char *)at("d/f/")), -ENOTDIR));
	cr_expect(eq(uint, fault_count(__NR_fanotify_mark), 1));
	cr_expect(eq(long, mark(9, NULL), 7)); /* the descriptor itself */
}

Test(misc, a_mark_is_on_the_copy)
{
	int fd = fanotify_init(FAN_CLASS_NOTIF, O_RDONLY);

	if (fd < 0)
		cr_skip_test("no fanotify here");
	cr_expect(eq(long, mark(fd, (char *)at("d/f")), 0));
	cr_expect(eq(int, fanotify_mark(fd, FAN_MARK_REMOVE, FAN_OPEN, AT_FDCWD, in(W_UP, "d/f")),
		     0));
}

Test(misc, the_view_has_no_handles)
{
	struct {
		struct file_handle h;
		char room[128];
	} f = {.h.handle_bytes = 128};
	int id;
	long fd = view(SYS_open, at("d/f"), O_RDONLY);

	cr_expect(eq(long, view(SYS_name_to_handle_at, AT_FDCWD, at("d/f"), &f, &id, 0),
		     -EOPNOTSUPP));
	cr_expect(
		eq(long, view(SYS_name_to_handle_at, fd, "", &f, &id, AT_EMPTY_PATH), -EOPNOTSUPP));
	cr_expect(eq(long, view(SYS_name_to_handle_at, AT_FDCWD, at("none"), &f, &id, 0), -ENOENT));
	cr_expect(eq(long, view(SYS_open_by_handle_at, AT_FDCWD, &f, O_RDONLY), -EOPNOTSUPP));
	cr_expect(eq(uint, fault_count(__NR_name_to_handle_at), 0));
	/* Elsewhere they are the kernel's affair. */
	fault_set(__NR_name_to_handle_at, 1, 5);
	cr_expect(eq(long, view(SYS_name_to_handle_at, AT_FDCWD, in("work", ""), &f, &id, 0), 5));
}

Test(misc, io_uring_is_not_there)
{
	char params[120] = {0};

	cr_expect(eq(long, view(SYS_io_uring_setup, 1, params), -ENOSYS));
	cr_expect(eq(uint, fault_count(__NR_io_uring_setup), 0));
}

/* An administrator's call with the path where it belongs. */
struct admin {
	long nr;
	int path;
	int at; /* where a directory descriptor is; -1: nowhere */
};

static const struct admin admins[] = {
	{SYS_mount, 1, -1},	    {SYS_umount2, 0, -1},    {SYS_pivot_root, 0, -1},
	{SYS_swapon, 0, -1},	    {SYS_swapoff, 0, -1},    {SYS_acct, 0, -1},
	{SYS_quotactl, 1, -1},	    {__NR_open_tree, 1, 0},  {__NR_fspick, 1, 0},
	{__NR_mount_setattr, 1, 0}, {__NR_move_mount, 3, 2},
};

#define ADMINS (sizeof(admins) / sizeof(admins[0]))

/* What the engine decides on @path: a result, or the verdict where the kernel is to be asked. */
static long decide(const struct admin *a, const char *path, bool *ret_pass)
{
	struct ovl_call c = {.nr = a->nr};

	for (int i = 0; i < 6; i++)
		c.arg[i] = 0;
	c.arg[a->path] = (long)path;
	if (a->at >= 0)
		c.arg[a->at] = AT_FDCWD;
	*ret_pass = ovl_enter(&c) == OVL_PASS;
	return c.ret;
}

Test(misc, nobody_administers_the_view)
{
	bool pass;

	for (size_t i = 0; i < ADMINS; i++) {
		cr_expect(eq(long, decide(&admins[i], (char *)at("d"), &pass), -EPERM), "call %ld",
			  admins[i].nr);
		cr_expect(not(pass), "call %ld", admins[i].nr);
		cr_expect(eq(long, decide(&admins[i], (char *)at("l"), &pass), -EPERM), "call %ld",
			  admins[i].nr);
		cr_expect(not(pass), "call %ld", admins[i].nr);
	}
}

Test(misc, outside_the_kernel_decides_on_administrators)
{
	bool pass;

	/* Even where the cwd is the view's: a missing path means none. */
	cr_assert_eq(chdir(in(W_LOW(1), "d")), 0);
	for (size_t i = 0; i < ADMINS; i++) {
		decide(&admins[i], "/proc", &pass);
		cr_expect(pass, "call %ld", admins[i].nr);
		decide(&admins[i], NULL, &pass);
		cr_expect(pass, "call %ld", admins[i].nr);
	}
}

Test(misc, quotas_are_not_set_through_a_descriptor_of_the_view)
{
	int fd = open(in(W_LOW(1), "d"), O_RDONLY);
	struct ovl_call c = {.nr = 443 /* quotactl_fd */, .arg = {fd, 0x800003, 0, 0}};

	cr_assert(ge(int, fd, 0));
	cr_expect(eq(int, ovl_enter(&c), OVL_DONE));
	cr_expect(eq(long, c.ret, -EPERM));
	close(fd);
	fd = open("/", O_RDONLY);
	c.arg[0] = fd;
	cr_expect(eq(int, ovl_enter(&c), OVL_PASS));
	close(fd);
}

/* 0: the kernel is asked. */
static long limit_core(long nr, const uint64_t *limit)
{
	struct ovl_call c = {.nr = nr, .arg = {4, (long)limit}};

	if (nr == SYS_prlimit64)
		c = (struct ovl_call){.nr = nr, .arg = {0, 4, (long)limit}};
	return ovl_enter(&c) == OVL_PASS ? 0 : c.ret;
}

Test(misc, nobody_raises_the_limit_of_core_files_that_the_kernel_would_write_anywhere)
{
	static const long calls[] = {SYS_prlimit64, SYS_setrlimit};
	const uint64_t none[2] = {0, 0};
	const uint64_t soft[2] = {1, 0};
	const uint64_t hard[2] = {0, 1};

	for (size_t i = 0; i < OVL_ARRAY_SIZE(calls); i++) {
		ovl_ss->flags &= ~OVL_S_NO_CORE;
		cr_expect(eq(long, limit_core(calls[i], soft), 0));
		ovl_ss->flags |= OVL_S_NO_CORE;
		cr_expect(eq(long, limit_core(calls[i], soft), -EPERM));
		cr_expect(eq(long, limit_core(calls[i], hard), -EPERM));
		cr_expect(eq(long, limit_core(calls[i], none), 0));
		cr_expect(eq(long, limit_core(calls[i], NULL), 0));
		cr_expect(eq(long, limit_core(calls[i], (const uint64_t *)1), -EFAULT));
	}
}

Test(misc, other_limits_are_nobodys_business)
{
	const uint64_t limit[2] = {1, 1};
	struct ovl_call c = {.nr = SYS_prlimit64, .arg = {0, 7, (long)limit}};

	ovl_ss->flags |= OVL_S_NO_CORE;
	cr_expect(eq(int, ovl_enter(&c), OVL_PASS));
}
