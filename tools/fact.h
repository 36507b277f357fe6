/* SPDX-License-Identifier: MIT */
/*
 * fact.h - what doctor tells: one line per fact, whether it is there first
 *
 *   ok    seccomp       what is made of it
 *   no    whiteouts     why not: what to do
 * Context: launcher.
 */
#ifndef OVL_FACT_H
#define OVL_FACT_H

#include <stdio.h>

enum ovl_fact {
	OVL_FACT_OK,
	OVL_FACT_SLOW,
	OVL_FACT_NO,   /* and something needs it */
	OVL_FACT_BARE, /* not there either, but nobody asks for it: told as "no" */
};

struct ovl_facts {
	FILE *out;
	unsigned long missing; /* how many OVL_FACT_NO there were */
};

/* One line about @what, a word. Control characters in the text are written as by ovl_name_put(). */
__attribute__((format(printf, 4, 5))) void ovl_fact_tell(struct ovl_facts *facts, enum ovl_fact how,
							 const char *what, const char *fmt, ...);

/* The bytes of @s, with newline, backslash and control characters written \n, \\ and \ooo. */
void ovl_name_put(FILE *out, const char *s);

#endif
