/* SPDX-License-Identifier: MIT */
#include "startfile.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "session.h"

#define SOMEWHERE OVL_LIBS_SOMEWHERE
#define EVERYBODY (OVL_LIBS_SOMEWHERE | OVL_LIBS_EVERYBODY)

/* What upper is known to have once it has @path. */
static uint32_t noted(const char *path, bool deep)
{
	static struct ovl_path p;
	struct ovl_session *ss = session_make();
	uint32_t libs;

	cr_assert_eq(ovl_path_set(&p, path, strlen(path)), 0);
	ovl_startfile_note(&p, deep);
	libs = ss->upper_libs;
	free(ss);
	return libs;
}

Test(startfile, libraries_are_known_by_their_names)
{
	cr_expect(eq(u32, noted("/srv/libx.so", false), SOMEWHERE));
	cr_expect(eq(u32, noted("/srv/libx.so.1.2", false), SOMEWHERE));
	cr_expect(eq(u32, noted("/srv/ld-2.31.so", false), SOMEWHERE));
	cr_expect(eq(u32, noted("/srv/ld-linux-x86-64", false), SOMEWHERE));
	cr_expect(eq(u32, noted("/.so", false), SOMEWHERE));
}

Test(startfile, other_names_do_not_matter)
{
	cr_expect(eq(u32, noted("/srv/libx.sol", false), 0));
	cr_expect(eq(u32, noted("/srv/libx.so/file", false), 0));
	cr_expect(eq(u32, noted("/srv/so", false), 0));
	cr_expect(eq(u32, noted("/srv/old-file", false), 0));
	cr_expect(eq(u32, noted("/usr/lib/file", false), 0));
	cr_expect(eq(u32, noted("/", false), 0));
}

Test(startfile, directories_of_everybody)
{
	cr_expect(eq(u32, noted("/lib/x86_64-linux-gnu/libx.so.1", false), EVERYBODY));
	cr_expect(eq(u32, noted("/lib64/ld-linux-x86-64.so.2", false), EVERYBODY));
	cr_expect(eq(u32, noted("/usr/lib/libx.so", false), EVERYBODY));
	cr_expect(eq(u32, noted("/usr/local/lib/libx.so", false), EVERYBODY));
	cr_expect(eq(u32, noted("/usr/share/libx.so", false), SOMEWHERE));
	cr_expect(eq(u32, noted("/srv/usr/lib/libx.so", false), SOMEWHERE));
}

Test(startfile, a_list_of_libraries_is_everybodys)
{
	cr_expect(eq(u32, noted("/etc/ld.so.cache", false), EVERYBODY));
	cr_expect(eq(u32, noted("/etc/ld.so.preload", false), EVERYBODY));
	cr_expect(eq(u32, noted("/etc/passwd", false), 0));
}

Test(startfile, a_directory_that_moves_may_hold_anything)
{
	cr_expect(eq(u32, noted("/srv/dir", true), SOMEWHERE));
	cr_expect(eq(u32, noted("/usr/lib/dir", true), EVERYBODY));
}

Test(startfile, what_is_known_stays_known)
{
	static struct ovl_path p;
	struct ovl_session *ss = session_make();

	ovl_path_set(&p, "/usr/lib/libx.so", 16);
	ovl_startfile_note(&p, false);
	ovl_path_set(&p, "/srv/libx.so", 12);
	ovl_startfile_note(&p, false);
	ovl_path_set(&p, "/srv/file", 9);
	ovl_startfile_note(&p, false);
	cr_expect(eq(u32, ss->upper_libs, EVERYBODY));
}
