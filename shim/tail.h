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
	OVL_TAIL_SENT,	   /* sendmmsg: one message was sent, its length goes to user; and fd */
	OVL_TAIL_FROM,	   /* recvfrom, recvmsg, recvmmsg: addresses become the view's; */
	OVL_TAIL_MSG,	   /* text holds how much room the program has for each */
	OVL_TAIL_MMSG,
};

/* Finish accept and accept4: c->ret is the new socket or -errno. Context: any. */
void ovl_sock_after(struct ovl_call *c);

/* Finish a message's call: c->ret is what the kernel said. Context: any. */
void ovl_sockmsg_after(struct ovl_call *c);

#endif
