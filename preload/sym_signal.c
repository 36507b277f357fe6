/* SPDX-License-Identifier: MIT */
#include "sym_signal.h"

#include "sigsys.h"
#include "symnext.h"
#include "sys.h"
#include "trap.h"
#include "view.h"

#include <asm/signal.h>

#define SET_SIZE    8
#define LIBC_FIRST  32 /* libc's own signals: of its threads. glibc has two, musl three */
#define GLIBC_OWN   (3ULL << (LIBC_FIRST - 1))
#define SET_WORDS   16 /* of sigset_t */
#define SYSV_FLAGS  (SA_RESETHAND | SA_NODEFER)
#define HANDLER_ERR ((void *)-1L) /* SIG_ERR */

/* libc's struct sigaction, which is glibc's and musl's. */
struct libc_action {
	uint64_t handle;
	uint64_t mask[SET_WORDS];
	int flags;
	uint64_t restorer;
};

static long call(long nr, long a, const void *set, void *ret_old)
{
	struct ovl_call c = {.nr = nr, .arg = {a, (long)set, (long)ret_old, SET_SIZE}};

	if (!ovl_sigsys_wants(ovl_ss->flags, nr))
		return ovl_sys(nr, a, set, ret_old, SET_SIZE);
	ovl_sigsys_site(&c);
	return c.ret;
}

long ovl_sym_action(int sig, const struct ovl_action *set, struct ovl_action *ret_old)
{
	return call(__NR_rt_sigaction, sig, set, ret_old);
}

long ovl_sym_mask(int how, const uint64_t *set, uint64_t *ret_old)
{
	return call(__NR_rt_sigprocmask, how, set, ret_old);
}

SYM(int, sigaction, int sig, const struct libc_action *set, struct libc_action *ret_old)
{
	struct ovl_action new = {0};
	struct ovl_action old = {0};
	long r;

	/* libc knows which of them it does not give away */
	if (sig >= LIBC_FIRST && sig < LIBC_FIRST + 3)
		return OVL_NEXT(sigaction, int(int, const void *, void *))(sig, set, ret_old);
	if (set)
		new = (struct ovl_action){
			.handle = set->handle,
			.flags = (unsigned)set->flags | SA_RESTORER,
			.restorer = (uint64_t)ovl_trap_restorer,
			.mask = set->mask[0],
		};
	r = ovl_sym_action(sig, set ? &new : NULL, &old);
	if (!r && ret_old) {
		memset(ret_old, 0, sizeof(*ret_old));
		ret_old->handle = old.handle;
		ret_old->mask[0] = old.mask;
		ret_old->flags = (int)(old.flags & ~(uint64_t)SA_RESTORER);
		ret_old->restorer = old.restorer;
	}
	return (int)ovl_sym_ret(r);
}
SYM_ALIAS(__sigaction, sigaction);

static void *set_handler(int sig, void *handler, int flags)
{
	struct libc_action new = {.handle = (uint64_t)handler, .flags = flags};
	struct libc_action old;

	if (handler == HANDLER_ERR) {
		(void)ovl_sym_ret(-EINVAL);
		return HANDLER_ERR;
	}
	return sigaction(sig, &new, &old) ? HANDLER_ERR : (void *)old.handle;
}

SYM(void *, signal, int sig, void *handler)
{
	return set_handler(sig, handler, SA_RESTART);
}
SYM_ALIAS(bsd_signal, signal);
SYM_ALIAS(ssignal, signal);

SYM(void *, sysv_signal, int sig, void *handler)
{
	return set_handler(sig, handler, (int)SYSV_FLAGS);
}
SYM_ALIAS(__sysv_signal, sysv_signal);

/* As libc's: nobody blocks its own signals. */
static long set_mask(int how, const uint64_t *set, uint64_t *ret_old)
{
	uint64_t mine = set ? *set : 0;

	if (how != SIG_UNBLOCK)
		mine &= ~GLIBC_OWN;
	return ovl_sym_mask(how, set ? &mine : NULL, ret_old);
}

SYM(int, sigprocmask, int how, const uint64_t *set, uint64_t *ret_old)
{
	return (int)ovl_sym_ret(set_mask(how, set, ret_old));
}

SYM(int, pthread_sigmask, int how, const uint64_t *set, uint64_t *ret_old)
{
	return (int)-set_mask(how, set, ret_old);
}
