/* SPDX-License-Identifier: MIT */
#include "str.h"

bool ovl_str_has(const char *s, const char *part)
{
	for (; *s; s++) {
		if (ovl_str_starts(s, part))
			return true;
	}
	return false;
}

bool ovl_str_ends(const char *s, size_t n, const char *suffix)
{
	size_t k = strlen(suffix);

	return n >= k && !memcmp(s + n - k, suffix, k);
}

size_t ovl_str_number(char *out, uint64_t v, unsigned base)
{
	char rev[24];
	size_t n = 0;

	do {
		rev[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	for (size_t i = 0; i < n; i++)
		out[i] = rev[n - 1 - i];
	out[n] = '\0';
	return n;
}

bool ovl_str_parse(const char **s, uint64_t *ret)
{
	const char *p = *s;
	uint64_t v = 0;

	if (*p < '0' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9'; p++) {
		uint64_t digit = (uint64_t)(*p - '0');

		if (v > (UINT64_MAX - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*s = p;
	*ret = v;
	return true;
}
