/* SPDX-License-Identifier: MIT */
#include "str.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

Test(str, starts_and_equal_stop_at_the_end_of_either)
{
	cr_expect(ovl_str_starts("abc", "ab"));
	cr_expect(ovl_str_starts("abc", ""));
	cr_expect(not(ovl_str_starts("a", "ab")));
	cr_expect(ovl_str_equal("", ""));
	cr_expect(ovl_str_equal("ab", "ab"));
	cr_expect(not(ovl_str_equal("ab", "abc")));
	cr_expect(not(ovl_str_equal("abc", "ab")));
	cr_expect(not(ovl_str_equal("ab", "ax")));
}

Test(str, has_finds_a_part_anywhere)
{
	cr_expect(ovl_str_has("pipe:[12]", ":["));
	cr_expect(ovl_str_has("ab", "ab"));
	cr_expect(ovl_str_has("xab", "ab"));
	cr_expect(not(ovl_str_has("a", "ab")));
	cr_expect(not(ovl_str_has("", "a")));
}

Test(str, ends_goes_by_the_length_given)
{
	cr_expect(ovl_str_ends("/a (deleted)", 12, " (deleted)"));
	cr_expect(not(ovl_str_ends("/a (deleted)", 11, " (deleted)")));
	cr_expect(not(ovl_str_ends("ed)", 3, "deleted)")));
}

static char *number(uint64_t v, unsigned base)
{
	static char out[25];
	size_t n;

	memset(out, 'x', sizeof(out));
	n = ovl_str_number(out, v, base);
	cr_expect(eq(sz, n, strlen(out)));
	return out;
}

Test(str, numbers_in_three_bases)
{
	cr_expect(eq(str, number(0, 10), (char *)"0"));
	cr_expect(eq(str, number(18446744073709551615ULL, 10), (char *)"18446744073709551615"));
	cr_expect(eq(str, number(18446744073709551615ULL, 16), (char *)"ffffffffffffffff"));
	cr_expect(eq(str, number(18446744073709551615ULL, 8), (char *)"1777777777777777777777"));
	cr_expect(eq(str, number(04755, 8), (char *)"4755"));
}

Test(str, parse_moves_behind_the_digits)
{
	const char *s = "120 7";
	uint64_t v = 0;

	cr_expect(ovl_str_parse(&s, &v));
	cr_expect(eq(u64, v, 120));
	cr_expect(eq(str, (char *)s, (char *)" 7"));
	cr_expect(not(ovl_str_parse(&s, &v)));
	cr_expect(eq(u64, v, 120));
	cr_expect(eq(str, (char *)s, (char *)" 7"));
}

Test(str, parse_takes_the_largest_number_and_refuses_a_larger_one)
{
	const char *s = "18446744073709551615";
	uint64_t v = 0;

	cr_expect(ovl_str_parse(&s, &v));
	cr_expect(eq(u64, v, UINT64_MAX));
	s = "18446744073709551616";
	cr_expect(not(ovl_str_parse(&s, &v)));
	cr_expect(eq(u64, v, UINT64_MAX));
	s = "99999999999999999999";
	cr_expect(not(ovl_str_parse(&s, &v)));
}
