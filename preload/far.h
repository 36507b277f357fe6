/* SPDX-License-Identifier: MIT */
/*
 * far.h - system calls that a program makes by instructions of its own
 *
 * What changes a file is trapped by the guard wherever it comes from. Reading calls are free
 * there, so a program that is known to hold system call instructions (Go with cgo, FreePascal)
 * has its sites patched like libc's, but for these things: the program lies out of reach of our
 * text; it may have no stack to spare (goroutines); and its number is mostly in a register. So
 * a site leads to a piece of code near by, which makes the very call with OVL_GUARD_TRAP added to
 * a number of ours: the guard traps that, and trap.h does the rest on the signal's stack.
 *
 * Such a program closes and duplicates descriptors behind our back: nothing is remembered of
 * them (known.h).
 */
#ifndef OVL_FAR_H
#define OVL_FAR_H

/*
 * The pieces, far_x86_64.S: pages of this object that are mapped once more near the program.
 * OVL_FAR_TEXT bytes behind each piece is its memory, struct far_site.
 */
#define OVL_FAR_CMPS	 16 /* each of four comparisons */
#define OVL_FAR_CMP_SIZE 64
#define OVL_FAR_MOVS	 128
#define OVL_FAR_MOV_SIZE 16
#define OVL_FAR_TEXT	 8192
#define OVL_FAR_MOV	 4096 /* where the second kind begins */
#define OVL_FAR_ANYS	 62
#define OVL_FAR_ANY_SIZE 32
#define OVL_FAR_ANY	 (OVL_FAR_MOV + OVL_FAR_MOVS * OVL_FAR_MOV_SIZE)
#define OVL_FAR_BITS	 (2 * OVL_FAR_TEXT - 64)

/* Classes of pieces: 0 MOV, 1..4 CMP by comparison, and for a call that was moved away. */
#define OVL_FAR_CLASS_ANY 5
#define OVL_FAR_CLASSES	  6

#ifndef __ASSEMBLER__
#include "objects.h"
#include "ovl_session.h"

/*
 * ovl_far_piece - a piece of code for a site of @o
 * @class: OVL_FAR_CLASS_ANY or one of those before it
 * @back:  where it jumps to in the end
 * @nr:    MOV: the number
 *
 * Returns it, or NULL: no piece is left, or there is no room near the program.
 */
const uint8_t *ovl_far_piece(const struct ovl_session *ss, const struct ovl_object *o,
			     unsigned class, uint64_t back, int nr);

/* How many pieces of @class there are. */
unsigned ovl_far_room(unsigned class);

/* Memory of @size bytes near @o, to write: its address, or -errno. */
long ovl_far_reserve(const struct ovl_object *o, size_t size);

/* Patch the program itself, if it is one of those. Context: init. */
void ovl_far_init(struct ovl_session *ss, const uint64_t *auxv);
#endif

#endif
