/* SPDX-License-Identifier: MIT */
/*
 * copy_build.h - a copy of a lower object, finished but for its name, in WORK/tmp
 * Context: any (entry: signals blocked).
 */
#ifndef OVL_COPY_BUILD_H
#define OVL_COPY_BUILD_H

#include "ctx.h"
#include "workdir.h"

/* One object on its way up. */
struct ovl_build {
	struct ovl_path *from; /* the lower object */
	const struct statx *st;
	int tmp;     /* WORK/tmp */
	bool locked; /* the lock is held */
	bool held;   /* somebody else may have the lower file open, _build() says */
	char name[OVL_TEMP_NAME];
	int64_t size;
	const char *low; /* where it is inside the lowers; NULL: nobody asks */
};

/*
 * Build the copy that @job tells of, under a fresh name that @job->name becomes: content, then
 * xattrs, owner, mode and times. 0, or -errno: what was begun stays in WORK/tmp.
 */
int ovl_build(struct ovl_ctx *ctx, struct ovl_build *job);

#endif
