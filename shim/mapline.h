/* SPDX-License-Identifier: MIT */
/*
 * mapline.h - one line of /proc/PID/maps, smaps or numa_maps: proc_pid_maps(5); level 1, no system
 * calls
 * Context: any.
 */
#ifndef OVL_MAPLINE_H
#define OVL_MAPLINE_H

#include "ctx.h"
#include "path.h"

struct ovl_mapline {
	const char *at;	 /* set by the caller, with @n */
	unsigned n;	 /* with its newline */
	unsigned device; /* offset of the device's numbers; 0: none are told */
	unsigned path;	 /* of the path, and behind it */
	unsigned end;
	const char *escaped;  /* what is told in octal there */
	struct ovl_origin id; /* all 0: none is told */
};

/* Take @l->at apart. False: it names no file. */
bool ovl_mapline_parse(struct ovl_mapline *l);

/* @p becomes the path that @l tells. -ENAMETOOLONG. */
int ovl_mapline_decode(const struct ovl_mapline *l, struct ovl_path *p);

/* Append @n bytes at @text to @p, as @l would tell them. -ENAMETOOLONG. */
int ovl_mapline_encode(const struct ovl_mapline *l, const char *text, size_t n, struct ovl_path *p);

/*
 * What stands before the path in @l, with the numbers @id, to @out, which has room for
 * OVL_MAPLINE_HEAD bytes. The length; 0: @l is longer there.
 */
size_t ovl_mapline_head(const struct ovl_mapline *l, const struct ovl_origin *id, char *out);
#define OVL_MAPLINE_HEAD 512

#endif
