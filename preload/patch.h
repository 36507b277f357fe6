/* SPDX-License-Identifier: MIT */
/*
 * patch.h - turn the sites of a loaded library into jumps to stubs
 *
 * No page is writable and executable at the same time: the text becomes writable, is changed, and
 * becomes executable again; all of it, because to part a mapping and to join it again costs a start
 * more than the pages that stay as they are. Nobody may run in them meanwhile: at init the process
 * has one thread, and that runs here; a library that is being loaded has no callers yet.
 */
#ifndef OVL_PATCH_H
#define OVL_PATCH_H

#include "objects.h"
#include "ovl_session.h"

/*
 * ovl_patch_object - patch @o; a library that is patched already is left as it is
 *
 * Returns the number of system calls that had to be left (not understood, no stub free,
 * out of reach of a jump, or not what the session says), or -errno with not a byte changed.
 * Does not return when the kernel in no way lets changed text run: see again.h.
 * Context: init, or under ld.so's lock.
 */
int ovl_patch_object(struct ovl_session *ss, const struct ovl_object *o);

/*
 * ovl_patch_libc - the same for a libc or dynamic linker, which has to be covered: does not return
 * when it cannot be, or when calls were left and there is no guard that what they change comes
 * back by.
 */
void ovl_patch_libc(struct ovl_session *ss, const struct ovl_object *o);

#endif
