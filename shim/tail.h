/* SPDX-License-Identifier: MIT */
/*
 * tail.h - what ovl_after() finishes once the kernel has done a tail
 *
 * A finisher runs on the program's stack, without a workspace and with signals unblocked.
 */
#ifndef OVL_TAIL_H
#define OVL_TAIL_H

#include "ovl.h"

/* struct ovl_tail.kind */
enum ovl_tail_kind {
	OVL_TAIL_NONE,
	OVL_TAIL_CLOSE,	   /* fd has served and is closed */
	OVL_TAIL_SOCKADDR, /* accept: the peer's address goes to user and len */
};

/* Finish accept and accept4: c->ret is the new socket or -errno. Context: any. */
void ovl_sock_after(struct ovl_call *c);

#endif
