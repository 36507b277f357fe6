/* SPDX-License-Identifier: MIT */
#include "own.h"

#include <asm/signal.h>
#include <linux/prctl.h>

#include "str.h"
#include "newtext.h"
#include "peek.h"
#include "sigsys.h"
#include "sys.h"
#include "trap.h"
#include "view.h"

#define SIGNALS 64
#define SYS_BIT (1UL << (SIGSYS - 1))

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#endif

enum ovl_own ovl_own_kind(long nr)
{
	switch (nr) {
	case __NR_clone:
	case __NR_fork:
	case __NR_vfork:
		return OVL_OWN_FORK;
	case __NR_rt_sigreturn:
		return OVL_OWN_RETURN;
	case __NR_clone3:
	case __NR_rt_sigaction:
	case __NR_rt_sigprocmask:
	case __NR_prctl:
		return OVL_OWN_CALL;
	default:
		return OVL_OWN_NOT;
	}
}

bool ovl_own_watches(long nr)
{
	return ovl_newtext_wants(nr) || nr == __NR_rt_sigaction;
}

/* What the program's handlers would return by. */
static __sigrestore_t restorer[SIGNALS + 1];

static bool may_end;
static bool dispatched;

void ovl_own_dispatched(void)
{
	dispatched = true;
	ovl_sigsys_never_block();
}

void ovl_own_expect_end(void)
{
	may_end = true;
}

bool ovl_own_is_preload(const struct ovl_call *c)
{
	const char *path = (const char *)c->arg[c->nr == __NR_openat];

	/* nobody but the dynamic linker calls before the end: the pointer is good */
	return may_end && (c->nr == __NR_openat || c->nr == __NR_open) &&
	       (ovl_str_equal(path, ovl_session_str(ovl_ss, ovl_ss->preload)) ||
		ovl_str_equal(path, ovl_session_str(ovl_ss, ovl_ss->names)));
}

static long call_kernel(const struct ovl_call *c)
{
	const long *a = c->arg;

	return ovl_sys6(c->nr, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* What the program sets may lead nowhere. */
static bool copy_set(const struct ovl_call *c, void *set, size_t size)
{
	return !c->arg[1] || ovl_peek((const char *)c->arg[1], set, size) == size;
}

static long set_mask(const struct ovl_call *c)
{
	struct ovl_call copy = *c;
	uint64_t set = 0;

	if (!copy_set(c, &set, sizeof(set)))
		return -EFAULT;
	if (c->arg[1])
		copy.arg[1] = (long)&set;
	ovl_sigsys_site(&copy);
	return copy.ret;
}

/* Who asks what was set (valgrind does) is not to see that handlers return by our text. */
static void show_restorer(const struct ovl_call *c)
{
	struct sigaction *old = (struct sigaction *)c->arg[2];

	if (old->sa_restorer == ovl_trap_restorer)
		old->sa_restorer = restorer[(int)c->arg[0]];
}

static long set_action(const struct ovl_call *c)
{
	struct ovl_call copy = *c;
	struct sigaction set = {0};
	__sigrestore_t theirs = NULL;

	if (!copy_set(c, &set, sizeof(set)))
		return -EFAULT;
	if (c->arg[1])
		copy.arg[1] = (long)&set;
	if (c->arg[1] && dispatched && set.sa_flags & SA_RESTORER) {
		theirs = set.sa_restorer;
		set.sa_restorer = ovl_trap_restorer;
	}
	ovl_sigsys_site(&copy);
	if (!copy.ret && c->arg[2])
		show_restorer(c);
	if (!copy.ret && theirs)
		restorer[(int)c->arg[0]] = theirs;
	return copy.ret;
}

void ovl_own_adopt(void)
{
	for (int sig = 1; sig <= SIGNALS; sig++) {
		struct sigaction act;

		if (ovl_sys(__NR_rt_sigaction, sig, 0, &act, sizeof(act.sa_mask)) ||
		    !(act.sa_mask & SYS_BIT))
			continue;
		act.sa_mask &= ~SYS_BIT;
		(void)ovl_sys(__NR_rt_sigaction, sig, &act, 0, sizeof(act.sa_mask));
	}
}

static long set_process(const struct ovl_call *c)
{
	if (c->arg[0] == PR_SET_SYSCALL_USER_DISPATCH && !may_end)
		return -EINVAL;
	return call_kernel(c);
}

void ovl_own_call(struct ovl_call *c)
{
	switch (c->nr) {
	case __NR_clone3:
		c->ret = -ENOSYS;
		break;
	case __NR_rt_sigprocmask:
		c->ret = set_mask(c);
		break;
	case __NR_rt_sigaction:
		c->ret = set_action(c);
		break;
	case __NR_prctl:
		c->ret = set_process(c);
		break;
	default:
		c->ret = call_kernel(c);
	}
}

void ovl_watch(struct ovl_call *c)
{
	ovl_own_call(c);
	ovl_newtext_look(c);
}
