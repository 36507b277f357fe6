/* SPDX-License-Identifier: MIT */
#include "exe.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <unistd.h>

#include "session.h"

#define LOADER	"/usr/lib/ovlrun/ovlload"
#define PROGRAM "/srv/tree/bin/program"

static void start(void)
{
	struct ovl_session *ss = session_make();

	ss->loader = session_text(ss, LOADER);
	ss->root = session_text(ss, "/nowhere");
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

/* Where this program lies, as the kernel says. */
static size_t own(char *to, size_t size)
{
	ssize_t n = readlink(OVL_EXE_LINK, to, size);

	cr_assert(gt(long, n, 1));
	return (size_t)n;
}

Test(exe, the_link_of_a_program_outside_of_the_layers_is_told_at_once)
{
	char text[PATH_MAX];
	char buf[PATH_MAX];
	size_t n = own(text, sizeof(text));

	memset(buf, '#', sizeof(buf));
	cr_expect(eq(long, ovl_exe_link(buf, sizeof(buf)), (long)n));
	cr_expect_arr_eq(buf, text, n);
	cr_expect_eq(buf[n], '#');
	memset(buf, '#', sizeof(buf));
	cr_expect(eq(long, ovl_exe_link(buf, 3), 3));
	cr_expect_arr_eq(buf, text, 3);
	cr_expect_eq(buf[3], '#');
	cr_expect(eq(long, ovl_exe_link(buf, 0), -EAGAIN)); /* EINVAL is the slow way's to say */
}

Test(exe, the_link_to_the_loader_tells_the_program)
{
	char text[PATH_MAX] = {0};
	char buf[64];

	own(text, sizeof(text) - 1);
	ovl_ss->loader = session_text(ovl_ss, text);
	cr_assert_eq(ovl_exe_set(PROGRAM, strlen(PROGRAM)), 0);
	cr_expect(eq(long, ovl_exe_link(buf, sizeof(buf)), (long)strlen(PROGRAM)));
	cr_expect_arr_eq(buf, PROGRAM, strlen(PROGRAM));
}

Test(exe, the_link_of_a_lowers_program_is_told_where_the_view_has_it_at_its_own_path)
{
	char buf[PATH_MAX];

	ovl_ss->root = session_text(ovl_ss, "/");
	cr_expect(eq(long, ovl_exe_link(buf, sizeof(buf)), -EAGAIN));
	ovl_ss->flags |= OVL_S_SAME_ROOT;
	cr_expect(gt(long, ovl_exe_link(buf, sizeof(buf)), 1));
	ovl_ss->moves_now = 1ULL << 32 | 7; /* a directory has moved: it may be that one's */
	cr_expect(eq(long, ovl_exe_link(buf, sizeof(buf)), -EAGAIN));
}

Test(exe, the_link_of_uppers_program_takes_a_closer_look)
{
	char text[PATH_MAX] = {0};
	char buf[PATH_MAX];

	own(text, sizeof(text) - 1);
	*strrchr(text, '/') = '\0';
	ovl_ss->hide[ovl_ss->nhide++] = session_text(ovl_ss, text);
	cr_expect(eq(long, ovl_exe_link(buf, sizeof(buf)), -EAGAIN));
}
