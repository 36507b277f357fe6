/* SPDX-License-Identifier: MIT */
#include "workdir.h"

#include "fault.h"
#include "fixture.h"

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
