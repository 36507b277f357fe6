/* SPDX-License-Identifier: MIT */
/* trapped.c - what the guard traps in a program with the preloaded object: see sigsys.h */
#include "known.h"
#include "sigsys.h"
#include "trap.h"

#include <asm-generic/siginfo.h>

#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1
#endif

bool ovl_sigsys_is_ours(const struct siginfo *info)
{
	return info->si_code == SYS_SECCOMP && info->si_errno == OVL_GUARD_DATA;
}

void ovl_sigsys_answer(struct ucontext *uc)
{
	/* Who makes raw calls makes others that we do not see. */
	ovl_known_off();
	ovl_trap_call(uc);
}
