/* SPDX-License-Identifier: MIT */
/*
 * die.h - the door's only words: why a process is refused
 */
#ifndef OVL_DIE_H
#define OVL_DIE_H

/* What ovlrun and every refused process exit with. */
#define OVL_EXIT_REFUSED 125

/*
 * ovl_die - "ovlrun: @what: @why (errno @err)" on stderr, and the process is over
 * @err: 0 when there is none
 */
__attribute__((noreturn)) void ovl_die(const char *what, const char *why, long err);

#endif
