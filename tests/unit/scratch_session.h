/* SPDX-License-Identifier: MIT */
/* scratch_session.h - a session in memory and a directory to be in, for tests of what ovlrun fills
 * it with */
#ifndef OVL_TEST_SCRATCH_SESSION_H
#define OVL_TEST_SCRATCH_SESSION_H

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ovl_session.h"
#include "tree.h"

static struct ovl_session *ss;
static char dir[] = "/tmp/ovl-launch-unit-XXXXXX";

static void scratch_make(void)
{
	ss = mmap(NULL, sizeof(*ss), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(ss, MAP_FAILED);
	cr_assert_not_null(mkdtemp(dir));
	cr_assert_eq(chdir(dir), 0);
}

static void scratch_end(void)
{
	(void)ovl_tree_empty(dir);
	rmdir(dir);
}

static void touch(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT, 0644);

	cr_assert_geq(fd, 0);
	close(fd);
}

#endif
