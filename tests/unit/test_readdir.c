/* SPDX-License-Identifier: MIT */
#include "readdir.h"

#include "fault.h"
#include "fixture.h"

#define MANY 10000

static void start(void)
{
	world_make(1);
	put_dir(W_LOW(1), "d");
	put_dir(W_UP, "d");
}

TestSuite(readdir, .init = start, .fini = world_end);

static char buf[64 * 1024] __attribute__((aligned(8)));

static int open_dir(const char *rel)
{
	long fd = view(SYS_openat, AT_FDCWD, at(rel), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	cr_assert(ge(long, fd, 0));
	return (int)fd;
}

static long get(int fd, size_t size)
{
	return view(SYS_getdents64, fd, buf, size);
}

/* Even names are lower, odd ones upper. */
static void fill(int n)
{
	char name[32];

	for (int i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "d/%d", i);
		cr_assert_eq(mknod(in(i % 2 ? W_UP : W_LOW(1), name), S_IFREG, 0), 0);
		if (i % 2)
			announce(name, true);
	}
}

static unsigned char seen[MANY];

/* Count the numbers among the @n bytes of entries in buf; all entries. */
static int tally(long n)
{
	int entries = 0;

	for (long i = 0; i < n;) {
		const struct ovl_dirent *d = (const void *)(buf + i);

		entries++;
		if (d->name[0] >= '0' && d->name[0] <= '9')
			seen[atoi(d->name)]++;
		i += d->reclen;
	}
	return entries;
}

static int read_all(int fd, size_t size)
{
	int entries = 0;
	long n;

	memset(seen, 0, sizeof(seen));
	while ((n = get(fd, size)) > 0)
		entries += tally(n);
	cr_expect(eq(long, n, 0));
	return entries;
}

static void expect_each_once(int n)
{
	for (int i = 0; i < n; i++)
		cr_assert(eq(int, seen[i], 1), "%d", i);
}

Test(readdir, a_merged_directory_lists_each_name_once_through_a_tiny_buffer)
{
	int fd = open_dir("d");

	fill(1000);
	cr_expect(eq(int, read_all(fd, 48), 1002));
	expect_each_once(1000);
}

Test(readdir, ten_thousand_names)
{
	int fd = open_dir("d");

	fill(MANY);
	cr_expect(eq(int, read_all(fd, sizeof(buf)), MANY + 2));
	expect_each_once(MANY);
}

Test(readdir, a_buffer_for_less_than_one_entry_is_einval)
{
	int fd = open_dir("d");

	fill(4);
	cr_expect(eq(long, get(fd, 8), -EINVAL));
	cr_expect(eq(int, read_all(fd, 48), 6));
}

Test(readdir, what_is_left_of_a_listing_takes_no_look_at_the_layers)
{
	int fd = open_dir("d");

	fill(100);
	cr_expect(ge(long, get(fd, 512), 1));
	fault_reset();
	cr_expect(ge(long, get(fd, 512), 1));
	cr_expect(eq(uint, fault_total(), 2)); /* where it is, and will be */
	cr_expect(eq(long, get(fd, 8), -EINVAL));
	cr_expect(eq(long, get(fd, 8), -EINVAL));
	while (get(fd, sizeof(buf)) > 0)
		;
	lseek(fd, 0, SEEK_SET);
	cr_expect(eq(int, read_all(fd, 512), 102));
	expect_each_once(100);
}

Test(readdir, another_listing_by_the_same_number_is_not_gone_on_with)
{
	int fd = open_dir("d");

	fill(100);
	put_dir(W_LOW(1), "e");
	put_dir(W_UP, "e");
	put(W_UP, "e/x", "");
	cr_expect(ge(long, get(fd, 512), 1));
	view(SYS_close, fd);
	cr_expect(eq(int, open_dir("e"), fd));
	cr_expect(eq(int, read_all(fd, 48), 3));
}

/* Another process, while the layers are read. */
static void other_moves(void *unused)
{
	(void)unused;
	cr_assert_eq(view(SYS_rename, at("a"), at("b")), 0);
}

Test(readdir, a_listing_begun_in_vain_begins_anew)
{
	int fd = open_dir("d");

	fill(10);
	put_dir(W_LOW(1), "a");
	fault_hook(__NR_getdents64, 2, other_moves, NULL);
	cr_expect(eq(int, read_all(fd, sizeof(buf)), 12));
	expect_each_once(10);
}

