/* SPDX-License-Identifier: MIT */
/*
 * maps.h - /proc/PID/maps, smaps and numa_maps, which name the files that a process has mapped
 *
 * The kernel tells real paths there. Who opens one of them for reading, and something in it is
 * otherwise in the view, gets a descriptor of a copy with what the view has: paths, numbers, and
 * "(deleted)" behind what it shows no more. The copy is of the moment of the open.
 * Context: any (entry: signals blocked).
 */
#ifndef OVL_MAPS_H
#define OVL_MAPS_H

#include "ctx.h"

/* Is @n such a text? */
bool ovl_maps_is(const struct ovl_name *n);

/*
 * Open name[0], which is, with open(2)'s @flags, for reading. Where no copy can be made the
 * descriptor is of the kernel's text. OVL_AGAIN: directories moved.
 */
long ovl_maps_open(struct ovl_ctx *ctx, int flags);

/* @p was read from a link of /proc: if it names such a copy it becomes the text's path. */
void ovl_maps_correct(struct ovl_path *p);

#endif
