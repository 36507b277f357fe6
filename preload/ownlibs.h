/* SPDX-License-Identifier: MIT */
/*
 * ownlibs.h - libraries that make system calls by instructions of their own
 *
 * What changes a file is trapped by the guard wherever it comes from. Reading calls are free there,
 * so such a library (a sanitizer's run time, one with inline assembly) is patched as libc is, at
 * start and when it is loaded later, by glibc's dynamic linker. Only where .eh_frame says that
 * there is code: a table that has the bytes of a system call is not to be changed. What is not
 * understood, or larger than OVL_WANTED_TEXT_MAX, is left alone. A library of Go's calls on stacks
 * that our stubs have no room on, and is left alone too.
 *
 * As with far.h, nothing is remembered of descriptors from then on.
 */
#ifndef OVL_OWNLIBS_H
#define OVL_OWNLIBS_H

#include "objects.h"
#include "ovl_session.h"

/* Those that are loaded. Context: init. */
void ovl_ownlibs_init(struct ovl_session *ss, const uint64_t *auxv);

/* Library @o is being loaded. Context: under ld.so's lock. */
void ovl_ownlibs_look(struct ovl_session *ss, struct ovl_object *o);

#endif
