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

#include "sitetab.h"

/*
 * The pages of @sites, whose offsets are from @base, become this process's own by one call, which
 * takes two thirds of what their faults would. They are writable. An older kernel (before Linux
 * 6.15) does nothing.
 */
void ovl_text_own(uint64_t base, const struct ovl_site_list *sites);

/*
 * The pages from @start on, of @len bytes, which are writable, get protection @prot, with
 * PROT_EXEC. 0, or -errno: they are as they were.
 */
int ovl_text_run(const void *start, size_t len, int prot);

#endif
