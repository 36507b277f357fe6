/* SPDX-License-Identifier: MIT */
#include "fact.h"

#include <stdarg.h>
#include <stdlib.h>

#include "say.h"

void ovl_name_put(FILE *out, const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '\\' || c == '\n')
			fputs(c == '\n' ? "\\n" : "\\\\", out);
		else if (c < ' ' || c == 0x7f)
			fprintf(out, "\\%03o", c);
		else
			fputc(c, out);
	}
}

void ovl_fact_tell(struct ovl_facts *facts, enum ovl_fact how, const char *what, const char *fmt,
		   ...)
{
	static const char *const word[] = {"ok", "slow", "no", "no"};
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = ovl_vtext(fmt, ap);
	va_end(ap);
	fprintf(facts->out, "%-4s  %-13s  ", word[how], what);
	ovl_name_put(facts->out, text);
	fputc('\n', facts->out);
	facts->missing += how == OVL_FACT_NO;
	free(text);
}
