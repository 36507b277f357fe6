/* SPDX-License-Identifier: MIT */
/* sigs.h - the signals that wait while the engine is at work: rt_sigprocmask(2) */
#ifndef OVL_SIGS_H
#define OVL_SIGS_H

#include "sys.h"

enum { OVL_SIG_SET = 2 }; /* SIG_SETMASK */

/*
 * All but the synchronous ones, whose signal would otherwise kill: a bad pointer of the
 * program's is to end as its own handler decides.
 */
static const uint64_t ovl_sigs = ~(1ULL << (4 - 1) |  /* SIGILL */
				   1ULL << (5 - 1) |  /* SIGTRAP */
				   1ULL << (7 - 1) |  /* SIGBUS */
				   1ULL << (8 - 1) |  /* SIGFPE */
				   1ULL << (11 - 1) | /* SIGSEGV */
				   1ULL << (31 - 1)); /* SIGSYS */

static inline void ovl_sigs_block(uint64_t *ret_mask)
{
	(void)ovl_sys(__NR_rt_sigprocmask, OVL_SIG_SET, &ovl_sigs, ret_mask, 8); /* cannot fail */
}

static inline void ovl_sigs_restore(const uint64_t *mask)
{
	(void)ovl_sys(__NR_rt_sigprocmask, OVL_SIG_SET, mask, 0, 8); /* cannot fail */
}

#endif