Test(readdir, everything_is_removed_while_it_is_listed)
{
	int fd = open_dir("d");
	int removed = 0;
	long n;

	fill(2000);
	while ((n = get(fd, 256)) > 0) {
		for (long i = 0; i < n;) {
			const struct ovl_dirent *d = (const void *)(buf + i);
			char name[64];

			i += d->reclen;
			if (d->name[0] == '.')
				continue;
			snprintf(name, sizeof(name), "d/%s", d->name);
			cr_assert(eq(long, view(SYS_unlink, at(name)), 0), "%s", name);
			removed++;
		}
	}
	cr_expect(eq(int, removed, 2000));
	cr_expect(eq(long, view(SYS_rmdir, at("d")), 0));
	cr_expect(is_whiteout(W_UP, "d"));
}

Test(readdir, a_position_is_returned_to_and_means_the_same)
{
	int fd = open_dir("d");
	char first[64];
	long mark;
	long n;

	fill(500);
	n = get(fd, 2048);
	cr_assert(ge(long, n, 1));
	mark = lseek(fd, 0, SEEK_CUR);
	n = get(fd, 64);
	cr_assert(ge(long, n, 1));
	strcpy(first, ((const struct ovl_dirent *)(const void *)buf)->name);
	read_all(fd, 4096);
	cr_expect(eq(long, view(SYS_lseek, fd, mark, SEEK_SET), mark));
	put(W_LOW(1), "d/500", ""); /* may come just here */
	n = get(fd, 64);
	cr_assert(ge(long, n, 1));
	cr_expect(strcmp(((const struct ovl_dirent *)(const void *)buf)->name, "500") == 0 ||
		  strcmp(((const struct ovl_dirent *)(const void *)buf)->name, first) == 0);
}

Test(readdir, d_off_is_where_the_next_entry_is)
{
	int fd = open_dir("d");
	const struct ovl_dirent *d;
	char third[64];
	int64_t off;

	fill(10);
	cr_assert(ge(long, get(fd, sizeof(buf)), 1));
	d = (const void *)buf;
	d = (const void *)((const char *)d + d->reclen);
	off = d->off;
	d = (const void *)((const char *)d + d->reclen);
	strcpy(third, d->name);
	cr_expect(eq(long, lseek(fd, off, SEEK_SET), (long)off));
	cr_assert(ge(long, get(fd, 64), 1));
	cr_expect(eq(str, (char *)((const struct ovl_dirent *)(const void *)buf)->name, third));
}

Test(readdir, rewinding_shows_new_names)
{
	int fd = open_dir("d");

	fill(2);
	cr_expect(eq(int, read_all(fd, sizeof(buf)), 4));
	fill(0);
	put(W_UP, "d/new", "");
	cr_expect(eq(long, view(SYS_lseek, fd, 0, SEEK_SET), 0));
	cr_expect(eq(int, read_all(fd, sizeof(buf)), 5));
}

Test(readdir, the_position_is_shared_by_dup)
{
	int fd = open_dir("d");
	int twin = dup(fd);
	int entries = 0;
	long n;

	fill(100);
	memset(seen, 0, sizeof(seen));
	while ((n = get(entries % 2 ? fd : twin, 48)) > 0)
		entries += tally(n);
	cr_expect(eq(int, entries, 102));
	expect_each_once(100);
}

Test(readdir, dot_and_dotdot_come_first_with_the_views_numbers)
{
	int fd = open_dir("d");
	const struct ovl_dirent *d = (const void *)buf;
	struct stat st;

	fill(2);
	cr_assert(ge(long, get(fd, sizeof(buf)), 1));
	cr_expect(eq(str, (char *)d->name, (char *)"."));
	cr_expect(eq(long, view(SYS_stat, at("d"), &st), 0));
	cr_expect(eq(u64, d->ino, st.st_ino));
	d = (const void *)(buf + d->reclen);
	cr_expect(eq(str, (char *)d->name, (char *)".."));
	cr_expect(eq(long, view(SYS_stat, at("d/.."), &st), 0));
	cr_expect(eq(u64, d->ino, st.st_ino));
}

/* The number and type listed for @name. */
static uint64_t listed(const char *dir, const char *name, int *ret_type)
{
	int fd = open_dir(dir);
	uint64_t ino = 0;
	long n;

	*ret_type = -1;
	while ((n = get(fd, sizeof(buf))) > 0) {
		for (long i = 0; i < n;) {
			const struct ovl_dirent *d = (const void *)(buf + i);

			if (!strcmp(d->name, name)) {
				ino = d->ino;
				*ret_type = d->type;
			}
			i += d->reclen;
		}
	}
	close(fd);
	return ino;
}

