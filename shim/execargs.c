/* SPDX-License-Identifier: MIT */
#include "execargs.h"

static size_t count(char *const *v)
{
	size_t n = 0;

	while (v && v[n])
		n++;
	return n;
}

size_t ovl_args_size(const struct ovl_scripts *s, char *const *argv)
{
	return count(argv) + 2 * (size_t)s->n + 2;
}

void ovl_args_build(const struct ovl_scripts *s, char *const *argv, char **to)
{
	for (int i = s->n; i-- > 0;) {
		*to++ = s->interp[i];
		if (s->arg[i])
			*to++ = s->arg[i];
	}
	*to++ = (char *)s->name;
	for (size_t i = 1, n = count(argv); i < n; i++)
		*to++ = argv[i];
	*to = NULL;
}
