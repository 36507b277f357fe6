/* SPDX-License-Identifier: MIT */
#include "lean.h"

#include "entry.h"
#include "ovl.h"
#include "own.h"
#include "place.h"
#include "sys.h"

/* A stack's exec: whose it is, should it never come back. */
struct exec {
	uint32_t pid; /* 0: none */
	uint64_t thread;
};

struct ovl_entry ovl_lean_entries[OVL_LEAN_STUBS];
uint64_t ovl_lean_busy[OVL_LEAN_STACKS / 64];
uint64_t ovl_lean_wanted[8];
char ovl_lean_stacks[OVL_LEAN_STACKS][OVL_LEAN_STACK_SIZE] __attribute__((aligned(64)));
static struct exec execs[OVL_LEAN_STACKS];

extern const unsigned char ovl_lean_stubs[];
/* The engine's, or the loader's own: see lean_x86_64.S. */
enum ovl_verdict ovl_lean_enter(struct ovl_call *c, uint32_t flavor);

void ovl_lean_want(long nr)
{
	ovl_lean_wanted[nr / 64] |= 1UL << (nr % 64);
}

uint64_t ovl_lean_stub(uint64_t back, int nr, uint32_t flavor)
{
	static unsigned used;
	uint64_t native = nr < 0 ? ovl_place_native(back, false) : 0;

	if (used == OVL_LEAN_STUBS || (nr < 0 && !native))
		return 0;
	ovl_lean_entries[used] =
		(struct ovl_entry){.back = back, .native = native, .nr = nr, .flavor = flavor};
	return (uint64_t)ovl_lean_stubs + (uint64_t)used++ * OVL_LEAN_STUB_SIZE;
}

/* Our thread runs as another process than the one that exec'd: that one is gone. */
static void reclaim(uint32_t pid, uint64_t thread)
{
	for (unsigned i = 0; i < OVL_LEAN_STACKS; i++) {
		uint32_t gone = execs[i].pid;

		if (!gone || gone == pid || execs[i].thread != thread)
			continue;
		if (__atomic_compare_exchange_n(&execs[i].pid, &gone, 0, false, __ATOMIC_ACQ_REL,
						__ATOMIC_RELAXED))
			__atomic_fetch_and(&ovl_lean_busy[i / 64], ~(1UL << (i % 64)),
					   __ATOMIC_RELEASE);
	}
}

enum ovl_verdict ovl_lean_enter(struct ovl_call *c, uint32_t flavor)
{
	struct exec *e = &execs[((char *)c - ovl_lean_stacks[0]) >> OVL_LEAN_STACK_SHIFT];

	if (flavor == OVL_F_WATCH) {
		ovl_watch(c);
		return OVL_DONE;
	}
	__atomic_store_n(&e->pid, 0, __ATOMIC_RELEASE);
	if (OVL_UNLIKELY(c->nr == __NR_execve || c->nr == __NR_execveat)) {
		uint32_t pid = (uint32_t)ovl_sys(__NR_getpid);

		e->thread = ovl_thread_pointer();
		reclaim(pid, e->thread);
		__atomic_store_n(&e->pid, pid, __ATOMIC_RELEASE);
	}
	return ovl_enter(c);
}
