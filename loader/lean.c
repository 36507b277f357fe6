/* SPDX-License-Identifier: MIT */
#include "lean.h"

#include "entry.h"
#include "ovl.h"
#include "own.h"
#include "callplace.h"
#include "sys.h"

/* The end of a stack, see lean.h. */
struct frame {
	struct ovl_call call;
	uint64_t when;	 /* by the processor's counter: the later is the larger */
	uint64_t thread; /* atomic; whose call is being made; 0: it is not, or nobody can tell */
	uint64_t offset;
	uint64_t entry;
	uint64_t rsp; /* the program's */
};

#define AT_END(field) (OVL_LEAN_STACK_SIZE - sizeof(struct frame) + offsetof(struct frame, field))
_Static_assert(AT_END(call) == OVL_LEAN_CALL, "lean.h");
_Static_assert(AT_END(thread) == OVL_LEAN_THREAD, "lean.h");
_Static_assert(AT_END(offset) == OVL_LEAN_OFFSET, "lean.h");
_Static_assert(AT_END(entry) == OVL_LEAN_ENTRY, "lean.h");
_Static_assert(AT_END(rsp) == OVL_LEAN_RSP, "lean.h");

/* Above a call that waits: where the thread's stack ends that it will be made on again. */
#define SAME_STACK 8192

/* A stack's exec: whose it is, should it never come back. */
struct exec {
	uint32_t pid; /* 0: none */
	uint64_t thread;
};

OVL_LARGE struct ovl_entry ovl_lean_entries[OVL_LEAN_STUBS];
uint64_t ovl_lean_busy[OVL_LEAN_STACKS / 64];
uint64_t ovl_lean_wanted[8];
OVL_LARGE char ovl_lean_stacks[OVL_LEAN_STACKS][OVL_LEAN_STACK_SIZE] __attribute__((aligned(64)));
static OVL_LARGE struct exec execs[OVL_LEAN_STACKS];
static bool has_rdfsbase;

extern const unsigned char ovl_lean_stubs[];
/* The engine's verdict, the loader's own, or OVL_LEAN_*: see lean_x86_64.S. */
int ovl_lean_enter(struct ovl_call *c, uint32_t flavor);

void ovl_lean_want(long nr)
{
	ovl_lean_wanted[nr / 64] |= 1UL << (nr % 64);
}

void ovl_lean_use_rdfsbase(void)
{
	has_rdfsbase = true;
}

uint64_t ovl_lean_stub(uint64_t back, int nr, uint64_t native, uint32_t flavor)
{
	static unsigned used;

	if (used == OVL_LEAN_STUBS || (nr < 0 && !native))
		return 0;
	ovl_lean_entries[used] = (struct ovl_entry){.back = back,
						    .native = native,
						    .nr = nr,
						    .flavor = flavor,
						    .pass = ovl_place_native(back, false)};
	return (uint64_t)ovl_lean_stubs + (uint64_t)used++ * OVL_LEAN_STUB_SIZE;
}

static void give_back(unsigned i)
{
	__atomic_fetch_and(&ovl_lean_busy[i / 64], ~(1UL << (i % 64)), __ATOMIC_RELEASE);
}

static struct frame *frame_of(unsigned i)
{
	return (struct frame *)(ovl_lean_stacks[i] + OVL_LEAN_CALL);
}

/* Our thread runs as another process than the one that exec'd: that one is gone. */
static void reclaim(uint32_t pid, uint64_t thread)
{
	for (unsigned i = 0; i < OVL_LEAN_STACKS; i++) {
		uint32_t gone = execs[i].pid;

		if (!gone || gone == pid || execs[i].thread != thread)
			continue;
		if (__atomic_compare_exchange_n(&execs[i].pid, &gone, 0, false, __ATOMIC_ACQ_REL,
						__ATOMIC_RELAXED)) {
			__atomic_store_n(&frame_of(i)->thread, 0, __ATOMIC_RELAXED);
			give_back(i);
		}
	}
}

static uint64_t thread_pointer(void)
{
	uint64_t fs = 0;

	if (has_rdfsbase)
		__asm__("rdfsbase %0" : "=r"(fs));
	return fs;
}

/*
 * The program has gone on above: call @f of our thread waits for nothing if a later one was made
 * from there or from a little above.
 */
static bool is_passed(const struct frame *f, uint64_t me)
{
	for (unsigned i = 1; i < OVL_LEAN_STACKS; i++) {
		const struct frame *later = frame_of(i);

		if (__atomic_load_n(&later->thread, __ATOMIC_ACQUIRE) == me &&
		    later->when > f->when && later->rsp - f->rsp < SAME_STACK)
			return true;
	}
	return false;
}

/* All stacks are taken: some of our thread's may be by calls that will never return. */
static void find_lost(const struct frame *now)
{
	uint64_t me = thread_pointer();

	for (unsigned i = 1; i < OVL_LEAN_STACKS && me; i++) {
		struct frame *f = frame_of(i);
		uint64_t thread = me;

		if (__atomic_load_n(&f->thread, __ATOMIC_ACQUIRE) != me ||
		    (now->rsp - f->rsp >= SAME_STACK && !is_passed(f, me)))
			continue;
		if (!__atomic_compare_exchange_n(&f->thread, &thread, 0, false, __ATOMIC_ACQ_REL,
						 __ATOMIC_RELAXED))
			continue;
		f->call.ret = -EINTR;
		if (f->call.tail)
			ovl_after(&f->call);
		__atomic_store_n(&execs[i].pid, 0, __ATOMIC_RELAXED);
		give_back(i);
	}
}

/* The engine's share in an exec; a vfork child's memory is its parent's. */
static void note_exec(struct exec *e, const struct ovl_call *c)
{
	uint32_t pid;

	__atomic_store_n(&e->pid, 0, __ATOMIC_RELEASE);
	if (c->nr != __NR_execve && c->nr != __NR_execveat)
		return;
	pid = (uint32_t)ovl_sys(__NR_getpid);
	e->thread = ovl_thread_pointer();
	reclaim(pid, e->thread);
	__atomic_store_n(&e->pid, pid, __ATOMIC_RELEASE);
}

/* Would the guard trap @c without its key? */
static bool is_guarded(const struct ovl_call *c)
{
	switch (ovl_guarded[c->nr]) {
	case OVL_G_FREE:
		return false;
	case OVL_G_OPEN1:
		return c->arg[1] & OVL_GUARD_OFLAGS;
	case OVL_G_OPEN2:
		return c->arg[2] & OVL_GUARD_OFLAGS;
	default:
		return true;
	}
}

int ovl_lean_enter(struct ovl_call *c, uint32_t flavor)
{
	size_t i = (size_t)((char *)c - ovl_lean_stacks[0]) >> OVL_LEAN_STACK_SHIFT;
	struct frame *f = (struct frame *)c;
	enum ovl_verdict v;

	if (!i) {
		find_lost(f);
		return OVL_LEAN_AGAIN; /* this one must not be lost */
	}
	if (flavor == OVL_F_WATCH || !ovl_nr_ours(c->nr)) {
		ovl_watch(c);
		return OVL_DONE;
	}
	note_exec(&execs[i], c);
	v = ovl_enter(c);
	if (v == OVL_PASS && !is_guarded(c) && ((const struct ovl_entry *)f->entry)->pass)
		return OVL_LEAN_FREE;
	if (v != OVL_DONE) {
		f->when = __builtin_ia32_rdtsc();
		__atomic_store_n(&f->thread, thread_pointer(), __ATOMIC_RELEASE);
	}
	return v;
}
