/* SPDX-License-Identifier: MIT */
#include "startup.h"

#include <linux/auxvec.h>

void ovl_startup_read(uint64_t *sp, struct ovl_startup *ret)
{
	ret->argv = (char **)(sp + 1);
	ret->envp = ret->argv + *sp + 1;
	ret->auxv = (uint64_t *)ret->envp;
	while (*ret->auxv)
		ret->auxv++;
	ret->auxv++;
}

static bool is_named(const char *var, const char *name, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (var[i] != name[i])
			return false;
	}
	return var[n] == '=';
}

char *ovl_startup_env(const struct ovl_startup *s, const char *name)
{
	size_t n = strlen(name);

	for (char **e = s->envp; *e; e++) {
		if (is_named(*e, name, n))
			return *e + n + 1;
	}
	return NULL;
}

void ovl_startup_replace(const struct ovl_startup *s, const char *name, char *var)
{
	size_t n = strlen(name);

	for (char **e = s->envp; *e; e++) {
		if (is_named(*e, name, n))
			*e = var;
	}
}

/* What lies behind moves down by a word; the vector's end is followed by a word of no use. */
static void close_gap(struct ovl_startup *s, char **gap)
{
	uint64_t *end = s->auxv;

	while (end[0] != AT_NULL)
		end += 2;
	memmove(gap, gap + 1, (size_t)((char *)(end + 2) - (char *)(gap + 1)));
	s->auxv--;
}

void ovl_startup_unset(struct ovl_startup *s, const char *name)
{
	size_t n = strlen(name);
	char **e = s->envp;

	while (*e) {
		if (is_named(*e, name, n))
			close_gap(s, e);
		else
			e++;
	}
}

uint64_t ovl_startup_aux_value(const struct ovl_startup *s, uint64_t type)
{
	for (const uint64_t *a = s->auxv; a[0] != AT_NULL; a += 2) {
		if (a[0] == type)
			return a[1];
	}
	return 0;
}

void ovl_startup_aux(const struct ovl_startup *s, uint64_t type, uint64_t value)
{
	for (uint64_t *a = s->auxv; a[0] != AT_NULL; a += 2) {
		if (a[0] == type)
			a[1] = value;
	}
}
