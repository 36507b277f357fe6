/* SPDX-License-Identifier: MIT */
#include "word.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sys/mman.h>

static char *page; /* behind it is nothing */

static void start(void)
{
	char *two = mmap(NULL, 2 * OVL_WORD_PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	cr_assert(ne(ptr, two, MAP_FAILED));
	cr_assert_eq(munmap(two + OVL_WORD_PAGE, OVL_WORD_PAGE), 0);
	page = two;
}

TestSuite(word, .init = start);

static void expect_hash(const char *s, size_t n)
{
	uint64_t h = OVL_HASH_ROOT + n;
	const char *end;

	cr_assert(eq(u64, ovl_word_hash(h, s, &end), ovl_hash_push(h, s, n)), "%zu", n);
	cr_assert(eq(ptr, (void *)end, (void *)(s + n)), "%zu", n);
}

Test(word, a_components_hash_is_that_of_its_bytes_wherever_it_lies)
{
	static const char ends[] = {'\0', '/'};
	char text[64];

	for (size_t at = 0; at < OVL_WORD; at++) {
		for (size_t n = 0; n < 40; n++) {
			for (size_t e = 0; e < sizeof(ends); e++) {
				memset(text, 0xff, sizeof(text));
				for (size_t i = 0; i < n; i++)
					text[at + i] = (char)('0' + (i * 7 + n) % 0x50);
				text[at + n] = ends[e];
				text[at + n + 1] = '\x01'; /* what a borrow would take for a NUL */
				expect_hash(text + at, n);
			}
		}
	}
}

Test(word, bytes_beside_a_slash_and_a_nul_are_none)
{
	static const char near[] = {'\x01', '\x2e', '\x30', '\x80', '\xaf', '\xff'};
	char text[9] = "";

	for (size_t i = 0; i < sizeof(near); i++) {
		memset(text, near[i], 8);
		cr_expect(eq(u64, ovl_word_ends(ovl_word_load(text)), 0), "%02x", near[i] & 0xff);
	}
}

Test(word, nothing_is_read_behind_the_page_of_the_strings_end)
{
	for (size_t n = 0; n < 20; n++) {
		char *s = page + OVL_WORD_PAGE - n - 1;

		memset(s, 'a', n);
		s[n] = '\0';
		expect_hash(s, n);
		s[n] = '/';
		expect_hash(s, n);
	}
}
