/* SPDX-License-Identifier: MIT */
#include "deep.h"

#include <stdlib.h>
#include <sys/mount.h>

#include "fault.h"
#include "fixture.h"
#include "real.h"

#define DEPTH 30 /* times 201 bytes: well over PATH_MAX */

static char dir[64];
static char part[202];
static struct ovl_path want;
static struct ovl_path got;

/* dir/xxx.../xxx.../..., and the cwd at its end; siblings that look alike are on the way. */
static void start(void)
{
	strcpy(dir, "/tmp/ovl-unit-XXXXXX");
	cr_assert(ne(ptr, mkdtemp(dir), NULL));
	cr_assert_eq(chdir(dir), 0);
	memset(part, 'x', 200);
	ovl_path_set(&want, dir, strlen(dir));
	for (int i = 0; i < DEPTH; i++) {
		cr_assert_eq(mkdir("a", 0755), 0);
		cr_assert_eq(mkdir(part, 0755), 0);
		cr_assert_eq(mkdir("z", 0755), 0);
		cr_assert_eq(chdir(part), 0);
		cr_assert_eq(ovl_path_push(&want, part, 200), 0);
	}
	fault_reset();
}

static void end(void)
{
	char command[128];

	(void)!chdir("/");
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	cr_expect_eq(system(command), 0);
}

TestSuite(deep, .init = start, .fini = end);

static void push(const char *name)
{
	cr_assert(eq(int, ovl_path_push(&want, name, strlen(name)), 0));
}

Test(deep, the_cwd_is_found_name_by_name)
{
	int before = fds_open();

	cr_expect(eq(int, ovl_deep_path(AT_FDCWD, &got), 0));
	cr_expect(eq(uint, got.len, want.len));
	cr_expect(eq(str, got.buf, want.buf));
	cr_expect(eq(int, fds_open(), before));
}

Test(deep, so_is_a_descriptor_opened_by_path_only)
{
	int fd;

	cr_assert_eq(mkdir("d", 0755), 0);
	fd = open("d", O_PATH | O_DIRECTORY);
	push("d");
	cr_expect(eq(int, ovl_deep_path(fd, &got), 0));
	cr_expect(eq(str, got.buf, want.buf));
}

Test(deep, what_proc_tells_is_told_the_same)
{
	cr_assert_eq(chdir(dir), 0);
	cr_assert_eq(chdir("z"), 0);
	ovl_path_set(&want, dir, strlen(dir));
	push("z");
	cr_expect(eq(int, ovl_deep_path(AT_FDCWD, &got), 0));
	cr_expect(eq(str, got.buf, want.buf));
	cr_assert_eq(chdir("/tmp"), 0);
	cr_expect(eq(int, ovl_deep_path(AT_FDCWD, &got), 0));
	cr_expect(eq(str, got.buf, (char *)"/tmp"));
}

Test(deep, a_removed_directory_has_no_path)
{
	int before = fds_open();

	cr_assert_eq(mkdir("gone", 0755), 0);
	cr_assert_eq(chdir("gone"), 0);
	cr_assert_eq(rmdir("../gone"), 0);
	cr_expect(eq(int, ovl_deep_path(AT_FDCWD, &got), -ESTALE));
	cr_expect(eq(int, fds_open(), before));
}

Test(deep, a_mounted_directory_has_another_number_in_the_listing)
{
	cr_assert_eq(mkdir("m", 0755), 0);
	if (mount("none", "m", "tmpfs", 0, NULL))
		cr_skip_test("takes the right to mount");
	cr_assert_eq(chdir("m"), 0);
	push("m");
	cr_expect(eq(int, ovl_deep_path(AT_FDCWD, &got), 0));
	cr_expect(eq(str, got.buf, want.buf));
	cr_assert_eq(chdir(".."), 0);
	cr_expect_eq(umount2("m", MNT_DETACH), 0);
}

Test(deep, a_file_that_can_be_read_is_told_by_the_maps)
{
	int before = fds_open();
	int fd = open("f\nl", O_CREAT | O_RDWR, 0644);

	push("f\nl");
	cr_expect(eq(int, ovl_deep_path(fd, &got), 0));
	cr_expect(eq(str, got.buf, want.buf));
	cr_assert_eq(unlink("f\nl"), 0);
	cr_expect(eq(int, ovl_deep_path(fd, &got), -ESTALE));
	close(fd);
	cr_expect(eq(int, fds_open(), before));
}

Test(deep, a_file_whose_name_says_deleted_is_there)
{
	int fd = open("f (deleted)", O_CREAT | O_RDWR, 0644);

	push("f (deleted)");
	cr_expect(eq(int, ovl_deep_path(fd, &got), 0));
	cr_expect(eq(str, got.buf, want.buf));
}

Test(deep, of_other_objects_no_path_is_to_be_had)
{
	int fd = open("f", O_CREAT | O_WRONLY, 0644);
	int ends[2];

	cr_expect(eq(int, ovl_deep_path(fd, &got), -ENAMETOOLONG));
	cr_assert_eq(pipe(ends), 0);
	cr_expect(eq(int, ovl_deep_path(ends[0], &got), -ENAMETOOLONG));
	cr_expect(eq(int, ovl_deep_path(999, &got), -EBADF));
}

Test(deep, a_directory_that_cannot_be_listed_is_an_error_and_no_leak)
{
	int before = fds_open();

	fault_set(__NR_getdents64, 3, -EACCES);
	cr_expect(eq(int, ovl_deep_path(AT_FDCWD, &got), -EACCES));
	fault_reset();
	fault_set(__NR_openat2, 7, -EMFILE);
	cr_expect(eq(int, ovl_deep_path(AT_FDCWD, &got), -EMFILE));
	cr_expect(eq(int, fds_open(), before));
}

Test(deep, what_does_not_fit_is_too_long)
{
	int before = fds_open();

	for (int i = 0; i < 140; i++)
		cr_assert_eq(mkdir(part, 0755) || chdir(part), 0);
	cr_expect(eq(int, ovl_deep_path(AT_FDCWD, &got), -ENAMETOOLONG));
	cr_expect(eq(int, fds_open(), before));
}
