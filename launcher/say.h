/* SPDX-License-Identifier: MIT */
/*
 * say.h - what ovlrun tells its user: one line, what is wrong and what to do
 * Context: launcher.
 */
#ifndef OVL_SAY_H
#define OVL_SAY_H

#include <stdarg.h>

/* Exit statuses of our own; the rest are the command's. */
enum ovl_exit {
	OVL_EXIT_TROUBLE = 125,
	OVL_EXIT_CANNOT = 126,
	OVL_EXIT_NOT_FOUND = 127,
};

/* One line "PROGRAM: ..." on standard error. */
__attribute__((format(printf, 1, 2))) void ovl_say(const char *fmt, ...);

/* The same, then exit with @status. */
__attribute__((noreturn, format(printf, 2, 3))) void ovl_die(int status, const char *fmt, ...);

/*
 * What ovl_trouble() exits with from now on; OVL_EXIT_TROUBLE until then. For what programs
 * have in common and each ends with a status of its own.
 */
void ovl_trouble_exits(int status);

/* As ovl_die(), with that status. */
__attribute__((noreturn, format(printf, 1, 2))) void ovl_trouble(const char *fmt, ...);

/* A result that must be there: memory. */
void *ovl_must(void *p);

/* printf to a new string. */
__attribute__((format(printf, 1, 2))) char *ovl_text(const char *fmt, ...);
__attribute__((format(printf, 1, 0))) char *ovl_vtext(const char *fmt, va_list ap);

#endif
