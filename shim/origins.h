/* SPDX-License-Identifier: MIT */
/*
 * origins.h - numbers of the lower objects that copies were made from, shared by the session
 *
 * A copy tells its origin by an xattr, which costs a call more than to look at it. Number and
 * time of birth together name one object for ever, and its origin never changes: so an entry is
 * never wrong, only gone.
 * Context: any.
 */
#ifndef OVL_ORIGINS_H
#define OVL_ORIGINS_H

#include "ctx.h"

/* The copy @st, as its file system tells it, was made from the object @ino of the top lower's. */
void ovl_origins_add(const struct statx *st, uint64_t ino);

/* The number *@ret_ino of the object that the copy @st was made from, if it is known. */
bool ovl_origins_find(const struct statx *st, uint64_t *ret_ino);

#endif
