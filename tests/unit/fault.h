/* SPDX-License-Identifier: MIT */
/*
 * fault.h - a scripted kernel: fault_sys.c stands in for shim/sys_<machine>.c
 *
 * By default every call goes to the real kernel. A test may script answers, cap the byte
 * counts of calls that copy, run something just before a call (what another process would do
 * between two steps), and count. "The @nth call" counts from the moment of scripting, 1 is the
 * next one; 0 means each. One thread at a time.
 */
#ifndef OVL_TEST_FAULT_H
#define OVL_TEST_FAULT_H

#define FAULT_EACH 0

/* Forget all scripts and counts. */
void fault_reset(void);

/* The @nth call of @nr is not made and answers @answer. */
void fault_set(long nr, unsigned nth, long answer);

/* Each read, write, copy_file_range, sendfile (@nr says which) moves at most @most bytes. */
void fault_short(long nr, long most);

/*
 * @fn(@arg) runs before the @nth call of @nr. What it calls is neither scripted nor counted,
 * so it may use the engine itself. It may be on the engine's own small stack.
 */
void fault_hook(long nr, unsigned nth, void (*fn)(void *arg), void *arg);

/* Calls of @nr, answered by the script or the kernel, since the last fault_reset(). */
unsigned fault_count(long nr);

/* The same for all numbers together. */
unsigned fault_total(void);

#endif
