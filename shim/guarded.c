/* SPDX-License-Identifier: MIT */
/* guarded.c - the guard's column of the table, by itself: the lowest level needs no more */
#include "nr.h"
#include "ovl.h"

#define ROW(name, guard, ...) [__NR_##name] = OVL_G_##guard,
const unsigned char ovl_guarded[512] = {
#include "systab.def"
#include "systab_legacy.def"
};
#undef ROW
