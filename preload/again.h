/* SPDX-License-Identifier: MIT */
/*
 * again.h - a program whose text can in no way be changed is started again, by the door of names
 *
 * Nothing of it has run: it does not notice, but for its name (ps), which is its file's also when
 * it is a script's interpreter.
 */
#ifndef OVL_AGAIN_H
#define OVL_AGAIN_H

#include "ovl_session.h"

/* What it was started with, while it can be started again; NULL: not any more. */
void ovl_again_may(struct ovl_session *ss, char **envp);

/*
 * Start again with libovlsym.so. Where that is not possible the process ends as by ovl_die(), which
 * has the arguments.
 */
__attribute__((noreturn)) void ovl_again(const char *what, const char *why, long err);

#endif
