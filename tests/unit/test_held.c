/* SPDX-License-Identifier: MIT */
#include "held.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fault.h"

static char path[] = "/tmp/ovl-held-XXXXXX";
static int fd;

static void start(void)
{
	close(mkstemp(path));
	fd = open(path, O_RDONLY);
	cr_assert_geq(fd, 0);
	fault_reset();
}

static void end(void)
{
	unlink(path);
}

TestSuite(held, .init = start, .fini = end);

Test(held, a_file_that_is_open_once_is_not)
{
	int same = dup(fd);

	cr_expect(not(ovl_held(fd)));
	cr_expect(not(ovl_held(same)));
}

Test(held, by_another_open_to_read_and_by_a_mapping)
{
	int other = open(path, O_RDONLY);
	char *map;

	cr_expect(ovl_held(fd));
	close(other);
	cr_expect(not(ovl_held(fd)));
	cr_assert_eq(truncate(path, 4096), 0);
	other = open(path, O_RDONLY);
	map = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, other, 0);
	close(other);
	cr_expect(ovl_held(fd));
	munmap(map, 4096);
	cr_expect(not(ovl_held(fd)));
}

Test(held, of_somebody_elses_file_it_is_not_known)
{
	if (geteuid())
		cr_skip_test("takes another user");
	cr_assert_eq(seteuid(65534), 0);
	cr_expect(ovl_held(fd));
	cr_assert_eq(seteuid(0), 0);
}

Test(held, without_leases_nobody_holds_it)
{
	fault_set(__NR_fcntl, FAULT_EACH, -EINVAL);
	cr_expect(not(ovl_held(fd)));
}

Test(held, where_no_lease_is_to_be_had_nobody_is_known_to)
{
	int other = open(path, O_RDONLY);

	fault_set(__NR_fcntl, FAULT_EACH, -EAGAIN);
	cr_expect(not(ovl_held(fd)));
	close(other);
}

/* Whoever opens it next neither waits nor makes a signal that would end us. */
Test(held, nothing_is_left_of_the_question)
{
	sigset_t pending;

	cr_expect(not(ovl_held(fd)));
	cr_expect(eq(int, fcntl(fd, F_GETLEASE), F_UNLCK));
	cr_assert_geq(open(path, O_RDWR | O_NONBLOCK), 0);
	cr_assert_eq(sigpending(&pending), 0);
	cr_expect(not(sigismember(&pending, SIGIO)));
}
