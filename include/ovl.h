/* SPDX-License-Identifier: MIT */
/*
 * ovl.h - the engine's face: what a door calls
 *
 * A door catches a system call of the program and hands it over as a struct
 * ovl_call, which lives on the program's stack. The engine never knows by which
 * door a call came.
 *
 *   ovl_enter(c) == OVL_PASS    the door issues the program's call as it was given
 *   ovl_enter(c) == OVL_DONE    c->ret is the result (a value or -errno)
 *   ovl_enter(c) == OVL_TAIL    the door issues c->tail->nr(c->tail->arg[0..5]) in the program's
 *                               own context (its stack, its signal mask: the call may block),
 *                               stores the result in c->ret and calls ovl_after(c);
 *                               c->ret is then the result
 * What a door issues goes past the guard with the key: see ovl_guard.h.
 */
#ifndef OVL_H
#define OVL_H

#include "ovl_base.h"
#include "ovl_guard.h"

struct ovl_session;

enum ovl_verdict {
	OVL_PASS = 0,
	OVL_DONE = 1,
	OVL_TAIL = 2,
	OVL_SLOW = 3, /* inside the engine only: the fast path could not tell */
};

/* A call that is to be made in the program's own context; it lives in the engine's memory. */
struct ovl_tail {
	long nr;
	long arg[6];
	int fd;	    /* closed by ovl_after(); -1 when none */
	int kind;   /* what ovl_after() finishes; private to the engine */
	void *user; /* the program's own buffer that the call fills */
	void *len;
	char text[112]; /* a short path or socket address that an argument points to */
};

/* On the program's stack, which may be small. */
struct ovl_call {
	long nr;
	long arg[6];
	long ret;
	struct ovl_tail *tail; /* set with OVL_TAIL; gone after ovl_after() */
};

/*
 * ovl_init - take up session @ss, mapped shared and writable at that address for the
 * life of the process. Until then every call passes. Call once, single-threaded.
 */
void ovl_init(struct ovl_session *ss);

/*
 * ovl_nr_ours - does the table hold a row for system call @nr?
 * Doors need to bring no other call here; bringing one is harmless.
 */
bool ovl_nr_ours(long nr);

/*
 * ovl_nr_watched - is @nr, one of ours, a call that is only watched, such as close(2)?
 * A door that cannot bring one of them here lets nothing escape.
 */
bool ovl_nr_watched(long nr);

/* Bit nr is set for every number that ovl_nr_ours() knows; 512 bits. For doors in assembly. */
extern const uint64_t ovl_nr_bitmap[8];

/* What the guard thinks of each number: enum ovl_guarded. */
extern const unsigned char ovl_guarded[512];

/*
 * ovl_enter - decide @c, as above. Reads c->nr and c->arg, writes the rest.
 *
 * Takes under 600 bytes of the program's stack; for anything longer the engine blocks
 * all signals and moves to a stack of its own, so no signal handler of the program ever
 * runs on the engine's stack or inside one of its locks.
 * Context: any thread, signal handler, vfork child. Never called by the engine itself.
 */
enum ovl_verdict ovl_enter(struct ovl_call *c);

/* ovl_after - finish a tail: c->ret holds what the kernel said. Context: as ovl_enter(). */
void ovl_after(struct ovl_call *c);

/*
 * ovl_deputy_serve - do what is asked for in the session's struct ovl_deputy
 *
 * Afterwards upper has that object, and the directories above it, as the lowers have them. 0, or
 * -errno. Context: ovlrun's own process, whose calls go through no door.
 */
int ovl_deputy_serve(void);

/*
 * ovl_on_stack - call fn(arg) with the stack pointer at @top (16-byte aligned) and come
 * back to the old stack with its result. Unwinding passes through. In preload/, because
 * it is the machine's. Context: any.
 */
long ovl_on_stack(void *top, long (*fn)(void *), void *arg);

/*
 * ovl_child_on_stack - fn(arg) in a child made by clone(2) with @flags, CLONE_VM | CLONE_VFORK and
 * others, on the stack that ends at @top (16-byte aligned); the caller goes on when it has ended or
 * executed another program, and has to wait4() for it. The child's number, or -errno. In preload/,
 * because it is the machine's. Context: any.
 */
long ovl_child_on_stack(long flags, void *top, long (*fn)(void *), void *arg);

#endif
