/* SPDX-License-Identifier: MIT */
/*
 * layerlist.h - lower layers as named on a command line
 *
 * "A:B:C", the first on top; "\:" is a colon in a name and "\\" a backslash.
 * Context: launcher.
 */
#ifndef OVL_LAYERLIST_H
#define OVL_LAYERLIST_H

#include <stdbool.h>

#include "ovl_session.h"

struct ovl_layerlist {
	int n;
	char *path[OVL_LOWER_MAX];
};

/* Append the layers named by @arg. False: more than OVL_LOWER_MAX. */
bool ovl_layerlist_add(struct ovl_layerlist *list, const char *arg);

/*
 * Make each path real, an empty list "/". Returns -1, or the index of the first that is no
 * directory (errno tells why) and leaves that one as it was given.
 */
int ovl_layerlist_settle(struct ovl_layerlist *list);

/* Is absolute path @path @dir itself or below it? */
bool ovl_path_within(const char *path, const char *dir);

/*
 * @path made absolute and real as far as it exists; the rest as text. A new string, or
 * NULL with errno.
 */
char *ovl_path_settle(const char *path);

#endif
