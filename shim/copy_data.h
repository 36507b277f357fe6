/* SPDX-License-Identifier: MIT */
/* copy_data.h - the content of a regular file, as cheaply as the file systems allow */
#ifndef OVL_COPY_DATA_H
#define OVL_COPY_DATA_H

#include "ctx.h"

/*
 * The first @size bytes of @from are in @to, which is empty and new, afterwards; holes stay
 * holes. By clone, else copy_file_range, else sendfile, else read and write.
 * -ENOSPC, -EDQUOT, -EIO ... as met; @to is then of no use.
 * Context: any (entry: signals blocked).
 */
int ovl_copy_data(struct ovl_ctx *ctx, int from, int to, int64_t size);

#endif
