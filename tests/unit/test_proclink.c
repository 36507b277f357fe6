/* SPDX-License-Identifier: MIT */
#include "proclink.h"

#include "fault.h"
#include "fixture.h"

static void start(void)
{
	world_make(1);
}

TestSuite(proclink, .init = start, .fini = world_end);

static bool nameless(const char *text)
{
	static struct ovl_path p;

	cr_assert_eq(ovl_path_set(&p, text, (unsigned)strlen(text)), 0);
	return ovl_proclink_is_nameless(&p);
}

Test(proclink, pipes_sockets_and_the_kernels_own_have_no_name)
{
	cr_expect(nameless("pipe:[4711]"));
	cr_expect(nameless("socket:[1]"));
	cr_expect(nameless("anon_inode:[eventpoll]"));
	cr_expect(nameless("anon_inode:inotify"));
	cr_expect(nameless("/memfd:x (deleted)"));
}

Test(proclink, a_path_has_one_even_if_it_ends_as_that_of_a_removed_object)
{
	char path[PATH_MAX];

	put(W_UP, "f (deleted)", "");
	snprintf(path, sizeof(path), "%s", in(W_UP, "f (deleted)"));
	cr_expect(not(nameless(path)));
	cr_expect(not(nameless("/")));
	cr_expect(not(nameless("/tmp/pipe:[1]")));
	snprintf(path, sizeof(path), "%s", in(W_UP, "g (deleted)"));
	cr_expect(nameless(path));
	cr_expect(not(nameless("relative"))); /* a link's text, as any other */
}
