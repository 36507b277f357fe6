/* SPDX-License-Identifier: MIT */
#include "newtext.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "fault.h"
#include "loadertext.h"

#define PAGE	 4096
#define DISPATCH 59 /* PR_SET_SYSCALL_USER_DISPATCH */

static char *text;

static void start(void)
{
	/* behind three pages there is nothing for a long way */
	text = mmap(NULL, 64L << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(text, 3 * PAGE, PROT_READ | PROT_WRITE);
	fault_reset();
	/* the test itself would be trapped */
	fault_set(__NR_prctl, FAULT_EACH, 0);
}

TestSuite(newtext, .init = start);

/* Was dispatch armed after call @nr made @len bytes executable? */
static bool arms(long nr, long len, long prot)
{
	struct ovl_call c = {.nr = nr, .arg = {(long)text, len, prot}};
	unsigned before = fault_count(__NR_prctl);

	if (nr == __NR_mmap) {
		c.arg[0] = 0;
		c.ret = (long)text;
	}
	ovl_newtext_look(&c);
	return fault_count(__NR_prctl) != before;
}

Test(newtext, memory_with_a_system_call_arms_dispatch)
{
	text[PAGE + 100] = 0x0f;
	text[PAGE + 101] = 0x05;
	cr_expect(not(arms(__NR_mprotect, PAGE, PROT_READ | PROT_EXEC)));
	cr_expect(arms(__NR_mprotect, 2 * PAGE, PROT_READ | PROT_EXEC));
	/* from then on whatever becomes executable does, in whatever thread */
	cr_expect(arms(__NR_mprotect, PAGE, PROT_READ | PROT_EXEC));
}

Test(newtext, a_system_call_over_the_end_of_a_page_is_one)
{
	text[PAGE - 1] = 0x0f;
	text[PAGE] = 0x05;
	cr_expect(not(arms(__NR_mprotect, PAGE, PROT_EXEC)));
	cr_expect(arms(__NR_mmap, 3 * PAGE, PROT_EXEC));
}

Test(newtext, memory_that_is_not_there_is_passed_over)
{
	cr_expect(not(arms(__NR_mprotect, 16 * PAGE, PROT_EXEC)));
}

Test(newtext, what_is_not_executable_does_not_matter)
{
	text[0] = 0x0f;
	text[1] = 0x05;
	cr_expect(not(arms(__NR_mprotect, PAGE, PROT_READ | PROT_WRITE)));
	cr_expect(not(arms(__NR_mmap, PAGE, PROT_READ)));
	cr_expect(not(arms(__NR_openat, PAGE, PROT_EXEC)));
	cr_expect(arms(__NR_pkey_mprotect, PAGE, PROT_EXEC));
}

Test(newtext, a_call_that_failed_made_nothing)
{
	struct ovl_call c = {.nr = __NR_mmap, .arg = {0, PAGE, PROT_EXEC}, .ret = -ENOMEM};
	unsigned before;

	text[0] = 0x0f;
	text[1] = 0x05;
	cr_expect(arms(__NR_mprotect, PAGE, PROT_EXEC));
	before = fault_count(__NR_prctl);
	ovl_newtext_look(&c);
	cr_expect(eq(uint, fault_count(__NR_prctl), before));
}

Test(newtext, who_makes_much_is_not_looked_at_for_ever)
{
	cr_expect(not(arms(__NR_mprotect, 40L << 20, PROT_EXEC)));
	cr_expect(arms(__NR_mprotect, 40L << 20, PROT_EXEC));
}
