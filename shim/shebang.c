/* SPDX-License-Identifier: MIT */
#include "shebang.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The first byte from @s on, before @end, that is no blank; @end when there is none. */
static char *skip_blanks(char *s, const char *end)
{
	while (s < end && is_blank(*s))
		s++;
	return s;
}

/* The first blank or NUL from @s on, before @end; @end when there is none. */
static char *skip_word(char *s, const char *end)
{
	while (s < end && *s && !is_blank(*s))
		s++;
	return s;
}

/* The newline that ends the line; NULL when a NUL or the end of @line comes before. */
static char *find_newline(char *line)
{
	for (char *s = line; s < line + OVL_SHEBANG_LINE && *s; s++) {
		if (*s == '\n')
			return s;
	}
	return NULL;
}

/*
 * A long line is cut without a word as long as the interpreter's name is whole: the
 * interpreter can read the rest of the line itself.
 */
int ovl_shebang_parse(char *line, char **ret_name, char **ret_arg)
{
	char *const last = line + OVL_SHEBANG_LINE - 1;
	char *end = find_newline(line);
	char *name;
	char *sep;
	char *arg = NULL;

	if (!end) {
		name = skip_blanks(line + 2, last + 1);
		if (skip_word(name, last + 1) == last + 1)
			return -ENOEXEC;
		end = last;
	}
	while (is_blank(end[-1]))
		end--;
	name = skip_blanks(line + 2, end);
	if (name >= end)
		return -ENOEXEC;
	sep = skip_word(name, end);
	if (sep < end && *sep) {
		arg = skip_blanks(sep, end);
		*sep = '\0';
	}
	*end = '\0';
	*ret_name = name;
	*ret_arg = arg;
	return 0;
}
