/* SPDX-License-Identifier: MIT */
#include "systab.h"

#include "nr.h"

/* The kinds of a row without their prefix, filled up with NONE to six. */
#define KINDS(...) KINDS_OF(__VA_ARGS__, NONE, NONE, NONE, NONE, NONE, NONE)
#define KINDS_OF(a, b, c, d, e, f, ...)                                          \
	{                                                                        \
		OVL_A_##a, OVL_A_##b, OVL_A_##c, OVL_A_##d, OVL_A_##e, OVL_A_##f \
	}

#define ROW(name, guard, fn, ...) [__NR_##name] = {#name, KINDS(__VA_ARGS__), fn},
const struct ovl_sysent ovl_systab[OVL_NR_MAX] = {
#include "systab.def"
#include "systab_legacy.def"
};
#undef ROW

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

bool ovl_nr_watched(long nr)
{
	return ovl_nr_ours(nr) && ovl_systab[nr].handle == ovl_op_pass;
}
