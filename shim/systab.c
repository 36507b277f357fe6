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
