/* SPDX-License-Identifier: MIT */
/*
 * names.h - the door of names, as the start of the process sees it: see sym.h
 */
#ifndef OVL_NAMES_H
#define OVL_NAMES_H

#include "ovl_base.h"

/*
 * Open it, in place of changing text, also where there is no session: the names are ours there,
 * too. In libovlsym.so only: elsewhere its address is NULL. Does
 * not return when this process's libc has not what it takes.
 */
OVL_HIDDEN void ovl_names_open(const uint64_t *auxv) __attribute__((weak));

#endif
