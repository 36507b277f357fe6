/* SPDX-License-Identifier: MIT */
/*
 * peek.h - memory of the program's that may not be there
 * Context: any.
 */
#ifndef OVL_PEEK_H
#define OVL_PEEK_H

#include "ovl_base.h"

/*
 * Up to @n bytes, at most a page, at @at, which may lead nowhere. Returns how many could be read:
 * @n, none, or those up to the end of a page, as the kernel reads each piece whole or not at all
 * (process_vm_readv(2)).
 */
size_t ovl_peek(const char *at, char *out, size_t n);

#endif
