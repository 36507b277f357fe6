/* SPDX-License-Identifier: MIT */
/*
 * str.h - small string helpers; level 1, no system calls
 * Context: any.
 */
#ifndef OVL_STR_H
#define OVL_STR_H

#include "ovl_base.h"

static inline bool ovl_str_starts(const char *s, const char *prefix)
{
	while (*prefix) {
		if (*s++ != *prefix++)
			return false;
	}
	return true;
}

static inline bool ovl_str_equal(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/* Does @s contain @part? */
bool ovl_str_has(const char *s, const char *part);

/* Does @s of @n bytes end in @suffix? */
bool ovl_str_ends(const char *s, size_t n, const char *suffix);

/* Write @v in base @base (8, 10 or 16) to @out, NUL-terminated: at most 24 bytes. The length. */
size_t ovl_str_number(char *out, uint64_t v, unsigned base);

/* Read a decimal number at *@s, which moves behind it. False: no digit, or too large. */
bool ovl_str_parse(const char **s, uint64_t *ret);

#endif
