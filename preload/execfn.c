/* SPDX-License-Identifier: MIT */
#include "execfn.h"

#include <linux/auxvec.h>

#include "view.h"

/* The program may keep the pointer. Not touched, and no memory, unless it is needed. */
static OVL_LARGE struct ovl_path shown;

void ovl_execfn_show(uint64_t *auxv)
{
	const char *path;
	enum ovl_zone zone;

	while (auxv[0] != AT_EXECFN) {
		if (auxv[0] == AT_NULL)
			return;
		auxv += 2;
	}
	path = (const char *)auxv[1];
	if (*path != '/')
		return;
	zone = ovl_zone_of(path, strlen(path));
	if (zone == OVL_Z_VIEW || zone == OVL_Z_OUTSIDE)
		return;
	if (!ovl_path_set(&shown, path, strlen(path)) &&
	    ovl_view_from_real(&shown, NULL) >= OVL_UPPER)
		auxv[1] = (uint64_t)shown.buf;
}
