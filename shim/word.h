/* SPDX-License-Identifier: MIT */
/*
 * word.h - eight bytes of a path at a time
 *
 * A word may reach over the end of its string, never into the next page: what lies there may not
 * be anybody's.
 * Context: any.
 */
#ifndef OVL_WORD_H
#define OVL_WORD_H

#include "ovl_base.h"
#include "ovl_hash.h"

#define OVL_WORD      8
#define OVL_WORD_PAGE 4096

static inline uint64_t ovl_word_load(const char *s)
{
	uint64_t word;

	__builtin_memcpy(&word, s, sizeof(word));
	return word;
}

/* The eight bytes at @s; when a page ends among them those up to a NUL or a slash, then zeros. */
static inline uint64_t ovl_word_at(const char *s)
{
	uint64_t word = 0;

	if (!OVL_UNLIKELY(((uintptr_t)s & (OVL_WORD_PAGE - 1)) > OVL_WORD_PAGE - OVL_WORD))
		return ovl_word_load(s);
	for (unsigned i = 0; i < 8 * OVL_WORD; i += 8, s++) {
		word |= (uint64_t)(unsigned char)*s << i;
		if (!*s || *s == '/')
			break;
	}
	return word;
}

/* Some bits, of which the lowest is in the first byte of @word that is NUL or a slash; 0: none. */
static inline uint64_t ovl_word_ends(uint64_t word)
{
	const uint64_t ones = 0x0101010101010101;
	uint64_t slash = word ^ ones * '/';

	return (((word - ones) & ~word) | ((slash - ones) & ~slash)) & ones * 0x80;
}

/*
 * The path component at @s, up to a slash or the path's end: its hash below @h, as ovl_hash_push()
 * has it. *@ret_end: what follows it; @s, when it is empty.
 */
static inline uint64_t ovl_word_hash(uint64_t h, const char *s, const char **ret_end)
{
	const char *at = s;
	uint64_t word = ovl_word_at(at);
	uint64_t ends = ovl_word_ends(word);
	unsigned bits;

	while (!ends) {
		h = ovl_hash_word(h, word);
		at += OVL_WORD;
		word = ovl_word_at(at);
		ends = ovl_word_ends(word);
	}
	bits = (unsigned)__builtin_ctzll(ends) & ~7u;
	*ret_end = at + bits / 8;
	/* shifted twice, because there may be none of its bytes */
	return ovl_hash_last(h, (uint64_t)(*ret_end - s) << bits |
					__builtin_bswap64(word) >> 1 >> (63 - bits));
}

#endif
