/* SPDX-License-Identifier: MIT */
#include "mapline.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static struct ovl_path p;

static struct ovl_mapline line(const char *text)
{
	return (struct ovl_mapline){.at = text, .n = (unsigned)strlen(text)};
}

/* The path that @text names, decoded; "" when it names none. */
static char *path_in(const char *text)
{
	struct ovl_mapline l = line(text);

	if (!ovl_mapline_parse(&l) || ovl_mapline_decode(&l, &p))
		return "";
	return p.buf;
}

static const char one[] = "7f00-7f10 r-xp 0001 fe:0a 77                             /a/b c\n";

Test(mapline, a_file_has_numbers_and_a_path)
{
	struct ovl_mapline l = line(one);

	cr_assert(ovl_mapline_parse(&l));
	cr_expect(eq(ulong, l.id.ino, 77));
	cr_expect(eq(uint, l.id.major, 0xfe));
	cr_expect(eq(uint, l.id.minor, 10));
	cr_expect(eq(uint, l.end - l.path, 6));
	cr_expect(eq(str, path_in(one), "/a/b c"));
}

Test(mapline, what_is_no_file_names_none)
{
	cr_expect(eq(str, path_in("7f00-7f10 rw-p 0000 00:00 0\n"), ""));
	cr_expect(eq(str, path_in("7f00-7f10 rw-p 0000 00:00 0        [heap]\n"), ""));
	cr_expect(eq(str, path_in("7f00-7f10 rw-p 0000 00:00 0        anon_inode:[io]\n"), ""));
	cr_expect(eq(str, path_in("7f00-7f10 rw-p 0000 zz /a\n"), ""));
	cr_expect(eq(str, path_in("7f00-7f10 rw-p 0000 fe.0a 5 /a\n"), ""));
	cr_expect(eq(str, path_in("AnonHugePages:         0 kB\n"), ""));
	cr_expect(eq(str, path_in("VmFlags: rd ex mr /a\n"), ""));
	cr_expect(eq(str, path_in("7f00\n"), ""));
	cr_expect(eq(str, path_in("7f00 default anon=1 /a\n"), ""));
	cr_expect(eq(str, path_in("\n"), ""));
}

Test(mapline, a_newline_is_told_in_octal)
{
	cr_expect(eq(str, path_in("0-1 r--p 0 0:0 5 /a\\012b\\040c\\\n"), "/a\nb\\040c\\"));
	cr_expect(eq(str, path_in("0-1 r--p 0 0:0 5 /a\\01\n"), "/a\\01"));
	cr_expect(eq(str, path_in("0-1 r--p 0 0:0 5 /a\\00:b\\0Q2\n"), "/a\\00:b\\0Q2"));
}

Test(mapline, numa_maps_tells_blanks_so_too)
{
	cr_expect(eq(str, path_in("7f00 default file=/a\\040b\\075\\011c mapped=1\n"), "/a b=\tc"));
	cr_expect(eq(str, path_in("7f00 default file=/a\n"), "/a"));
}

Test(mapline, what_was_decoded_is_encoded_again)
{
	static const char *const text[] = {"0-1 r--p 0 0:0 5 /a\\012b c\n",
					   "7f00 default file=/a\\040b\\012\\075 mapped=1\n"};
	static struct ovl_path out;

	for (int i = 0; i < 2; i++) {
		struct ovl_mapline l = line(text[i]);

		cr_assert(ovl_mapline_parse(&l));
		cr_assert_eq(ovl_mapline_decode(&l, &p), 0);
		ovl_path_cut(&out, 0);
		cr_assert_eq(ovl_mapline_encode(&l, p.buf, p.len, &out), 0);
		cr_expect(eq(uint, out.len, l.end - l.path));
		cr_expect_arr_eq(out.buf, l.at + l.path, out.len);
	}
}

Test(mapline, a_path_too_long_for_us_is_refused)
{
	static char text[OVL_PATH_CAP + 64] = "0-1 r--p 0 0:0 5 /";
	struct ovl_mapline l;

	memset(text + strlen(text), 'a', OVL_PATH_CAP);
	text[strlen(text)] = '\n';
	l = line(text);
	cr_assert(ovl_mapline_parse(&l));
	cr_expect(eq(int, ovl_mapline_decode(&l, &p), -ENAMETOOLONG));
	cr_expect(eq(int, ovl_mapline_encode(&l, text, OVL_PATH_CAP, &p), -ENAMETOOLONG));
}

Test(mapline, the_head_is_as_the_kernel_writes_it)
{
	char out[OVL_MAPLINE_HEAD];
	struct ovl_mapline l = line(
		"7fef4f9da000-7fef4f9db000 r--p 00000000 fe:00 11078611                   /g\n");
	const struct ovl_origin other = {.ino = 5, .major = 8, .minor = 0x101};
	const struct ovl_origin huge = {.ino = UINT64_MAX, .major = 0xfff, .minor = 0xfffff};
	size_t n;

	cr_assert(ovl_mapline_parse(&l));
	n = ovl_mapline_head(&l, &l.id, out);
	cr_expect(eq(uint, (unsigned)n, l.path));
	cr_expect_arr_eq(out, l.at, n);
	n = ovl_mapline_head(&l, &other, out);
	out[n] = '\0';
	cr_expect(eq(str, out,
		     "7fef4f9da000-7fef4f9db000 r--p 00000000 08:101 5                         "));
	l = line("7fef4f9da000-7fef4f9db000 r--p 1000000000 fe:00 1            /g\n");
	cr_assert(ovl_mapline_parse(&l));
	n = ovl_mapline_head(&l, &huge, out);
	out[n] = '\0';
	cr_expect(eq(str, out,
		     "7fef4f9da000-7fef4f9db000 r--p 1000000000 fff:fffff 18446744073709551615  "));
}

Test(mapline, of_numa_maps_the_head_stays)
{
	char out[OVL_MAPLINE_HEAD];
	struct ovl_mapline l = line("7f00 default file=/a\n");

	cr_assert(ovl_mapline_parse(&l));
	cr_expect(eq(uint, (unsigned)ovl_mapline_head(&l, &l.id, out), 18));
	cr_expect_arr_eq(out, l.at, 18);
}

Test(mapline, a_head_without_end_is_none)
{
	static char text[1024] = "0-1 ";
	char out[OVL_MAPLINE_HEAD];
	struct ovl_mapline l;

	memset(text + 4, 'p', 600);
	strcat(text, " 0 0:0 5 /a\n");
	l = line(text);
	cr_assert(ovl_mapline_parse(&l));
	cr_expect(eq(uint, (unsigned)ovl_mapline_head(&l, &l.id, out), 0));
}
