/* SPDX-License-Identifier: MIT */
#include "trap.h"
#include "entry.h"
#include "nr.h"
#include "sys.h"

#include <asm/sigcontext.h>
#include <asm/signal.h>
#include <asm/ucontext.h>

struct relay {
	uint64_t back; /* where the program goes on */
	uint32_t busy; /* atomic */
	uint32_t pad;
	struct ovl_call call; /* arg[]: what the program's registers become again */
} __attribute__((aligned(OVL_RELAY_SIZE)));

_Static_assert(offsetof(struct relay, back) == OVL_RELAY_BACK, "trap.h");
_Static_assert(offsetof(struct relay, busy) == OVL_RELAY_BUSY, "trap.h");
_Static_assert(offsetof(struct relay, call) == OVL_RELAY_CALL, "trap.h");
_Static_assert(sizeof(struct relay) == OVL_RELAY_SIZE, "trap.h");

extern struct relay ovl_relays[OVL_RELAYS];
/* OVL_RELAYS pieces of OVL_RELAY_SIZE bytes each, in relay_x86_64.S */
extern const unsigned char ovl_relay_text[];

OVL_LARGE struct relay ovl_relays[OVL_RELAYS];

void ovl_trap_read(const struct ucontext *uc, struct ovl_call *ret)
{
	const struct sigcontext *r = &uc->uc_mcontext;

	*ret = (struct ovl_call){
		/* the kernel has put it back there */
		.nr = (int)(r->rax & ~(uint64_t)OVL_GUARD_TRAP),
		.arg = {(long)r->rdi, (long)r->rsi, (long)r->rdx, (long)r->r10, (long)r->r8,
			(long)r->r9},
	};
}

void ovl_trap_answer(struct ucontext *uc, long value)
{
	struct sigcontext *r = &uc->uc_mcontext;

	r->rax = (uint64_t)value;
	r->rcx = r->rip; /* as after a system call */
}

static struct relay *take_relay(void)
{
	for (int i = 0; i < OVL_RELAYS; i++) {
		uint32_t free = 0;

		if (!__atomic_load_n(&ovl_relays[i].busy, __ATOMIC_RELAXED) &&
		    __atomic_compare_exchange_n(&ovl_relays[i].busy, &free, 1, false,
						__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return &ovl_relays[i];
	}
	return NULL;
}

/* The program's registers become those of call @nr, with the guard's key. */
static void set_registers(struct sigcontext *r, long nr, const long *arg)
{
	r->rax = (uint64_t)nr;
	r->rdi = (uint64_t)arg[0];
	r->rsi = (uint64_t)arg[1];
	r->rdx = (uint64_t)arg[2];
	r->r10 = (uint64_t)arg[3];
	r->r8 = (uint64_t)arg[4];
	r->r9 = (uint64_t)arg[5];
	if ((unsigned long)nr >= 512 || ovl_guarded[nr] == OVL_G_FREE)
		return;
	if (nr == __NR_setxattrat)
		r->rdi = OVL_GUARD_UPPER | (uint32_t)arg[0];
	else
		r->r9 = OVL_GUARD_KEY;
}

/* The call is made in the handler, as if it could not block. */
static void make_here(struct ucontext *uc, struct ovl_call *c)
{
	const long *a = c->tail ? c->tail->arg : c->arg;

	c->ret = ovl_sys6(c->tail ? c->tail->nr : c->nr, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (c->tail)
		ovl_after(c);
	ovl_trap_answer(uc, c->ret);
}

void ovl_trap_relay(struct ucontext *uc, const struct ovl_call *c)
{
	struct sigcontext *r = &uc->uc_mcontext;
	struct relay *relay = take_relay();

	if (!relay) {
		struct ovl_call here = *c;

		make_here(uc, &here);
		return;
	}
	relay->call = *c;
	relay->back = r->rip;
	set_registers(r, c->tail ? c->tail->nr : c->nr, c->tail ? c->tail->arg : c->arg);
	r->rip = (uint64_t)(ovl_relay_text + (size_t)(relay - ovl_relays) * OVL_RELAY_SIZE);
}

void ovl_trap_call(struct ucontext *uc)
{
	struct ovl_call c;

	ovl_trap_read(uc, &c);
	switch (ovl_enter(&c)) {
	case OVL_DONE:
		ovl_trap_answer(uc, c.ret);
		return;
	case OVL_TAIL:
		ovl_trap_relay(uc, &c);
		return;
	default:
		c.tail = NULL;
		/* It does not come back when all goes well: a vfork child would lose the relay. */
		if (c.nr == __NR_execve || c.nr == __NR_execveat)
			make_here(uc, &c);
		else
			ovl_trap_relay(uc, &c);
	}
}
