/* SPDX-License-Identifier: MIT */
#include "exe.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "session.h"

#define LOADER	"/usr/lib/ovlrun/ovlload"
#define PROGRAM "/srv/tree/bin/program"

static void start(void)
{
	struct ovl_session *ss = session_make();

	ss->loader = session_text(ss, LOADER);
}

TestSuite(exe, .init = start);

/* What a link of /proc that says @text says then. */
static const char *corrected(const char *text, bool expected)
{
	static struct ovl_path p;

	cr_assert_eq(ovl_path_set(&p, text, strlen(text)), 0);
	cr_expect_eq(ovl_exe_correct(&p), expected, "%s", text);
	cr_expect(eq(sz, p.len, strlen(p.buf)));
	return p.buf;
}

Test(exe, the_loaders_name_becomes_the_programs)
{
	cr_assert_eq(ovl_exe_set(PROGRAM " and more", strlen(PROGRAM)), 0);
	cr_expect(eq(str, (char *)corrected(LOADER, true), PROGRAM));
}

Test(exe, other_names_stay)
{
	cr_assert_eq(ovl_exe_set(PROGRAM, strlen(PROGRAM)), 0);
	cr_expect(eq(str, (char *)corrected(LOADER "x", false), LOADER "x"));
	cr_expect(eq(str, (char *)corrected("/usr/lib/ovlrun/ovlloaD", false),
		     "/usr/lib/ovlrun/ovlloaD"));
	cr_expect(eq(str, (char *)corrected("/", false), "/"));
	cr_expect(eq(str, (char *)corrected(PROGRAM, false), PROGRAM));
}

Test(exe, a_program_that_the_kernel_executed_is_as_the_kernel_says)
{
	cr_expect(eq(str, (char *)corrected(LOADER, false), LOADER));
}

Test(exe, a_name_that_is_too_long_is_told)
{
	static char name[PATH_MAX + 1];

	memset(name, 'x', sizeof(name));
	cr_expect(eq(int, ovl_exe_set(name, PATH_MAX), -ENAMETOOLONG));
	cr_expect(eq(str, (char *)corrected(LOADER, false), LOADER));
	cr_expect(eq(int, ovl_exe_set(name, PATH_MAX - 1), 0));
	cr_expect(eq(sz, strlen(corrected(LOADER, true)), PATH_MAX - 1));
}
