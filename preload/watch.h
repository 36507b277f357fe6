/* SPDX-License-Identifier: MIT */
/*
 * watch.h - what is loaded later: by dlopen, or a libc by dlmopen
 *
 * ld.so maps every library by one mmap site, which is patched with flavor OVL_F_WATCH.
 * When it maps the executable segment of a libc, or of a library with system calls of its own
 * (ownlibs.h), that is patched before anybody can call it.
 */
#ifndef OVL_WATCH_H
#define OVL_WATCH_H

#include "ovl.h"

/* Start to patch what is loaded from now on. */
void ovl_watch_init(struct ovl_session *ss);

/*
 * A call that is the door's own: ld.so's mmap @c, made here to look at what it mapped; or
 * sigsys.h's. From entry_x86_64.S.
 */
void ovl_watch(struct ovl_call *c);

#endif
