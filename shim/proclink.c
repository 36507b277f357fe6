/* SPDX-License-Identifier: MIT */
#include "proclink.h"

#include "fdview.h"
#include "str.h"

bool ovl_proclink_is_nameless(const struct ovl_path *p)
{
	if (p->buf[0] == '/')
		return ovl_fd_is_removed(p);
	return ovl_str_has(p->buf, ":[") || ovl_str_starts(p->buf, "anon_inode:");
}
