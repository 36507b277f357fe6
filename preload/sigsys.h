/* SPDX-License-Identifier: MIT */
/*
 * sigsys.h - SIGSYS belongs to us, and still to the program
 *
 * The guard's trap is a SIGSYS, and so is user dispatch's: its disposition is our handler and no
 * thread blocks it: where it is blocked or ignored a trap ends the process. What the program
 * believes is kept where the kernel hands it down to threads, children and new programs as it
 * should: SIGSTKFLT, which no Linux on this machine ever sends, stands for SIGSYS in signal masks
 * and has the program's disposition of it. A program that uses both signals for different things
 * is told that they are one.
 *
 * libc's sigaction and sigprocmask are translated at their sites, in the sets that they carry too;
 * of a static program sigaction alone, and masks only under user dispatch: all its calls are
 * replaced, and a trap would be of text that it makes itself. A raw rt_sigaction of SIGSYS does
 * nothing (the guard answers it). A SIGSYS that is not a trap of ours goes to the program's
 * handler; where the program blocks it, it is now really blocked in that thread and sent again, so
 * that sigwait, signalfd and sigpending see it; until the program unblocks it, a raw system call
 * that the guard traps ends such a thread's process. What kill() sent is told as sigqueue()'s when
 * a thread other than the first sent it again.
 *
 * A trap of a call of i386's table (int $0x80) is answered by nobody: it ends the process, and
 * the session has a note of it.
 *
 * Under user dispatch it can not be blocked: there it waits as a SIGSTKFLT until the program
 * unblocks it, and sigwait, signalfd and sigpending see that.
 */
#ifndef OVL_SIGSYS_H
#define OVL_SIGSYS_H

#include "ovl.h"
#include "ovl_session.h"

/* The kernel's. */
struct siginfo;
struct ucontext;

/* Take SIGSYS over: its disposition. Context: init. */
void ovl_sigsys_init(void);

/* From now on masks are translated, and this thread does not block it. */
void ovl_sigsys_unblock(void);

/* The same for good, whatever waits: user dispatch. */
void ovl_sigsys_never_block(void);

/*
 * Masks are not translated, until one of these is called: traps are not expected. What the last
 * program of this process left is made the real thing. Context: init.
 */
void ovl_sigsys_let_block(void);

/* The door's parts of the handler: is @info a trap of ours? Then the call that @uc has is answered.
 */
bool ovl_sigsys_is_ours(const struct siginfo *info);
void ovl_sigsys_answer(struct ucontext *uc);

/* In a session of @flags: is @nr a call whose sites in libc are to come to ovl_sigsys_site()? */
static inline bool ovl_sigsys_wants(uint32_t flags, long nr)
{
	return flags & OVL_S_GUARD && (nr == __NR_rt_sigaction || nr == __NR_rt_sigprocmask);
}

/*
 * Make call @c, one of the two, translated. What is to be set must be there to be read, as it is
 * when libc calls. Context: any.
 */
void ovl_sigsys_site(struct ovl_call *c);

#endif
