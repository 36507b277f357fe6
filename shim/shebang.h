/* SPDX-License-Identifier: MIT */
/*
 * shebang.h - the "#!" line of a script, read as the kernel does: execve(2)
 * Context: any.
 */
#ifndef OVL_SHEBANG_H
#define OVL_SHEBANG_H

#include "ovl_base.h"

#define OVL_SHEBANG_LINE 256 /* bytes of a file that the kernel looks at */
#define OVL_SHEBANG_MAX	 5   /* scripts whose interpreter is a script; the sixth is ELOOP */

/* Does a file that starts with the @n bytes at @head name an interpreter? */
static inline bool ovl_is_script(const char *head, size_t n)
{
	return n >= 2 && head[0] == '#' && head[1] == '!';
}

/*
 * Take @line apart: the first OVL_SHEBANG_LINE bytes of a script, filled up with NUL. It is
 * changed; *@ret_name and *@ret_arg point into it, *@ret_arg is NULL when there is none.
 * -ENOEXEC: no interpreter, or one whose name is cut off.
 */
int ovl_shebang_parse(char *line, char **ret_name, char **ret_arg);

#endif
