/* SPDX-License-Identifier: MIT */
#include "systab.h"

#include "nr.h"

/* The kinds of a row without their prefix, filled up with NONE to six. */
#define KINDS(...) KINDS_OF(__VA_ARGS__, NONE, NONE, NONE, NONE, NONE, NONE)
#define KINDS_OF(a, b, c, d, e, f, ...)                                          \
	{                                                                        \
		OVL_A_##a, OVL_A_##b, OVL_A_##c, OVL_A_##d, OVL_A_##e, OVL_A_##f \
	}

#define ROW(name, guard, fn, ...) \
	_Static_assert(sizeof(#name) <= OVL_SYSENT_NAME, "its name is cut off");
#include "systab.def"
#include "systab_legacy.def"
#undef ROW

#define ROW(name, guard, fn, ...) [__NR_##name] = {#name, KINDS(__VA_ARGS__)},
const struct ovl_sysent ovl_systab[OVL_NR_MAX] = {
#include "systab.def"
#include "systab_legacy.def"
};
#undef ROW

/* A table of places in the text, which the compiler makes of it, lies where the text does. */
#define ROW(name, guard, fn, ...) \
	case __NR_##name:         \
		return fn;
ovl_handler *ovl_systab_handler(long nr)
{
	switch (nr) {
#include "systab.def"
#include "systab_legacy.def"
	default:
		return NULL;
	}
}
#undef ROW
