/* SPDX-License-Identifier: MIT */
/*
 * sigsys.h - SIGSYS belongs to us, and still to the program
 *
 * The guard's trap is a SIGSYS, so its disposition is our handler and no thread blocks it:
 * where it is blocked or ignored a trap ends the process. What the program believes is kept
 * where the kernel hands it down to threads, children and new programs as it should: SIGSTKFLT,
 * which no Linux on this machine ever sends, stands for SIGSYS in signal masks and has the
 * program's disposition of it. A program that uses both signals for different things is told
 * that they are one.
 *
 * libc's sigaction and sigprocmask are translated at their sites, in the sets that they carry
 * too. A raw rt_sigaction of SIGSYS does nothing (the guard answers it). A SIGSYS that is not a
 * trap of ours goes to the program's handler; where the program blocks it, it is now really blocked
 * in that thread and sent again, so that sigwait, signalfd and sigpending see it; until
 * the program unblocks it, a raw system call that the guard traps ends such a thread's process.
 * What kill() sent is told as sigqueue()'s when a thread other than the first sent it again.
 */
#ifndef OVL_SIGSYS_H
#define OVL_SIGSYS_H

#include "ovl.h"
#include "ovl_session.h"

/* Take SIGSYS over, when @ss has the guard. Context: init. */
void ovl_sigsys_init(struct ovl_session *ss);

/* In a session of @flags: is @nr a call whose sites in libc are to come to ovl_sigsys_site()? */
static inline bool ovl_sigsys_wants(uint32_t flags, long nr)
{
	return flags & OVL_S_GUARD && (nr == __NR_rt_sigaction || nr == __NR_rt_sigprocmask);
}

/* Make libc's call @c, translated. Context: any. */
void ovl_sigsys_site(struct ovl_call *c);

#endif