Test(readdir, d_ino_is_st_ino_also_after_copy_up)
{
	uint64_t low;
	int type;
	struct stat st;

	fill(1);
	put_dir(W_LOW(1), "d/sub");
	low = listed("d", "0", &type);
	cr_expect(eq(int, type, DT_REG));
	cr_expect(eq(u64, low, lstat_of(W_LOW(1), "d/0").st_ino));
	cr_expect(eq(long, view(SYS_chmod, at("d/0"), 0600), 0));
	cr_expect(eq(u64, listed("d", "0", &type), low));
	cr_expect(eq(long, view(SYS_stat, at("d/0"), &st), 0));
	cr_expect(eq(u64, st.st_ino, low));
	listed("d", "sub", &type);
	cr_expect(eq(int, type, DT_DIR));
}

Test(readdir, a_directory_of_one_layer_is_the_kernels_to_list)
{
	int type;

	put_dir(W_LOW(1), "low");
	put(W_LOW(1), "low/f", "");
	fault_reset();
	cr_expect(ne(u64, listed("low", "f", &type), 0));
	cr_expect(eq(uint, fault_count(__NR_mmap), 0));
}

Test(readdir, whiteouts_of_an_upper_directory_are_not_listed)
{
	int type;

	put_dir(W_UP, "u");
	put_whiteout(W_UP, "u/gone");
	put(W_UP, "u/there", "");
	cr_expect(eq(u64, listed("u", "gone", &type), 0));
	cr_expect(ne(u64, listed("u", "there", &type), 0));
}

Test(readdir, a_listing_begun_by_the_kernel_goes_on_when_the_directory_merges)
{
	char name[32];
	int fd;
	int entries;
	long n;

	put_dir(W_LOW(1), "low");
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "low/%d", i);
		put(W_LOW(1), name, "");
	}
	fd = open_dir("low");
	memset(seen, 0, sizeof(seen));
	entries = tally(get(fd, 1024));
	cr_expect(eq(long, view(SYS_chmod, at("low/7"), 0600), 0)); /* now upper has it too */
	while ((n = get(fd, 1024)) > 0)
		entries += tally(n);
	cr_expect(eq(int, entries, 502));
	expect_each_once(500);
}

Test(readdir, emptiness_is_the_views)
{
	struct ovl_ctx *ctx = ctx_make();

	cr_expect(eq(int, ovl_dir_must_be_empty(ctx, name_of(ctx, 0, "d")), 0));
	put(W_LOW(1), "d/f", "");
	cr_expect(eq(int, ovl_dir_must_be_empty(ctx, name_of(ctx, 0, "d")), -ENOTEMPTY));
	put_whiteout(W_UP, "d/f");
	cr_expect(eq(int, ovl_dir_must_be_empty(ctx, name_of(ctx, 0, "d")), 0));
	put(W_UP, "d/g", "");
	cr_expect(eq(int, ovl_dir_must_be_empty(ctx, name_of(ctx, 0, "d")), -ENOTEMPTY));
}

/* rename(2) and rmdir(2) ask for no right to the directory that they remove. */
Test(readdir, an_own_directory_that_keeps_its_owner_out_is_looked_into)
{
	struct ovl_ctx *ctx = ctx_make();
	struct statx st;

	leave_root();
	put_dir(W_UP, "shut");
	put(W_UP, "shut/f", "");
	cr_assert_eq(chmod(in(W_UP, "shut"), 0), 0);
	cr_expect(eq(int, ovl_dir_must_be_empty(ctx, name_of(ctx, 0, "shut")), -ENOTEMPTY));
	cr_assert_eq(unlink(in(W_UP, "shut/f")), 0);
	cr_assert_eq(chmod(in(W_UP, "shut"), 0), 0);
	cr_expect(eq(int, ovl_dir_must_be_empty(ctx, name_of(ctx, 0, "shut")), 0));
	cr_expect(eq(long, view(SYS_statx, AT_FDCWD, at("shut"), 0, STATX_BASIC_STATS, &st), 0));
	cr_expect(eq(int, st.stx_mode, S_IFDIR), "its mode has changed");
}

Test(readdir, the_old_call_has_its_types_at_the_end)
{
	int fd = open_dir("d");
	long n;

	fill(2);
	n = view(SYS_getdents, fd, buf, sizeof(buf));
	cr_assert(ge(long, n, 1));
	for (long i = 0; i < n;) {
		uint16_t reclen;

		memcpy(&reclen, buf + i + 16, 2);
		cr_expect(eq(int, buf[i + reclen - 1], buf[i + 18] == '.' ? DT_DIR : DT_REG));
		i += reclen;
	}
}
