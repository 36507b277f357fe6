/* SPDX-License-Identifier: MIT */
#include "sitefile.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sitetab.h"

#define ENGINE "/bin/sh" /* any file with a build-id */
#define OTHER  "/bin/ls"

static struct ovl_session *known, *got;
static char path[64];

static struct ovl_session *session(void)
{
	void *ss = mmap(NULL, sizeof(struct ovl_session), PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	cr_assert_neq(ss, MAP_FAILED);
	return ss;
}

static void start(void)
{
	static const struct ovl_site site[] = {{0x1000, 2, OVL_SITE_MOV, 5},
					       {0x2000, -1, OVL_SITE_CMP, 8},
					       {0x3000, 257, OVL_SITE_MOV, 5}};

	known = session();
	got = session();
	ovl_sitetab_add(known, 17, &(struct ovl_site_list){site, 2, 1});
	ovl_sitetab_add(known, 18, &(struct ovl_site_list){site + 2, 1, 0});
	snprintf(path, sizeof(path), "/tmp/ovl-unit-sitefile.%d", (int)getpid());
	cr_assert_eq(ovl_sitefile_write(path, ENGINE, known), 0);
}

static void end(void)
{
	unlink(path);
}

TestSuite(sitefile, .init = start, .fini = end);

/* @byte at @at of the file becomes another one. */
static void damage(off_t at)
{
	int fd = open(path, O_RDWR);
	char byte;

	cr_assert_eq(pread(fd, &byte, 1, at), 1);
	byte ^= 1;
	cr_assert_eq(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

Test(sitefile, what_was_written_is_in_the_next_session)
{
	struct ovl_site_list list;

	ovl_sitefile_read(path, ENGINE, got);
	cr_expect_eq(got->nlibs, 2);
	cr_assert(ovl_sitetab_find(got, 17, &list));
	cr_expect_eq(list.n, 2);
	cr_expect_eq(list.nunknown, 1);
	cr_expect_eq(list.site[1].offset, 0x2000);
	cr_expect_eq(list.site[1].nr, -1);
	cr_assert(ovl_sitetab_find(got, 18, &list));
	cr_expect_eq(list.site[0].offset, 0x3000);
}

Test(sitefile, of_another_build_nothing_is_taken)
{
	ovl_sitefile_read(path, OTHER, got);
	cr_expect_eq(got->nlibs, 0);
	ovl_sitefile_read(path, "/nowhere", got);
	cr_expect_eq(got->nlibs, 0);
}

Test(sitefile, a_damaged_file_is_none)
{
	off_t size;
	int fd = open(path, O_RDONLY);

	size = lseek(fd, 0, SEEK_END);
	close(fd);
	for (off_t at = 0; at < 200; at++) {
		damage(at);
		ovl_sitefile_read(path, ENGINE, got);
		cr_expect_eq(got->nlibs, 0, "%ld", (long)at);
		damage(at);
	}
	cr_expect_eq(truncate(path, size - 1), 0);
	ovl_sitefile_read(path, ENGINE, got);
	cr_expect_eq(got->nlibs, 0);
}

Test(sitefile, a_missing_file_is_none)
{
	unlink(path);
	ovl_sitefile_read(path, ENGINE, got);
	cr_expect_eq(got->nlibs, 0);
}

Test(sitefile, what_cannot_be_named_or_written_is_told)
{
	cr_expect_eq(ovl_sitefile_write(path, "/etc/passwd", known), -ENODATA);
	cr_expect_eq(ovl_sitefile_write("/nowhere/file", ENGINE, known), -ENOENT);
}
