/* SPDX-License-Identifier: MIT */
#include "sigsys.h"
#include "known.h"
#include "sys.h"
#include "trap.h"

#include <asm/sigcontext.h>
#include <asm/signal.h>
#include <asm/ucontext.h>
#include <asm-generic/siginfo.h>

#define SET_SIZE 8
#define DEFAULT	 0 /* SIG_DFL */
#define IGNORE	 1 /* SIG_IGN */
#define BIT(sig) (1ULL << ((sig)-1))
#define TRAP	 SIGSYS
#define STAND_IN SIGSTKFLT
#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1
#endif

typedef void handler(int sig, siginfo_t *info, void *uc);

/* The kernel's struct sigaction, which is not libc's. */
struct action {
	uintptr_t handle; /* a handler, DEFAULT or IGNORE */
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

static struct ovl_session *session;

/* A set of the program's, as the kernel is to have it, and back. */
static uint64_t hide(uint64_t set)
{
	return set & BIT(TRAP) ? (set & ~BIT(TRAP)) | BIT(STAND_IN) : set;
}

static uint64_t show(uint64_t set)
{
	return set & BIT(STAND_IN) ? set | BIT(TRAP) : set;
}

static long sigaction(int sig, const struct action *set, struct action *ret_old)
{
	return ovl_sys(__NR_rt_sigaction, sig, set, ret_old, SET_SIZE, 0, OVL_GUARD_KEY);
}

static long sigmask(int how, uint64_t set, uint64_t *ret_old)
{
	return ovl_sys(__NR_rt_sigprocmask, how, &set, ret_old, SET_SIZE);
}

/* Send @info to us again, to the process or to the thread, as it came. */
static void send_again(siginfo_t *info)
{
	long pid = ovl_sys(__NR_getpid);
	long tid = ovl_sys(__NR_gettid);

	if (info->si_code == SI_TKILL) {
		(void)ovl_sys(__NR_rt_tgsigqueueinfo, pid, tid, TRAP, info);
		return;
	}
	/* Only the first thread may claim that it was kill(). */
	if (pid != tid && info->si_code == SI_USER)
		info->si_code = SI_QUEUE;
	(void)ovl_sys(__NR_rt_sigqueueinfo, pid, TRAP, info);
}

/* By the program's will this SIGSYS ends the process. */
static void end(siginfo_t *info)
{
	const struct action dfl = {.handle = DEFAULT};

	__atomic_store_n(&session->own_sigsys, (uint32_t)ovl_sys(__NR_getpid), __ATOMIC_RELAXED);
	(void)sigaction(TRAP, &dfl, NULL);
	(void)ovl_sys(__NR_rt_tgsigqueueinfo, ovl_sys(__NR_getpid), ovl_sys(__NR_gettid), TRAP,
		      info);
}

static bool is_sent(const siginfo_t *info)
{
	return info->si_code <= 0;
}

/* A SIGSYS that is none of our traps: what would have become of it? */
static void theirs(siginfo_t *info, struct ucontext *uc)
{
	const struct action dfl = {.handle = DEFAULT};
	uint64_t mask = uc->uc_sigmask;
	struct action a = {0};

	if (is_sent(info) && mask & BIT(STAND_IN)) {
		uc->uc_sigmask |= BIT(TRAP);
		(void)sigmask(SIG_BLOCK, BIT(TRAP), NULL);
		send_again(info);
		return;
	}
	(void)sigaction(STAND_IN, NULL, &a);
	if (is_sent(info) && a.handle == IGNORE)
		return;
	if (a.handle == IGNORE || a.handle == DEFAULT) {
		end(info);
		return;
	}
	if (a.flags & SA_RESETHAND)
		(void)sigaction(STAND_IN, &dfl, NULL);
	mask |= a.mask | (a.flags & SA_NODEFER ? 0 : BIT(STAND_IN));
	(void)sigmask(SIG_SETMASK, mask, NULL); /* the kernel restores it after us */
	((handler *)a.handle)(TRAP, info, uc);
}

static void on_sigsys(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	if (info->si_code != SYS_SECCOMP || info->si_errno != OVL_GUARD_DATA) {
		theirs(info, context);
		return;
	}
	/* Who makes raw calls makes others that we do not see. */
	ovl_known_off();
	ovl_trap_call(context);
}

/* Our handler; a sleeping call goes on after a SIGSYS when @flags, the program's, say so. */
static long install(unsigned long flags, struct action *ret_old)
{
	const struct action ours = {
		.handle = (uintptr_t)on_sigsys,
		.flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK | SA_RESTORER | (flags & SA_RESTART),
		.restorer = ovl_trap_restorer,
	};

	return sigaction(TRAP, &ours, ret_old);
}

void ovl_sigsys_init(struct ovl_session *ss)
{
	const struct action ignore = {.handle = IGNORE};
	struct action old = {0};
	uint64_t mask = 0;

	if (!(ss->flags & OVL_S_GUARD))
		return;
	session = ss;
	/* None of these fails. */
	(void)install(SA_RESTART, &old);
	if (old.handle == IGNORE)
		(void)sigaction(STAND_IN, &ignore, NULL);
	(void)sigmask(SIG_UNBLOCK, BIT(TRAP), &mask);
	if (mask & BIT(TRAP))
		(void)sigmask(SIG_BLOCK, BIT(STAND_IN), NULL);
}

static long site_action(const long *arg)
{
	const struct action *set = (const struct action *)arg[1];
	struct action *old = (struct action *)arg[2];
	bool ours = (int)arg[0] == TRAP;
	int sig = ours ? STAND_IN : (int)arg[0];
	struct action was;
	struct action now;
	long r;

	if (set) {
		now = *set;
		now.mask = hide(now.mask);
	}
	r = sigaction(sig, set ? &now : NULL, &was);
	if (r)
		return r;
	if (set && ours)
		(void)install(now.flags, NULL);
	was.mask = show(was.mask);
	if (old)
		*old = was;
	return 0;
}

static long site_mask(const long *arg)
{
	const uint64_t *set = (const uint64_t *)arg[1];
	uint64_t *old = (uint64_t *)arg[2];
	uint64_t now = set ? hide(*set) : 0;
	uint64_t was = 0;
	long r;

	if (set && arg[0] == SIG_UNBLOCK)
		now |= *set & BIT(TRAP);
	r = ovl_sys(__NR_rt_sigprocmask, arg[0], set ? &now : NULL, &was, SET_SIZE);
	if (!r && old)
		*old = show(was);
	return r;
}

void ovl_sigsys_site(struct ovl_call *c)
{
	if (c->arg[3] != SET_SIZE)
		c->ret = -EINVAL;
	else
		c->ret = c->nr == __NR_rt_sigaction ? site_action(c->arg) : site_mask(c->arg);
}
