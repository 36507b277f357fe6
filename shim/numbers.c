/* SPDX-License-Identifier: MIT */
/*
 * numbers.c - which system calls are the engine's: the table without its handlers, for who has
 * a text to look at and no engine
 */
#include "nr.h"
#include "ovl.h"
#include "systab.h"

/* The rows are read once for each word. */
#define BIT(nr, w) ((nr) / 64 == (w) ? 1ULL << ((nr) % 64) : 0ULL)

/* Numbers that no kernel had when this table was written, as bits of the last word. */
#define NEWER (~0ULL << (OVL_NR_UNKNOWN - 448))

const uint64_t ovl_nr_bitmap[OVL_NR_MAX / 64] = {
#define ROW(name, ...) | BIT(__NR_##name, 0)
	0
#include "systab.def"
#include "systab_legacy.def"
#undef ROW
	,
#define ROW(name, ...) | BIT(__NR_##name, 1)
	0
#include "systab.def"
#include "systab_legacy.def"
#undef ROW
	,
#define ROW(name, ...) | BIT(__NR_##name, 2)
	0
#include "systab.def"
#include "systab_legacy.def"
#undef ROW
	,
#define ROW(name, ...) | BIT(__NR_##name, 3)
	0
#include "systab.def"
#include "systab_legacy.def"
#undef ROW
	,
#define ROW(name, ...) | BIT(__NR_##name, 4)
	0
#include "systab.def"
#include "systab_legacy.def"
#undef ROW
	,
#define ROW(name, ...) | BIT(__NR_##name, 5)
	0
#include "systab.def"
#include "systab_legacy.def"
#undef ROW
	,
#define ROW(name, ...) | BIT(__NR_##name, 6)
	0
#include "systab.def"
#include "systab_legacy.def"
#undef ROW
	,
#define ROW(name, ...) | BIT(__NR_##name, 7)
	NEWER
#include "systab.def"
#include "systab_legacy.def"
#undef ROW
};

bool ovl_nr_ours(long nr)
{
	return nr >= 0 && nr < OVL_NR_MAX && (ovl_nr_bitmap[nr / 64] >> (nr % 64) & 1);
}

/* 1 for the handler that only lets pass, 0 for any other: its name is all that is asked here. */
#define PASSES_ovl_op_pass ~, 1
#define SECOND(a, b, ...)  b
#define PICK(...)	   SECOND(__VA_ARGS__, 0, 0)
#define PASSES(fn)	   PICK(PASSES_##fn)

static const unsigned char watched[OVL_NR_MAX] = {
#define ROW(name, guard, fn, ...) [__NR_##name] = PASSES(fn),
#include "systab.def"
#include "systab_legacy.def"
#undef ROW
};

bool ovl_nr_watched(long nr)
{
	return ovl_nr_ours(nr) && watched[nr];
}
