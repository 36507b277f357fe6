/* SPDX-License-Identifier: MIT */
/*
 * ovl_hash.h - the hash of a view path, built component by component
 *
 * A path is absolute, as the program sees it, without ".", ".." or symlinks;
 * "/" is OVL_HASH_ROOT and each component is pushed on the hash of its parent.
 * Values live as long as a session, never on disk beyond it.
 */
#ifndef OVL_HASH_H
#define OVL_HASH_H

#include <stddef.h>
#include <stdint.h>

#define OVL_HASH_ROOT 0x9e3779b97f4a7c15ULL

#define OVL_HASH_STEP 0x9fb21c651e98df25ULL
#define OVL_HASH_MIX  0xd6e8feb86659fd93ULL

/* Spread the bits of @h: similar inputs give unrelated outputs. */
static inline uint64_t ovl_hash_mix(uint64_t h)
{
	h ^= h >> 32;
	h *= OVL_HASH_MIX;
	h ^= h >> 32;
	return h;
}

/* One step for each eight bytes, which are @word. */
static inline uint64_t ovl_hash_word(uint64_t h, uint64_t word)
{
	h = (h ^ word) * OVL_HASH_STEP;
	return h ^ h >> 32;
}

/* The last step: ovl_hash_mix(ovl_hash_word(h, word)), where two shifts take each other away. */
static inline uint64_t ovl_hash_last(uint64_t h, uint64_t word)
{
	h = (h ^ word) * (OVL_HASH_STEP * OVL_HASH_MIX);
	return h ^ h >> 32;
}

/*
 * The hash of the path with hash @h and the component @name of @n bytes below it: a step for each
 * eight bytes, as the machine reads them, and a last one for those that remain, which has the
 * first of them at the top, and in front of it @n.
 */
static inline uint64_t ovl_hash_push(uint64_t h, const char *name, size_t n)
{
	uint64_t word;
	uint64_t last = n;

	for (; n >= sizeof(word); n -= sizeof(word), name += sizeof(word)) {
		__builtin_memcpy(&word, name, sizeof(word));
		h = ovl_hash_word(h, word);
	}
	for (; n; n--, name++)
		last = last << 8 | (unsigned char)*name;
	return ovl_hash_last(h, last);
}

/* The hash of absolute path @path of @n bytes; empty components are skipped. */
static inline uint64_t ovl_hash_path(const char *path, size_t n)
{
	uint64_t h = OVL_HASH_ROOT;
	size_t i = 0;

	while (i < n) {
		size_t start;

		while (i < n && path[i] == '/')
			i++;
		start = i;
		while (i < n && path[i] != '/')
			i++;
		if (i > start)
			h = ovl_hash_push(h, path + start, i - start);
	}
	return h;
}

#endif
