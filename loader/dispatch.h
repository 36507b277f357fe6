/* SPDX-License-Identifier: MIT */
/*
 * dispatch.h - a program with system calls that nobody understood: all of them come by here
 *
 * Syscall User Dispatch (linux/Documentation/admin-guide/syscall-user-dispatch.rst) raises
 * SIGSYS for each call that does not come from our text. What is the engine's is answered by it,
 * what is not is made in our text: 2-3 us each, so places that are understood are rewritten as
 * well (rewrite.h).
 */
#ifndef OVL_DISPATCH_H
#define OVL_DISPATCH_H

/*
 * Arm dispatch for this thread, and so for all that come of it. SIGSYS is ours already: sigsys.h.
 * 0; -EINVAL: this kernel has none (Linux 5.11).
 */
int ovl_dispatch_arm(void);

#endif
