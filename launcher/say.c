/* SPDX-License-Identifier: MIT */
#include "say.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static void line(const char *fmt, va_list ap)
{
	fprintf(stderr, "%s: ", program_invocation_short_name);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

void ovl_say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line(fmt, ap);
	va_end(ap);
}

void ovl_die(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line(fmt, ap);
	va_end(ap);
	exit(status);
}

static int trouble_status = OVL_EXIT_TROUBLE;

void ovl_trouble_exits(int status)
{
	trouble_status = status;
}

void ovl_trouble(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line(fmt, ap);
	va_end(ap);
	exit(trouble_status);
}

void *ovl_must(void *p)
{
	if (!p)
		ovl_trouble("out of memory");
	return p;
}

char *ovl_vtext(const char *fmt, va_list ap)
{
	char *s = NULL;
	int n = vasprintf(&s, fmt, ap);

	return ovl_must(n < 0 ? NULL : s);
}

char *ovl_text(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = ovl_vtext(fmt, ap);
	va_end(ap);
	return s;
}
