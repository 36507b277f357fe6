/* SPDX-License-Identifier: MIT */
/*
 * mem.c - memcpy memmove memset memcmp strlen: what compilers call on their own
 *
 * Written for short strings, in general registers. The barriers keep the compiler from
 * recognising a loop and turning it into a call of the function that it is in.
 */
#include "ovl_base.h"

#define BARRIER() __asm__ volatile("" ::: "memory")
#define LONG_COPY 256 /* from here on the microcode is faster than a loop */

typedef uint64_t __attribute__((may_alias, aligned(1))) word;

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
	unsigned char *d = dst;
	const unsigned char *s = src;

	if (n >= LONG_COPY) {
		void *to = dst;
		const void *from = src;

		__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
		return dst;
	}
	if (n >= sizeof(word)) {
		for (; n > sizeof(word); n -= sizeof(word), d += sizeof(word), s += sizeof(word)) {
			*(word *)d = *(const word *)s;
			BARRIER();
		}
		/* it may overlap the one before, but nothing is read that was written: see
		 * memmove() */
		*(word *)(d + n - sizeof(word)) = *(const word *)(s + n - sizeof(word));
		return dst;
	}
	for (; n; n--) {
		*d++ = *s++;
		BARRIER();
	}
	return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
	unsigned char *d = dst;
	const unsigned char *s = src;

	if ((uintptr_t)d - (uintptr_t)s >= n) {
		/* forwards, a byte at a time where words would overlap */
		if ((uintptr_t)s - (uintptr_t)d >= sizeof(word) && d != s)
			return memcpy(dst, src, n);
		for (; n; n--) {
			*d++ = *s++;
			BARRIER();
		}
		return dst;
	}
	while (n--) {
		d[n] = s[n];
		BARRIER();
	}
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	unsigned char *d = dst;
	uint64_t all = (unsigned char)c * 0x0101010101010101ULL;

	if (n >= LONG_COPY) {
		void *to = dst;

		__asm__ volatile("rep stosb" : "+D"(to), "+c"(n) : "a"(c) : "memory");
		return dst;
	}
	for (; n >= sizeof(word); n -= sizeof(word), d += sizeof(word)) {
		*(word *)d = all;
		BARRIER();
	}
	for (; n; n--) {
		*d++ = (unsigned char)c;
		BARRIER();
	}
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *x = a;
	const unsigned char *y = b;

	for (; n >= sizeof(word) && *(const word *)x == *(const word *)y; n -= sizeof(word)) {
		x += sizeof(word);
		y += sizeof(word);
		BARRIER();
	}
	for (; n; n--, x++, y++) {
		if (*x != *y)
			return *x - *y;
		BARRIER();
	}
	return 0;
}

size_t strlen(const char *s)
{
	const char *p = s;

	/* by words that do not reach into another page */
	while (*p && (uintptr_t)p % sizeof(word)) {
		p++;
		BARRIER();
	}
	if (!*p)
		return (size_t)(p - s);
	for (const uint64_t ones = 0x0101010101010101;; p += sizeof(word)) {
		word w = *(const word *)p;

		w = (w - ones) & ~w & ones * 0x80;
		if (w)
			return (size_t)(p - s) + (size_t)__builtin_ctzll(w) / 8;
	}
}
