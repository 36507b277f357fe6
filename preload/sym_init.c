/* SPDX-License-Identifier: MIT */
#include "names.h"

#include "die.h"
#include "execenv.h"
#include "known.h"
#include "symnext.h"

void ovl_names_open(const uint64_t *auxv)
{
	int r = ovl_next_init(auxv);

	if (r)
		ovl_die("program", "its libc has not the functions that are needed", -r);
	ovl_known_off(); /* libc closes and opens by itself */
	ovl_env_set_names();
}
