/* SPDX-License-Identifier: MIT */
#include "bases.h"

#include "fault.h"
#include "fixture.h"
#include "room.h"

/* In the view: d is merged, and has d/u of upper; only upper has d/p, only the lower d/l. */
static void start(void)
{
	world_make_same_root();
	put_dir(W_LOW(1), "d");
	put(W_LOW(1), "d/f", "low");
	put_dir(W_LOW(1), "d/l");
	put(W_LOW(1), "d/l/f", "low");
	put_dir(W_UP, "d");
	put(W_UP, "d/u", "up");
	put_dir(W_UP, "d/p");
	put(W_UP, "d/p/f", "up");
}

TestSuite(bases, .init = start, .fini = world_end);

static struct ovl_path p;

static uint64_t learn(const char *path)
{
	cr_assert_eq(ovl_path_set(&p, path, strlen(path)), 0);
	ovl_base_learn(ovl_hash_path(path, strlen(path)), &p);
	return ovl_hash_path(path, strlen(path));
}

Test(bases, a_path_is_found_by_its_hash)
{
	uint64_t h = learn("/view/a/b");
	char out[16];

	cr_expect(eq(int, ovl_base_path(h, 5, out, sizeof(out)), 4));
	cr_expect(eq(int, memcmp(out, "/a/b", 4), 0));
	cr_expect(eq(int, ovl_base_path(h, 9, out, sizeof(out)), 0));
	cr_expect(eq(int, ovl_base_path(h, 10, out, sizeof(out)), -ENOENT));
	cr_expect(eq(int, ovl_base_path(h, 5, out, 4), 4));
	cr_expect(eq(int, ovl_base_path(h, 5, out, 3), -ENOENT));
	cr_expect(eq(int, ovl_base_path(h + 1, 5, out, sizeof(out)), -ENOENT));
}

Test(bases, another_takes_its_place_and_a_long_one_does_not)
{
	uint64_t h[200];
	char text[300];
	int found = 0;
	char out[32];

	for (int i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), "/view/%d", i);
		h[i] = learn(text);
		cr_expect(eq(int, ovl_base_path(h[i], 0, out, sizeof(out)), (int)strlen(text)));
	}
	for (int i = 0; i < 200; i++)
		found += ovl_base_path(h[i], 0, out, sizeof(out)) > 0;
	cr_expect(gt(int, found, 10));
	cr_expect(lt(int, found, 60));
	memset(text, 'x', sizeof(text));
	text[0] = '/';
	text[sizeof(text) - 1] = '\0';
	cr_expect(eq(int, ovl_base_path(learn(text), 0, text, sizeof(text)), -ENOENT));
}

static unsigned relative_cost(int fd, const char *name)
{
	struct stat st;

	for (int i = 0; i < 3; i++) {
		fault_reset();
		cr_expect(eq(long, view(SYS_newfstatat, fd, name, &st, 0), 0), "%s", name);
	}
	return fault_total();
}

Test(bases, what_either_layer_has_is_one_call_from_a_merged_directory)
{
	int fd = (int)view(SYS_open, at("d"), O_RDONLY | O_DIRECTORY);

	cr_expect(eq(uint, relative_cost(fd, "f"), 1));
	cr_expect(eq(uint, relative_cost(fd, "u"), 1));
	cr_expect(eq(uint, relative_cost(fd, "p/f"), 1));
	cr_expect(eq(uint, relative_cost(fd, "l/f"), 1));
	close(fd);
	cr_assert_eq(view(SYS_chdir, at("d")), 0);
	cr_expect(eq(uint, relative_cost(AT_FDCWD, "u"), 1));
	cr_expect(eq(uint, relative_cost(AT_FDCWD, "p/f"), 1));
	cr_assert_eq(view(SYS_chdir, at("")), 0);
	cr_expect(eq(uint, relative_cost(AT_FDCWD, "d/u"), 1));
}

Test(bases, the_answers_are_those_of_the_slow_path)
{
	int fd = (int)view(SYS_open, at("d"), O_RDONLY | O_DIRECTORY);
	struct stat st;

	(void)relative_cost(fd, "u");
	(void)relative_cost(fd, "p/f");
	fault_reset();
	cr_expect(eq(str, text_fd(view(SYS_openat, fd, "u", O_RDONLY)), (char *)"up"));
	cr_expect(eq(str, text_fd(view(SYS_openat, fd, "p/f", O_RDONLY)), (char *)"up"));
	cr_expect(eq(long, view(SYS_newfstatat, fd, "p/none", &st, 0), -ENOENT));
	cr_expect(eq(uint, fault_count(__NR_rt_sigprocmask), 0));
	close((int)view(SYS_openat, fd, "p/new", O_WRONLY | O_CREAT | O_EXCL, 0600));
	cr_expect(is_there(W_UP, "d/p/new"));
	cr_expect(eq(uint, fault_count(__NR_rt_sigprocmask), 0));
	cr_expect(eq(long, view(SYS_newfstatat, fd, "u/x", &st, 0), -ENOTDIR));
	/* A directory that moved takes its descriptor along. */
	cr_assert_eq(view(SYS_rename, at("d"), at("e")), 0);
	cr_expect(eq(long, view(SYS_newfstatat, fd, "u", &st, 0), 0));
	cr_expect(eq(long, view(SYS_mkdir, at("d"), 0700), 0));
	cr_expect(eq(long, view(SYS_newfstatat, fd, "u", &st, 0), 0));
	cr_expect(eq(str, text_fd(view(SYS_openat, fd, "f", O_RDONLY)), (char *)"low"));
	close(fd);
}

