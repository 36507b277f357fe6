/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "nr.h"
#include "systab.h"

struct row {
	const char *name;
	int nr;
	ovl_handler *handle;
};

static const struct row rows[] = {
#define ROW(name, guard, fn, ...) {#name, SYS_##name, fn},
#define SYS_fchmodat2		  452
#define SYS_setxattrat		  463
#define SYS_getxattrat		  464
#define SYS_listxattrat		  465
#define SYS_removexattrat	  466
#define SYS_open_tree_attr	  467
#define SYS_file_getattr	  468
#define SYS_file_setattr	  469
#include "systab.def"
#include "systab_legacy.def"
#undef ROW
};

#define NROWS (sizeof(rows) / sizeof(rows[0]))

Test(systab, each_row_is_found_by_its_number)
{
	for (size_t i = 0; i < NROWS; i++) {
		cr_expect(eq(str, (char *)ovl_systab[rows[i].nr].name, (char *)rows[i].name));
		cr_expect(ovl_systab_handler(rows[i].nr) == rows[i].handle, "%s", rows[i].name);
		cr_expect(ovl_nr_ours(rows[i].nr), "%s", rows[i].name);
	}
}

Test(systab, bitmap_and_table_hold_as_many_as_there_are_rows)
{
	size_t bits = 0;
	size_t entries = 0;

	for (int nr = 0; nr < OVL_NR_MAX; nr++) {
		bits += ovl_nr_bitmap[nr / 64] >> (nr % 64) & 1;
		entries += *ovl_systab[nr].name != '\0';
	}
	cr_expect(eq(sz, bits, NROWS + OVL_NR_MAX - OVL_NR_UNKNOWN));
	cr_expect(eq(sz, entries, NROWS));
}

Test(systab, numbers_newer_than_the_table_are_ours_and_have_no_row)
{
	for (long nr = OVL_NR_UNKNOWN; nr < OVL_NR_MAX; nr++) {
		cr_expect(ovl_nr_ours(nr), "%ld", nr);
		cr_expect(eq(ptr, (void *)ovl_systab_handler(nr), NULL));
	}
	cr_expect(not(ovl_nr_ours(448))); /* process_mrelease */
}

Test(systab, other_numbers_are_not_ours)
{
	cr_expect(not(ovl_nr_ours(-1)));
	cr_expect(not(ovl_nr_ours(SYS_read)));
	cr_expect(not(ovl_nr_ours(SYS_getpid)));
	cr_expect(not(ovl_nr_ours(OVL_NR_MAX)));
	cr_expect(not(ovl_nr_ours(0x40000000 + SYS_openat))); /* x32 */
	cr_expect(not(ovl_nr_ours(1L << 40)));
}

/* Linux 6.18, arch/x86/entry/syscalls/syscall_64.tbl */
Test(systab, numbers_that_headers_may_lack_are_linux_6_18s)
{
	cr_expect(eq(int, __NR_open_tree, 428));
	cr_expect(eq(int, __NR_move_mount, 429));
	cr_expect(eq(int, __NR_fspick, 433));
	cr_expect(eq(int, __NR_openat2, 437));
	cr_expect(eq(int, __NR_faccessat2, 439));
	cr_expect(eq(int, __NR_mount_setattr, 442));
	cr_expect(eq(int, __NR_quotactl_fd, 443));
	cr_expect(eq(int, __NR_fchmodat2, 452));
	cr_expect(eq(int, __NR_setxattrat, 463));
	cr_expect(eq(int, __NR_getxattrat, 464));
	cr_expect(eq(int, __NR_listxattrat, 465));
	cr_expect(eq(int, __NR_removexattrat, 466));
	cr_expect(eq(int, __NR_open_tree_attr, 467));
	cr_expect(eq(int, __NR_file_getattr, 468));
	cr_expect(eq(int, __NR_file_setattr, 469));
}

Test(systab, kinds_are_those_of_the_row)
{
	const struct ovl_sysent *e = &ovl_systab[SYS_renameat2];

	cr_expect(eq(int, e->arg[0], OVL_A_AT));
	cr_expect(eq(int, e->arg[1], OVL_A_LPATH));
	cr_expect(eq(int, e->arg[2], OVL_A_AT));
	cr_expect(eq(int, e->arg[3], OVL_A_LPATH));
	cr_expect(eq(int, e->arg[4], OVL_A_FLAGS));
	cr_expect(eq(int, e->arg[5], OVL_A_NONE));
}
