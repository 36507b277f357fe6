/* SPDX-License-Identifier: MIT */
#include "tight.h"

#include "sys.h"

#define SMALL	   8192 /* SIGSTKSZ, before it was the machine's to say */
#define SS_DISABLE 2

/* stack_t of sigaltstack(2) on 64-bit machines */
struct stack {
	void *sp;
	int flags;
	size_t size;
};

bool ovl_tight;

enum ovl_verdict ovl_tight_watch(struct ovl_call *c)
{
	const struct stack *s = (const struct stack *)c->arg[0];

	c->ret = ovl_sys(__NR_sigaltstack, c->arg[0], c->arg[1]);
	/* the kernel could read it */
	if (!c->ret && s && !(s->flags & SS_DISABLE) && s->size < SMALL)
		__atomic_store_n(&ovl_tight, true, __ATOMIC_RELAXED);
	return OVL_DONE;
}
