/* SPDX-License-Identifier: MIT */
/*
 * proclink.h - links of /proc that lead to an object, not to a name: /proc/PID/fd/N, cwd, exe
 * Context: any (entry: signals blocked).
 */
#ifndef OVL_PROCLINK_H
#define OVL_PROCLINK_H

#include "ctx.h"

/* Is @p what /proc tells of an object without a name: "pipe:[1]", "/memfd:x (deleted)"? */
bool ovl_proclink_is_nameless(const struct ovl_path *p);

#endif
