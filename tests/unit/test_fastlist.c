/* SPDX-License-Identifier: MIT */
#include "fastupper.h"

#include "fault.h"
#include "fixture.h"
#include "inode.h"

static void start(void)
{
	world_make_merged();
	put_dir(W_UP, "q");
}

TestSuite(fastlist, .init = start, .fini = world_end);

static uint64_t listed_ino; /* of the last name that is not a dot */

/* Open the directory @rel and read it to its end: how many names; -errno. */
static int list(const char *rel)
{
	static char entries[4096] __attribute__((aligned(8)));
	long fd = view(SYS_open, at(rel), O_RDONLY | O_DIRECTORY);
	int names = 0;
	long n;

	if (fd < 0)
		return (int)fd;
	while ((n = view(SYS_getdents64, fd, entries, sizeof(entries))) > 0) {
		for (long i = 0; i < n; names++) {
			const struct ovl_dirent *d = (const void *)(entries + i);

			i += d->reclen;
			if (!ovl_dirent_is_dots(d))
				listed_ino = d->ino;
		}
	}
	cr_expect(eq(long, n, 0));
	view(SYS_close, fd);
	return names;
}

Test(fastlist, a_directory_of_uppers_is_opened_and_listed_by_the_kernel)
{
	list("p");
	list("p");
	fault_reset();
	cr_expect(eq(int, list("p"), 5));
	cr_expect(not(was_slow()));
	/* who we are; where it is, and what there is, twice; closed */
	cr_expect(eq(uint, fault_total(), 7));
}

/* An upper from before the run may have them. */
Test(fastlist, a_whiteout_in_it_is_left_out)
{
	list("p");
	put_whiteout(W_UP, "p/gone");
	for (int i = 0; i < 2; i++)
		cr_expect(eq(int, list("p"), 5));
}

Test(fastlist, a_copy_in_it_has_its_origins_number)
{
	list("q");
	list("q");
	cr_expect(eq(long, view(SYS_rename, at("d/f"), at("q/f")), 0));
	cr_expect(eq(int, list("q"), 3));
	cr_expect(eq(u64, listed_ino, lstat_of(W_LOW(1), "d/f").st_ino));
}

Test(fastlist, on_another_file_system_numbers_are_of_its_own_range)
{
	put(W_UP, "q/f", "");
	list("q");
	w.ss->layer[0].dev++;
	cr_expect(ovl_inode_is_foreign());
	for (int i = 0; i < 2; i++) {
		cr_expect(eq(int, list("q"), 3));
		cr_expect(eq(u64, listed_ino, lstat_of(W_UP, "q/f").st_ino | OVL_INO_FOREIGN));
	}
}

Test(fastlist, a_name_that_does_not_exist_inside_is_left_out)
{
	w.ss->hide[w.ss->nhide++] = session_text(w.ss, in(w.view, "p/f"));
	ovl_filter_add(&w.ss->hidden, ovl_hash_path(in(w.view, "p/f"), strlen(in(w.view, "p/f"))));
	for (int i = 0; i < 3; i++)
		cr_expect(eq(int, list("p"), 4));
}

/* Each name of upper's is one that could hide something. */
Test(fastlist, nor_does_the_slow_path_look_at_each_name)
{
	char name[16];

	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "q/%d", i);
		put(W_UP, name, "");
	}
	put_whiteout(W_UP, "q/gone"); /* has to be looked at closer */
	fault_reset();
	cr_expect(eq(int, list("q"), 52));
	cr_expect(le(uint, fault_count(__NR_statx), 20));
}

/* Another process: a merged directory comes to where upper's was. */
static void other_swaps(void *unused)
{
	(void)unused;
	cr_assert_eq(view(SYS_renameat2, AT_FDCWD, at("p"), AT_FDCWD, at("d"), RENAME_EXCHANGE), 0);
}

Test(fastlist, a_directory_that_comes_while_it_is_opened_is_looked_at_again)
{
	list("p");
	list("p");
	fault_reset();
	fault_hook(__NR_openat2, 1, other_swaps, NULL);
	cr_expect(eq(int, list("p"), 4)); /* f and u */
	cr_expect(was_slow());
}

Test(fastlist, one_that_moves_while_it_is_read_is_read_on)
{
	list("p");
	list("p");
	fault_reset();
	fault_hook(__NR_getdents64, 1, other_swaps, NULL);
	cr_expect(eq(int, list("p"), 5));
	cr_expect(was_slow());
	cr_expect(eq(int, list("p"), 4));
	cr_expect(eq(int, list("d"), 5));
}

Test(fastlist, what_is_relative_to_it_is_known)
{
	struct stat st;
	long fd;

	list("p");
	list("p");
	fd = view(SYS_open, at("p"), O_RDONLY | O_DIRECTORY);
	fault_reset();
	cr_expect(eq(long, view(SYS_newfstatat, fd, "f", &st, 0), 0));
	cr_expect(eq(uint, fault_total(), 1));
	cr_expect(eq(long, view(SYS_open, at("p"), O_WRONLY), -EISDIR));
	cr_expect(eq(long, view(SYS_open, at("p/f"), O_RDONLY | O_DIRECTORY), -ENOTDIR));
	cr_expect(eq(long, view(SYS_open, at("p/l"), O_RDONLY | O_DIRECTORY), -ENOTDIR));
	view(SYS_close, fd);
}
