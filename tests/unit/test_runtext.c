/* SPDX-License-Identifier: MIT */
#include "runtext.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <linux/mman.h>
#include <sys/mman.h>

#include "fault.h"
#include "sys.h"

#define PAGE  4096
#define PAGES 3

static unsigned char *text;

/* Pages that were written to; the last one has a function that answers 42. */
static void start(void)
{
	static const unsigned char code[] = {0xb8, 42, 0, 0, 0, 0xc3};

	fault_reset();
	text = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	cr_assert(ne(ptr, text, MAP_FAILED));
	memcpy(text + 2 * PAGE, code, sizeof(code));
}

TestSuite(runtext, .init = start, .fini = fault_reset);

static int run(void)
{
	return ovl_text_run(text, PAGES * PAGE, PROT_READ | PROT_EXEC);
}

static int answer(void)
{
	return ((int (*)(void))(text + 2 * PAGE))();
}

Test(runtext, pages_become_executable_where_they_are)
{
	cr_expect(eq(int, run(), 0));
	cr_expect(eq(int, answer(), 42));
	cr_expect(eq(uint, fault_count(__NR_memfd_create), 0));
}

Test(runtext, a_copy_runs_where_they_may_not)
{
	fault_set(__NR_mprotect, FAULT_EACH, -EACCES);
	fault_short(__NR_write, 1000);
	cr_expect(eq(int, run(), 0));
	cr_expect(eq(int, answer(), 42));
	cr_expect(eq(uint, fault_count(__NR_close), 1));
}

Test(runtext, a_kernel_that_does_not_know_the_flag_is_asked_without)
{
	fault_set(__NR_mprotect, FAULT_EACH, -EPERM);
	fault_set(__NR_memfd_create, 1, -EINVAL);
	cr_expect(eq(int, run(), 0));
	cr_expect(eq(int, answer(), 42));
}

Test(runtext, without_a_copy_all_is_as_it_was_and_the_first_error_is_told)
{
	static const long calls[] = {__NR_memfd_create, __NR_write, __NR_mmap};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		fault_reset();
		fault_set(__NR_mprotect, FAULT_EACH, -EACCES);
		fault_set(calls[i], FAULT_EACH, -ENOMEM);
		cr_expect(eq(int, run(), -EACCES), "%ld", calls[i]);
		text[0] = 1; /* still writable */
		cr_expect(eq(int, text[2 * PAGE + 1], 42));
		cr_expect(eq(uint, fault_count(__NR_close), i ? 1 : 0), "%ld", calls[i]);
	}
}