/* A descriptor of the lower's e, from which names of upper have been found. */
static int warm_e(void)
{
	int fd;
	struct stat st;

	put_dir(W_LOW(1), "e");
	put_dir(W_LOW(1), "e/s");
	put_dir(W_UP, "e");
	put_dir(W_UP, "e/p");
	fd = (int)view(SYS_open, at("e"), O_RDONLY | O_DIRECTORY);
	cr_expect(eq(uint, relative_cost(fd, "p"), 1));
	cr_assert_eq(view(SYS_rmdir, at("e/p")), 0);
	cr_assert_eq(view(SYS_rmdir, at("e/s")), 0);
	cr_expect(eq(long, view(SYS_newfstatat, fd, "p", &st, 0), -ENOENT));
	cr_expect(eq(long, view(SYS_newfstatat, fd, "p", &st, 0), -ENOENT));
	return fd;
}

Test(bases, a_removed_directory_is_not_the_one_that_took_its_name)
{
	static const char *const names[] = {"x", "p/x"};
	struct stat st;
	int fd = warm_e();

	cr_assert_eq(view(SYS_rmdir, at("e")), 0);
	cr_assert_eq(view(SYS_mkdir, at("e"), 0700), 0);
	cr_assert_eq(view(SYS_mkdir, at("e/p"), 0700), 0);
	close((int)view(SYS_open, at("e/x"), O_WRONLY | O_CREAT, 0600));
	close((int)view(SYS_open, at("e/p/x"), O_WRONLY | O_CREAT, 0600));
	cr_expect(eq(long, view(SYS_lstat, at("e/p/x"), &st), 0));
	for (size_t i = 0; i < 2; i++)
		cr_expect(eq(long, view(SYS_newfstatat, fd, names[i], &st, 0), -ENOENT));
	cr_expect(eq(long, view(SYS_openat, fd, "y", O_WRONLY | O_CREAT, 0600), -ENOENT));
	cr_expect(eq(long, view(SYS_openat, fd, "p/y", O_WRONLY | O_CREAT, 0600), -ENOENT));
	cr_expect(not(is_there(W_UP, "e/y")));
	cr_expect(not(is_there(W_UP, "e/p/y")));
	close(fd);
}

static void other_removes_e(void *unused)
{
	(void)unused;
	cr_assert_eq(view(SYS_rmdir, at("e")), 0);
	cr_assert_eq(view(SYS_mkdir, at("e"), 0700), 0);
	close((int)view(SYS_open, at("e/p"), O_WRONLY | O_CREAT, 0600));
}

Test(bases, one_that_is_removed_meanwhile_has_no_names)
{
	struct stat st;
	int fd = warm_e();

	fault_hook(__NR_statx, 1, other_removes_e, NULL);
	cr_expect(eq(long, view(SYS_newfstatat, fd, "p", &st, 0), -ENOENT));
	close(fd);
}

static void other_moves_d(void *unused)
{
	(void)unused;
	cr_assert_eq(view(SYS_rename, at("d"), at("e")), 0);
	cr_assert_eq(view(SYS_mkdir, at("d"), 0755), 0);
	cr_assert_eq(view(SYS_mkdir, at("d/p"), 0755), 0);
}

Test(bases, a_file_is_made_where_the_descriptor_is)
{
	int fd = (int)view(SYS_open, at("d"), O_RDONLY | O_DIRECTORY);
	long new;

	(void)relative_cost(fd, "p/f");
	fault_reset();
	fault_hook(__NR_openat2, 1, other_moves_d, NULL);
	new = view(SYS_openat, fd, "p/new", O_WRONLY | O_CREAT | O_EXCL, 0600);
	cr_expect(ge(long, new, 0));
	cr_expect(eq(long, write((int)new, "new", 3), 3));
	cr_expect(is_there(W_UP, "e/p/new"));
	cr_expect(eq(str, shown("e/p/new"), (char *)"new"));
	cr_expect(not(is_there(W_UP, "d/p/new")));
	close((int)new);
	close(fd);
}

Test(bases, a_path_too_long_to_be_put_together_is_walked)
{
	char name[OVL_ROOM_PATH]; /* with that of d before it there is no room for it */
	struct stat st;
	int fd = (int)view(SYS_open, at("d"), O_RDONLY | O_DIRECTORY);

	memset(name, '/', sizeof(name));
	memcpy(name, "p", 1);
	memcpy(name + sizeof(name) - 2, "f", 2);
	cr_expect(eq(uint, relative_cost(fd, "p/f"), 1));
	cr_expect(eq(uint, relative_cost(fd, "u"), 1)); /* room.h has that directory's now */
	fault_reset();
	cr_expect(eq(long, view(SYS_newfstatat, fd, name, &st, 0), 0));
	cr_expect(eq(uint, fault_count(__NR_rt_sigprocmask), 2));
	close(fd);
}
