/* SPDX-License-Identifier: MIT */
#include "workdir.h"

#include "fault.h"
#include "fixture.h"

#include <sys/wait.h>

static void start(void)
{
	world_make(1);
}

TestSuite(workdir, .init = start, .fini = world_end);

Test(workdir, names_differ_and_fit)
{
	char a[OVL_TEMP_NAME];
	char b[OVL_TEMP_NAME];

	ovl_workdir_name(a);
	ovl_workdir_name(b);
	cr_expect(ne(str, a, b));
	cr_expect(eq(int, a[0], '#'));
	w.ss->temp_seq = UINT32_MAX;
	ovl_workdir_name(a);
	cr_expect(lt(sz, strlen(a), OVL_TEMP_NAME));
}

Test(workdir, the_descriptor_is_of_tmp_and_closed_on_exec)
{
	int fd = ovl_workdir_open();
	struct stat st;

	cr_assert_eq(fstat(fd, &st), 0);
	cr_expect(eq(u64, st.st_ino, lstat_of(W_WORK, "").st_ino));
	cr_expect(eq(int, fcntl(fd, F_GETFD), FD_CLOEXEC));
}

/* Could another open file description take the lock now? */
static bool is_free(void)
{
	struct flock l = {.l_type = F_WRLCK};
	int fd = open(in("work", "oplock"), O_RDWR);
	bool free;

	cr_assert_geq(fd, 0);
	free = !fcntl(fd, F_OFD_SETLK, &l);
	close(fd);
	return free;
}

Test(workdir, the_lock_excludes_until_it_is_closed)
{
	int lock = ovl_workdir_lock();

	cr_assert(ge(int, lock, 0));
	cr_expect(eq(int, fcntl(lock, F_GETFD), FD_CLOEXEC));
	cr_expect(not(is_free()));
	close(lock);
	cr_expect(is_free());
}

Test(workdir, a_dead_holder_leaves_no_lock)
{
	pid_t child = fork();

	if (!child) {
		(void)ovl_workdir_lock();
		_exit(0);
	}
	waitpid(child, NULL, 0);
	cr_expect(is_free());
}

Test(workdir, waiting_for_the_lock_goes_on_after_a_signal)
{
	fault_set(__NR_fcntl, 1, -EINTR);
	cr_expect(ge(int, ovl_workdir_lock(), 0));
	cr_expect(eq(uint, fault_count(__NR_fcntl), 2));
}

Test(workdir, a_lock_that_cannot_be_had_leaks_nothing)
{
	int before = fds_open();

	fault_set(__NR_fcntl, 1, -ENOLCK);
	cr_expect(eq(int, ovl_workdir_lock(), -ENOLCK));
	cr_expect(eq(int, fds_open(), before));
	fault_set(__NR_openat, 1, -EMFILE);
	cr_expect(eq(int, ovl_workdir_lock(), -EMFILE));
	fault_set(__NR_openat, 2, -EMFILE);
	cr_expect(eq(int, ovl_workdir_lock(), -EMFILE));
	cr_expect(eq(int, fds_open(), before));
}

static int discard(const char *name)
{
	int tmp = ovl_workdir_open();
	int err = ovl_workdir_discard(ctx_make(), tmp, name);

	close(tmp);
	return err;
}

Test(workdir, files_and_empty_directories_are_discarded)
{
	put(W_WORK, "f", "");
	put_dir(W_WORK, "d");
	put_whiteout(W_WORK, "w");
	cr_expect(eq(int, discard("f"), 0));
	cr_expect(eq(int, discard("d"), 0));
	cr_expect(eq(int, discard("w"), 0));
	EXPECT_NO_TEMPORARY();
	cr_expect(eq(int, discard("missing"), -ENOENT));
}

Test(workdir, a_directory_full_of_whiteouts_is_discarded)
{
	char name[64];
	int before = fds_open();

	put_dir(W_WORK, "d");
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "d/a-longer-name-%d", i);
		put_whiteout(W_WORK, name);
	}
	cr_expect(eq(int, discard("d"), 0));
	EXPECT_NO_TEMPORARY();
	cr_expect(eq(int, fds_open(), before));
}

Test(workdir, anything_but_whiteouts_is_kept)
{
	put_dir(W_WORK, "d");
	put_whiteout(W_WORK, "d/w");
	put(W_WORK, "d/f", "precious");
	cr_expect(eq(int, discard("d"), -ENOTEMPTY));
	cr_expect(eq(str, text_of(W_WORK, "d/f"), (char *)"precious"));
}
