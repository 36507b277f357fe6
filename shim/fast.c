/* SPDX-License-Identifier: MIT */
#include "fast.h"

enum ovl_verdict ovl_fast(struct ovl_call *c)
{
	(void)c;
	return OVL_SLOW;
}
