/* SPDX-License-Identifier: MIT */
/*
 * own.h - calls that are the loader's business and not the engine's: signals and threads
 * Context: any, also a handler of SIGSYS.
 */
#ifndef OVL_OWN_H
#define OVL_OWN_H

#include "ovl.h"

/* What has to be done with call @nr. */
enum ovl_own {
	OVL_OWN_NOT,	/* nothing: the engine's, or the program's own */
	OVL_OWN_CALL,	/* ovl_own_call() answers it */
	OVL_OWN_FORK,	/* it makes a thread or process: OVL_FORKS */
	OVL_OWN_RETURN, /* rt_sigreturn */
};

enum ovl_own ovl_own_kind(long nr);

/*
 * Are calls of number @nr watched also in a program that was rewritten and needs no dispatch?
 * They may be missed.
 */
bool ovl_own_watches(long nr);

/* From now on calls are dispatched, in this thread at least. */
void ovl_own_dispatched(void);

/*
 * Answer @c: @c->ret is set. SIGSYS stays ours, and the program does not see that; under dispatch
 * its handlers return by our text; clone3() does not exist (ENOSYS: everybody has clone() to fall
 * back to).
 */
void ovl_own_call(struct ovl_call *c);

/* Handlers that the program has already keep SIGSYS unblocked, too. */
void ovl_own_adopt(void);

/*
 * The preloaded object will take over and end dispatch. Until then the dynamic linker may open
 * that object by its real path, which the view need not have.
 */
void ovl_own_expect_end(void);

/* Is @c that call? Then it is made as it is. */
bool ovl_own_is_preload(const struct ovl_call *c);

/* The same for places that were rewritten, OVL_F_WATCH of entry.h; newtext.h is told. */
void ovl_watch(struct ovl_call *c);

#endif
