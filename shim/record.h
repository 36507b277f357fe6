/* SPDX-License-Identifier: MIT */
/*
 * record.h - origin and owner of upper objects that can hold no xattr of ours
 *
 * A symlink, FIFO, socket or device, or, where upper has no xattrs, any object copied up to
 * upper inode I (in hexadecimal) is remembered by the symlink u-I in WORK/index: "INO MAJOR MINOR
 * BTIME" and, when owner and mode could not be set, " UID:GID:MODE"; " device" behind it says
 * that a character device 0/0 is a program's own and no whiteout. It is valid if the object was
 * born at BTIME (seconds.nanoseconds): a number may be used again. When the object loses its
 * last name, its record becomes g-I, for descriptors that are left; ovlrun removes those at the
 * end.
 *
 * Where upper has no xattrs, the redirect of directory I born then is the text of the symlink
 * r-I-BTIME. A file system may not know when its objects were born: then BTIME is 0.0, and what
 * is recorded is forgotten when a new object has the number.
 * Context: any (entry: signals blocked).
 */
#ifndef OVL_RECORD_H
#define OVL_RECORD_H

#include "ctx.h"
#include "override.h"

struct ovl_record {
	struct ovl_origin origin; /* all 0: born on upper */
	bool device;		  /* 0/0, and not a whiteout */
	bool has_owner;
	struct ovl_override owner;
};

/* Does upper's object with attributes @st need one, because it can hold no xattr of ours? */
bool ovl_record_fits(const struct statx *st);

/* The record of upper's object @st, as its file system tells it. -ENOENT. */
int ovl_record_get(const struct statx *st, struct ovl_record *ret);

/* Is the character device 0/0 with attributes @st (and time of birth) a program's own? */
bool ovl_record_is_device(const struct statx *st);

/* Remember @r for upper's object @st. */
int ovl_record_set(const struct statx *st, const struct ovl_record *r);

/* Upper's object @st has lost a name: with the last its record is for descriptors alone. */
void ovl_record_drop(const struct statx *st);

/*
 * The copy @st, which never had a name, is that of the view's @path: what /proc tells of it, by
 * g-I.path. ovl_record_path(): -ENOENT.
 */
void ovl_record_set_path(const struct statx *st, const char *path);
int ovl_record_path(const struct statx *st, struct ovl_path *ret);

/* A new object has been made at @name in upper's directory @dir: what is known is of another. */
void ovl_record_forget(int dir, const char *name);

/* The redirect recorded for the directory @st of upper, into *@ret. -ENODATA: none. */
int ovl_record_redirect(const struct statx *st, struct ovl_path *ret);

/* Record redirect @text for the directory open as @fd. */
int ovl_record_redirect_set(int fd, const char *text);

/* Owner and mode of upper's object @raw are @o: recorded besides what there is. */
int ovl_record_owner(const struct statx *raw, const struct ovl_override *o);

#endif
