/* SPDX-License-Identifier: MIT */
#include "real.h"

#include <stdlib.h>

#include "fault.h"
#include "fixture.h"

#define DEPTH 39 /* times 201 bytes: nearly two times PATH_MAX */

static char dir[] = "/tmp/ovl-unit-XXXXXX";
static char part[202];
static struct ovl_path p;
static struct ovl_path text;

/* dir/xxx.../xxx.../..., and the cwd at its end. */
static void start(void)
{
	cr_assert_eq(mkdtemp(dir), dir);
	cr_assert_eq(chdir(dir), 0);
	memset(part, 'x', 200);
	ovl_path_set(&p, dir, strlen(dir));
	for (int i = 0; i < DEPTH; i++) {
		cr_assert_eq(mkdir(part, 0755), 0);
		cr_assert_eq(chdir(part), 0);
		cr_assert_eq(ovl_path_push(&p, part, 200), 0);
	}
	fault_reset();
}

static void end(void)
{
	for (int i = 0; i < DEPTH; i++) {
		unlink("f");
		unlink("l");
		cr_assert_eq(chdir(".."), 0);
		rmdir(part);
		unlink(part);
	}
	cr_assert_eq(chdir("/"), 0);
	rmdir(dir);
}

TestSuite(real, .init = start, .fini = end);

static void push(const char *name)
{
	cr_assert(eq(int, ovl_path_push(&p, name, strlen(name)), 0));
}

Test(real, a_path_that_fits_takes_one_call_and_no_descriptor)
{
	OVL_LOC loc = OVL_LOC_INIT;

	ovl_path_set(&p, dir, strlen(dir));
	cr_expect(eq(int, ovl_loc_get(&p, &loc), 0));
	cr_expect(eq(int, loc.fd, AT_FDCWD));
	cr_expect(eq(ptr, (void *)loc.name, p.buf));
	cr_expect(eq(uint, fault_total(), 0));
}

Test(real, a_path_longer_than_path_max_is_looked_at)
{
	int before = fds_open();
	struct statx st;
	struct stat real;

	cr_assert(gt(uint, p.len, PATH_MAX));
	cr_assert(eq(int, ovl_real_statx(&p, &st), 0));
	cr_expect(eq(uint, fault_count(__NR_openat2), 1));
	cr_assert_eq(stat(".", &real), 0);
	cr_expect(eq(u64, st.stx_ino, real.st_ino));
	cr_expect(eq(int, fds_open(), before));
	cr_expect(eq(int, (int)strlen(p.buf), (int)p.len));
}

Test(real, both_sides_of_path_max_are_met)
{
	struct statx st;

	while (p.len >= PATH_MAX - 2)
		ovl_path_pop(&p);
	/* A name that makes the path 4094, 4095, 4096 and 4097 bytes long. */
	for (unsigned want = PATH_MAX - 2; want <= PATH_MAX + 1; want++) {
		unsigned len = p.len;
		char name[256];
		unsigned n = want - len - 1;

		memset(name, 'y', sizeof(name));
		cr_assert(lt(uint, n, 256));
		cr_assert(eq(int, ovl_path_push(&p, name, n), 0));
		cr_assert(eq(uint, p.len, want));
		cr_expect(eq(int, ovl_real_statx(&p, &st), -ENOENT), "%u", want);
		ovl_path_cut(&p, len);
	}
}

Test(real, two_descriptors_on_the_way_are_closed)
{
	int before = fds_open();
	char name[256];
	struct statx st;

	memset(name, 'y', sizeof(name));
	while (p.len + 256 < OVL_PATH_CAP)
		cr_assert(eq(int, ovl_path_push(&p, name, 255), 0));
	cr_assert(eq(int, ovl_path_push(&p, name, OVL_PATH_CAP - 2 - p.len), 0));
	cr_assert(eq(uint, p.len, OVL_PATH_CAP - 1));
	cr_expect(eq(int, ovl_real_statx(&p, &st), -ENOENT));
	cr_expect(eq(uint, fault_count(__NR_openat2), 2));
	cr_expect(eq(int, fds_open(), before));
}

Test(real, a_component_that_is_too_long_for_any_call)
{
	struct statx st;

	memset(p.buf + 1, 'z', PATH_MAX + 10);
	ovl_path_cut(&p, PATH_MAX + 10);
	cr_expect(eq(int, ovl_real_statx(&p, &st), -ENAMETOOLONG));
}

Test(real, a_file_below_path_max_is_opened_and_read)
{
	int fd = open("f", O_CREAT | O_WRONLY, 0644);
	int before = fds_open();

	cr_assert_eq(write(fd, "hello", 5), 5);
	close(fd);
	before = fds_open();
	push("f");
	fd = ovl_real_open(&p, O_RDONLY);
	cr_expect(eq(int, fcntl(fd, F_GETFD), FD_CLOEXEC));
	cr_expect(eq(int, (int)lseek(fd, 0, SEEK_END), 5));
	close(fd);
	cr_expect(eq(int, fds_open(), before));
}

Test(real, a_far_symlink_is_read_and_not_followed)
{
	struct statx st;

	cr_assert_eq(symlink("some/where", "l"), 0);
	push("l");
	cr_expect(eq(int, ovl_real_readlink(&p, &text), 0));
	cr_expect(eq(str, text.buf, (char *)"some/where"));
	cr_expect(eq(uint, text.len, 10));
	cr_expect(eq(int, ovl_real_statx(&p, &st), 0));
	cr_expect(eq(int, st.stx_mode &S_IFMT, S_IFLNK));
	cr_expect(eq(int, ovl_real_open(&p, O_RDONLY), -ELOOP));
	ovl_path_pop(&p);
	cr_expect(eq(int, ovl_real_readlink(&p, &text), -EINVAL));
}

Test(real, no_symlink_on_the_way_is_followed)
{
	cr_assert_eq(symlink(".", "l"), 0);
	push("l");
	push("f");
	cr_expect(eq(int, ovl_real_open(&p, O_RDONLY), -ELOOP));
}

Test(real, a_missing_directory_on_the_far_way_leaks_nothing)
{
	int before = fds_open();
	struct statx st;

	for (int i = 0; i < 8; i++)
		push("missing");
	cr_expect(eq(int, ovl_real_statx(&p, &st), -ENOENT));
	p.buf[strlen(dir) + 1] = 'z';
	cr_expect(eq(int, ovl_real_statx(&p, &st), -ENOENT));
	cr_expect(eq(int, fds_open(), before));
}

Test(real, without_openat2_the_last_component_is_still_not_followed)
{
	fault_set(__NR_openat2, FAULT_EACH, -ENOSYS);
	cr_assert_eq(symlink("f", "l"), 0);
	push("l");
	cr_expect(eq(int, ovl_real_open(&p, O_RDONLY), -ELOOP));
	ovl_path_pop(&p);
	cr_expect(ge(int, ovl_real_open(&p, O_RDONLY | O_DIRECTORY), 0));
}

Test(real, what_a_seccomp_filter_denies_is_done_the_old_way)
{
	int fd;

	fault_set(__NR_openat2, FAULT_EACH, -EPERM);
	fd = ovl_open_beneath(AT_FDCWD, ".", O_RDONLY | O_DIRECTORY, 0);
	cr_expect(ge(int, fd, 0));
	cr_expect(eq(int, fcntl(fd, F_GETFD), FD_CLOEXEC));
}
