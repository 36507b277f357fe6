/* SPDX-License-Identifier: MIT */
/*
 * runtext.h - text that was changed is to run
 *
 * Where memory that has been written may not be executed (PR_SET_MDWE, systemd's
 * MemoryDenyWriteExecute=, SELinux's execmod) a file that holds the same bytes may be: a nameless
 * one takes the place of the pages. That costs a call for each range, not for each system call.
 * Context: start, or inside ld.so's mmap: nobody runs in those pages meanwhile.
 */
#ifndef OVL_RUNTEXT_H
#define OVL_RUNTEXT_H

#include "ovl_base.h"

/*
 * The pages from @start on, of @len bytes, which are writable, get protection @prot, with
 * PROT_EXEC. 0, or -errno: they are as they were.
 */
int ovl_text_run(const void *start, size_t len, int prot);

#endif
