/* SPDX-License-Identifier: MIT */
/*
 * holds.h - what a file system can hold, tried in a directory that nobody else uses
 *
 * Each returns 0, or -errno as the file system gave it, and leaves nothing behind.
 * Context: launcher.
 */
#ifndef OVL_HOLDS_H
#define OVL_HOLDS_H

/* Whiteouts: character devices 0/0 made by this user. */
int ovl_holds_whiteout(const char *dir);

/* Extended attributes of the namespace user. */
int ovl_holds_xattr(const char *dir);

/* Symlinks and hard links of them. */
int ovl_holds_links(const char *dir);

/* .wh. files that keep the mode which tells that they are one: upmark.h. */
int ovl_holds_dot_wh(const char *dir);

/* Files that share their data: FICLONE. */
int ovl_holds_clone(const char *dir);

/* Files without a name: O_TMPFILE. */
int ovl_holds_tmpfile(const char *dir);

#endif
