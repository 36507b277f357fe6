/* SPDX-License-Identifier: MIT */
/*
 * corefile.h - a process that crashes leaves a core file, which is the kernel's and no call's
 * Context: launcher.
 */
#ifndef OVL_COREFILE_H
#define OVL_COREFILE_H

#include <stdbool.h>

/*
 * Would the kernel write it itself, where the process is or wherever core_pattern says? That may
 * be a lower layer. It does not where it hands the core to a program or a socket: core(5).
 */
bool ovl_corefile_written(void);

/* No core file is written for this process and all that come of it. 0, or -errno. */
int ovl_corefile_forbid(void);

#endif
