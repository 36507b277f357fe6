/* SPDX-License-Identifier: MIT */
#include "sigsys.h"
#include "sys.h"
#include "trap.h"
#include "view.h"

#include <asm/sigcontext.h>
#include <asm/signal.h>
#include <asm/ucontext.h>
#include <asm-generic/siginfo.h>
#include <linux/audit.h>
#include <linux/prctl.h>

#define SET_SIZE 8
#define DEFAULT	 0 /* SIG_DFL */
#define IGNORE	 1 /* SIG_IGN */
#define BIT(sig) (1ULL << ((sig)-1))
#define TRAP	 SIGSYS
#define STAND_IN SIGSTKFLT

typedef void handler(int sig, siginfo_t *info, void *uc);

/* The kernel's struct sigaction, which is not libc's. */
struct action {
	uintptr_t handle; /* a handler, DEFAULT or IGNORE */
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

/* In masks the other signal stands for SIGSYS. */
static bool hidden;

/* SIGSYS is never really blocked. */
static bool never_block;

/* A set of the program's, as the kernel is to have it, and back. */
static uint64_t hide(uint64_t set)
{
	return hidden && set & BIT(TRAP) ? (set & ~BIT(TRAP)) | BIT(STAND_IN) : set;
}

static uint64_t show(uint64_t set)
{
	return hidden && set & BIT(STAND_IN) ? set | BIT(TRAP) : set;
}

static long sigaction(int sig, const struct action *set, struct action *ret_old)
{
	return ovl_sys(__NR_rt_sigaction, sig, set, ret_old, SET_SIZE, 0, OVL_GUARD_KEY);
}

static long sigmask(int how, uint64_t set, uint64_t *ret_old)
{
	return ovl_sys(__NR_rt_sigprocmask, how, &set, ret_old, SET_SIZE);
}

/* Send @info to us again, as @sig, to the process or to the thread, as it came. */
static void send_again(int sig, siginfo_t *info)
{
	long pid = ovl_sys(__NR_getpid);
	long tid = ovl_sys(__NR_gettid);

	if (info->si_code == SI_TKILL) {
		(void)ovl_sys(__NR_rt_tgsigqueueinfo, pid, tid, sig, info);
		return;
	}
	/* Only the first thread may claim that it was kill(). */
	if (pid != tid && info->si_code == SI_USER)
		info->si_code = SI_QUEUE;
	(void)ovl_sys(__NR_rt_sigqueueinfo, pid, sig, info);
}

/* This SIGSYS ends the process. */
static void end(siginfo_t *info)
{
	const struct action dfl = {.handle = DEFAULT};

	(void)sigaction(TRAP, &dfl, NULL);
	(void)ovl_sys(__NR_rt_tgsigqueueinfo, ovl_sys(__NR_getpid), ovl_sys(__NR_gettid), TRAP,
		      info);
}

static bool is_sent(const siginfo_t *info)
{
	return info->si_code <= 0;
}

/* @info is blocked by the program, in this thread. */
static void keep_for_later(siginfo_t *info, struct ucontext *uc)
{
	if (never_block) {
		send_again(STAND_IN, info);
		return;
	}
	uc->uc_sigmask |= BIT(TRAP);
	(void)sigmask(SIG_BLOCK, BIT(TRAP), NULL);
	send_again(TRAP, info);
}

/* A SIGSYS that is none of our traps: what would have become of it? */
static void theirs(siginfo_t *info, struct ucontext *uc)
{
	const struct action dfl = {.handle = DEFAULT};
	uint64_t mask = uc->uc_sigmask;
	struct action a = {0};

	if (is_sent(info) && hidden && mask & BIT(STAND_IN)) {
		keep_for_later(info, uc);
		return;
	}
	(void)sigaction(STAND_IN, NULL, &a);
	if (is_sent(info) && a.handle == IGNORE)
		return;
	if (a.handle == IGNORE || a.handle == DEFAULT) {
		/* by the program's will */
		__atomic_store_n(&ovl_ss->own_sigsys, (uint32_t)ovl_sys(__NR_getpid),
				 __ATOMIC_RELAXED);
		end(info);
		return;
	}
	if (a.flags & SA_RESETHAND)
		(void)sigaction(STAND_IN, &dfl, NULL);
	mask |= a.mask | (a.flags & SA_NODEFER ? 0 : hide(BIT(TRAP)));
	(void)sigmask(SIG_SETMASK, mask, NULL); /* the kernel restores it after us */
	((handler *)a.handle)(TRAP, info, uc);
}

/* A call of i386's table: nobody answers it, and ovlrun is to tell who made it. */
static void note_escape(const siginfo_t *info)
{
	uint32_t i = __atomic_fetch_add(&ovl_ss->nescapes, 1, __ATOMIC_RELAXED);
	struct ovl_escape *e = &ovl_ss->escape[i];

	if (i >= OVL_ESCAPES_MAX)
		return;
	(void)ovl_sys(__NR_prctl, PR_GET_NAME, e->name);
	e->pid = (uint32_t)ovl_sys(__NR_getpid);
	e->nr = (uint32_t)info->si_syscall;
	__atomic_store_n(&e->ready, 1, __ATOMIC_RELEASE);
}

static void on_sigsys(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	if (!ovl_sigsys_is_ours(info)) {
		theirs(info, context);
	} else if (info->si_arch == AUDIT_ARCH_X86_64) {
		ovl_sigsys_answer(context);
	} else {
		note_escape(info);
		end(info);
	}
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

void ovl_sigsys_init(void)
{
	const struct action ignore = {.handle = IGNORE};
	struct action old = {0};

	/* None of these fails. */
	(void)install(SA_RESTART, &old);
	if (old.handle == IGNORE)
		(void)sigaction(STAND_IN, &ignore, NULL);
}

void ovl_sigsys_unblock(void)
{
	uint64_t mask = 0;

	hidden = true;
	(void)sigmask(SIG_UNBLOCK, BIT(TRAP), &mask);
	if (mask & BIT(TRAP))
		(void)sigmask(SIG_BLOCK, BIT(STAND_IN), NULL);
}

void ovl_sigsys_let_block(void)
{
	uint64_t mask = 0;

	(void)sigmask(SIG_BLOCK, 0, &mask);
	if (mask & BIT(STAND_IN))
		(void)sigmask(SIG_BLOCK, BIT(TRAP), NULL);
}

void ovl_sigsys_never_block(void)
{
	never_block = true;
	ovl_sigsys_unblock();
}

static long site_action(const long *arg)
{
	const struct action *set = (const struct action *)arg[1];
	struct action *old = (struct action *)arg[2];
	bool ours = (int)arg[0] == TRAP;
	struct action now = {0};
	long r;

	if (set) {
		now = *set;
		now.mask = hide(now.mask);
	}
	r = sigaction(ours ? STAND_IN : (int)arg[0], set ? &now : NULL, old);
	if (r)
		return r;
	if (set && ours)
		(void)install(now.flags, NULL);
	if (old)
		old->mask = show(old->mask);
	return 0;
}

/* What waits as our stand-in: one signal of the process's and one of the thread's. */
struct kept {
	siginfo_t info[2];
	int n;
};

static void take_kept(struct kept *ret)
{
	const uint64_t set = BIT(STAND_IN);
	const uint64_t none[2] = {0, 0};

	ret->n = 0;
	while (ret->n < 2 &&
	       ovl_sys(__NR_rt_sigtimedwait, &set, &ret->info[ret->n], none, SET_SIZE) == STAND_IN)
		ret->n++;
}

static void send_kept(struct kept *kept)
{
	for (int i = 0; i < kept->n; i++)
		send_again(TRAP, &kept->info[i]);
}

/* What waits is taken before and comes after, as what it is, or waits again. */
static long change_mask(long how, uint64_t set, uint64_t *ret_old)
{
	struct kept kept;
	long r;

	take_kept(&kept);
	r = sigmask(how, set, ret_old);
	if (!r && ret_old)
		*ret_old = show(*ret_old);
	send_kept(&kept);
	return r;
}

static long site_mask(const long *arg)
{
	const uint64_t *set = (const uint64_t *)arg[1];
	uint64_t *old = (uint64_t *)arg[2];
	uint64_t now = set ? hide(*set) : 0;
	long r;

	if (set && arg[0] == SIG_UNBLOCK)
		now |= *set & BIT(TRAP);
	if (set && never_block)
		return change_mask(arg[0], now, old);
	r = ovl_sys(__NR_rt_sigprocmask, arg[0], set ? &now : NULL, old, SET_SIZE);
	if (!r && old)
		*old = show(*old);
	return r;
}

void ovl_sigsys_site(struct ovl_call *c)
{
	if (c->arg[3] != SET_SIZE)
		c->ret = -EINVAL;
	else
		c->ret = c->nr == __NR_rt_sigaction ? site_action(c->arg) : site_mask(c->arg);
}
