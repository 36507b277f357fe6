/* SPDX-License-Identifier: MIT */
#include "path.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static struct ovl_path p;

static void set(const char *text)
{
	cr_assert(eq(int, ovl_path_set(&p, text, strlen(text)), 0));
}

static void expect(const char *text)
{
	cr_expect(eq(str, p.buf, (char *)text));
	cr_expect(eq(uint, p.len, (unsigned)strlen(text)));
}

Test(path, push_puts_one_slash_between)
{
	set("/");
	ovl_path_push(&p, "a", 1);
	expect("/a");
	ovl_path_push(&p, "bc-tail", 2);
	expect("/a/bc");
	set("");
	ovl_path_push(&p, "a", 1);
	expect("/a");
}

Test(path, a_name_of_255_bytes_is_legal_and_256_is_not)
{
	char name[256];

	memset(name, 'n', sizeof(name));
	set("/d");
	cr_expect(eq(int, ovl_path_push(&p, name, 256), -ENAMETOOLONG));
	expect("/d");
	cr_expect(eq(int, ovl_path_push(&p, name, 255), 0));
	cr_expect(eq(uint, p.len, 3 + 255));
}

Test(path, push_fills_the_buffer_to_its_last_byte_and_not_beyond)
{
	static char text[OVL_PATH_CAP];

	memset(text, 'x', sizeof(text));
	text[OVL_PATH_CAP - 4] = '\0';
	set(text);
	cr_expect(eq(int, ovl_path_push(&p, "abc", 3), -ENAMETOOLONG));
	cr_expect(eq(uint, p.len, OVL_PATH_CAP - 4));
	cr_expect(eq(int, p.buf[p.len], 0));
	cr_expect(eq(int, ovl_path_push(&p, "ab", 2), 0));
	cr_expect(eq(uint, p.len, OVL_PATH_CAP - 1));
	cr_expect(eq(int, p.buf[p.len], 0));
}

Test(path, set_and_add_are_all_or_nothing)
{
	static char text[OVL_PATH_CAP];

	memset(text, 'x', sizeof(text));
	set("/a");
	cr_expect(eq(int, ovl_path_set(&p, text, OVL_PATH_CAP), -ENAMETOOLONG));
	cr_expect(eq(int, ovl_path_add(&p, text, OVL_PATH_CAP - 2), -ENAMETOOLONG));
	expect("/a");
	cr_expect(eq(int, ovl_path_add(&p, text, OVL_PATH_CAP - 3), 0));
	cr_expect(eq(int, ovl_path_set(&p, text, OVL_PATH_CAP - 1), 0));
}

Test(path, set_may_take_a_part_of_itself)
{
	set("/a/b/c");
	cr_expect(eq(int, ovl_path_set(&p, p.buf + 2, 4), 0));
	expect("/b/c");
}

Test(path, pop_ends_at_the_root)
{
	set("/a/bc");
	ovl_path_pop(&p);
	expect("/a");
	ovl_path_pop(&p);
	expect("/");
	ovl_path_pop(&p);
	expect("/");
}

Test(path, base_is_the_last_component)
{
	set("/a/bc");
	cr_expect(eq(uint, ovl_path_base(&p), 3));
	set("/abc");
	cr_expect(eq(uint, ovl_path_base(&p), 1));
	set("/");
	cr_expect(eq(uint, ovl_path_base(&p), 1));
}

static void expect_part(const char **at, const char *name, bool last, bool slash)
{
	struct ovl_part c = ovl_path_next(at);

	cr_expect(eq(sz, c.n, strlen(name)));
	cr_expect(eq(int, memcmp(c.name, name, c.n), 0));
	cr_expect(eq(int, c.last, last), "%s", name);
	cr_expect(eq(int, c.slash, slash), "%s", name);
}

Test(path, components_come_with_their_slashes)
{
	const char *at = "//a/.//bc";

	expect_part(&at, "a", false, true);
	expect_part(&at, ".", false, true);
	expect_part(&at, "bc", true, false);
	cr_expect(eq(sz, ovl_path_next(&at).n, 0));
	cr_expect(eq(sz, ovl_path_next(&at).n, 0));
}

Test(path, the_last_component_tells_of_a_trailing_slash)
{
	const char *at = "a//";

	expect_part(&at, "a", true, true);
	at = "/";
	cr_expect(eq(sz, ovl_path_next(&at).n, 0));
}

static bool is_below(const char *path, const char *dir)
{
	return ovl_path_below(path, strlen(path), dir, strlen(dir));
}

Test(path, below_goes_by_components)
{
	cr_expect(is_below("/a/b", "/a/b"));
	cr_expect(is_below("/a/b/c", "/a/b"));
	cr_expect(not(is_below("/a/bc", "/a/b")));
	cr_expect(not(is_below("/a", "/a/b")));
	cr_expect(is_below("/a", "/"));
	cr_expect(is_below("/", "/"));
	cr_expect(not(is_below("pipe:[1]", "/")));
}

Test(path, dots_are_told_by_length)
{
	cr_expect(ovl_is_dot("./x", 1));
	cr_expect(not(ovl_is_dot("..", 2)));
	cr_expect(ovl_is_dotdot("../x", 2));
	cr_expect(not(ovl_is_dotdot("..x", 3)));
	cr_expect(not(ovl_is_dotdot(".x", 2)));
}
