/* SPDX-License-Identifier: MIT */
/*
 * workdir.h - WORK/tmp, where objects are made before they become visible
 *
 * Leftovers of a killed process stay in WORK/tmp and are swept by the next run.
 * Context: any (entry: signals blocked).
 */
#ifndef OVL_WORKDIR_H
#define OVL_WORKDIR_H

#include "ctx.h"

#define OVL_TEMP_NAME 24 /* bytes for a temporary's name, NUL included */

/* Open WORK/tmp: an O_PATH descriptor, the caller's. */
int ovl_workdir_open(void);

/* Open WORK/index: an O_PATH descriptor, the caller's. */
int ovl_workdir_index(void);

/* A name for a temporary that no other process of the session gets. */
void ovl_workdir_name(char *ret_name);

/* @p becomes the path of temporary @name. -ENAMETOOLONG. */
int ovl_workdir_path(struct ovl_path *p, const char *name);

/* Open WORK/oplock, which is locked by lock.h: a descriptor, the caller's. */
int ovl_workdir_oplock(void);

/* Remove temporary @name from @tmp: a file, or a directory with nothing but whiteouts in it. */
int ovl_workdir_discard(struct ovl_ctx *ctx, int tmp, const char *name);

#endif
