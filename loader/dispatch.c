/* SPDX-License-Identifier: MIT */
#include "dispatch.h"

#include <stddef.h> /* older headers of the kernel need it before them */

#include <asm/sigcontext.h>
#include <asm/siginfo.h>
#include <asm/signal.h>
#include <asm/ucontext.h>
#include <linux/prctl.h>

#include "die.h"
#include "own.h"
#include "callplace.h"
#include "sigsys.h"
#include "sys.h"
#include "trap.h"

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#endif
#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1
#endif
#ifndef SYS_USER_DISPATCH
#define SYS_USER_DISPATCH 2
#endif
#define DISPATCH_ON 1 /* PR_SYS_DISPATCH_ON */

/* A call of the program's own is made in our text; without a place left, by a relay. */
static void let_pass(struct ucontext *uc, const struct ovl_call *c, bool fork)
{
	uint64_t to = ovl_place_native(uc->uc_mcontext.rip, fork);

	if (to)
		uc->uc_mcontext.rip = to;
	else if (fork)
		ovl_die("program", "too many places that make threads", 0);
	else
		ovl_trap_relay(uc, c);
}

/* A call of the program's that did not come from our text. */
void ovl_sigsys_answer(struct ucontext *uc)
{
	struct ovl_call c;

	ovl_trap_read(uc, &c);
	switch (ovl_own_kind(c.nr)) {
	case OVL_OWN_CALL:
		ovl_own_call(&c);
		ovl_trap_answer(uc, c.ret);
		/* the mask that it may have set is to hold when we return */
		(void)ovl_sys(__NR_rt_sigprocmask, SIG_BLOCK, 0, &uc->uc_sigmask,
			      sizeof(uc->uc_sigmask));
		break;
	case OVL_OWN_FORK:
		let_pass(uc, &c, true);
		break;
	case OVL_OWN_RETURN:
		uc->uc_mcontext.rip = (uint64_t)ovl_trap_restorer;
		break;
	default:
		if (ovl_nr_ours(c.nr) && !ovl_own_is_preload(&c))
			ovl_trap_call(uc);
		else
			let_pass(uc, &c, false);
	}
}

bool ovl_sigsys_is_ours(const struct siginfo *info)
{
	return info->si_code == SYS_USER_DISPATCH ||
	       (info->si_code == SYS_SECCOMP && info->si_errno == OVL_GUARD_DATA);
}

int ovl_dispatch_arm(void)
{
	size_t len;
	uint64_t start = ovl_place_range(&len);
	const uint64_t sys = 1UL << (SIGSYS - 1);
	long r;

	ovl_own_dispatched();
	r = ovl_sys(__NR_rt_sigprocmask, SIG_UNBLOCK, &sys, 0,
		    sizeof(sys)); /* one may be waiting */
	if (!r)
		r = ovl_sys(__NR_prctl, PR_SET_SYSCALL_USER_DISPATCH, DISPATCH_ON, start, len, 0);
	return (int)r;
}
