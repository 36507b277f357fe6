/* SPDX-License-Identifier: MIT */
/*
 * fill.h - tell the session's filters what upper holds already
 * Context: launcher.
 */
#ifndef OVL_FILL_H
#define OVL_FILL_H

#include "ovl_session.h"

/*
 * Walk the directory @upper, which appears at view path @root; what its file system can hold
 * no xattrs for is in WORK/index, open as @index (-1: there is none). Afterwards present, hidden
 * and origin of @ss hold what is there, and overrides, redirects and upper_libs are set where
 * something asks for it. 0, or -errno when a part of upper cannot be read.
 */
int ovl_fill_upper(struct ovl_session *ss, const char *upper, const char *root, int index);

/*
 * The view path @path is left to the kernel, and not what a lower has there: the fast path, which
 * knows no zones, is to leave it alone.
 */
void ovl_fill_pass(struct ovl_session *ss, const char *path);

/* The view path @path is hidden: nothing of the lowers shows at or below it. */
void ovl_fill_hide(struct ovl_session *ss, const char *path);

#endif
