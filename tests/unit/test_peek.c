/* SPDX-License-Identifier: MIT */
#include "peek.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sys/mman.h>

#define PAGE 4096

static char *pages; /* two that are there, between two that are not */
static char out[PAGE];

static void start(void)
{
	pages = mmap(NULL, 4 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pages += PAGE;
	mprotect(pages, 2 * PAGE, PROT_READ | PROT_WRITE);
	for (int i = 0; i < 2 * PAGE; i++)
		pages[i] = (char)i;
}

TestSuite(peek, .init = start);

Test(peek, what_is_there_is_read)
{
	cr_expect(eq(sz, ovl_peek(pages + 3, out, 100), 100));
	cr_expect_arr_eq(out, pages + 3, 100);
	cr_expect(eq(sz, ovl_peek(pages + PAGE - 10, out, PAGE), PAGE));
	cr_expect_arr_eq(out, pages + PAGE - 10, PAGE);
}

Test(peek, what_ends_early_is_read_up_to_there)
{
	cr_expect(eq(sz, ovl_peek(pages + 2 * PAGE - 7, out, 100), 7));
	cr_expect_arr_eq(out, pages + 2 * PAGE - 7, 7);
}

Test(peek, what_is_not_there_is_not_read)
{
	cr_expect(eq(sz, ovl_peek(pages + 2 * PAGE, out, 100), 0));
	cr_expect(eq(sz, ovl_peek(pages - 1, out, 1), 0));
	cr_expect(eq(sz, ovl_peek(pages - 7, out, 100), 0));
	cr_expect(eq(sz, ovl_peek(NULL, out, 1), 0));
}
