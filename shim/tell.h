/* SPDX-License-Identifier: MIT */
/*
 * tell.h - what the shared tables say of a path, without a system call
 *
 * A path is good when all but its last component are a directory known to be reached without
 * a symlink: the lowers', where nothing of upper's hides any of them, or upper's (dcache.h).
 * Of the last component only that much is known that the kernel must not follow it.
 * Context: any.
 */
#ifndef OVL_TELL_H
#define OVL_TELL_H

#include "dcache.h"
#include "room.h"

enum ovl_tell {
	OVL_TELL_NOTHING,   /* the slow path has to look */
	OVL_TELL_UNTOUCHED, /* the kernel's answer is the view's, but a symlink is not */
	OVL_TELL_UPPER,	    /* what upper has there is the view's, but a whiteout or a symlink */
};

/* On the program's stack, where each word counts. */
struct ovl_told {
	int dirfd;	  /* what the program asks for, and then what to ask the kernel for: */
	int base;	  /* the layer of the directory that it starts from: known.h */
	const char *path; /* in @room, when it is not the program's own */
	const char *name; /* last component, in the program's path; behind it is a NUL */
	uint16_t n;	  /* its bytes */
	uint8_t tell;	  /* enum ovl_tell */
	bool clean;	  /* nothing of upper's hides what the lowers have on the way to it */
	uint32_t moves;	  /* ovl_dcache_moves(), from before the path was looked at */
	uint64_t hash;	  /* of the whole path */
	uint64_t dir;	  /* of the directory */
	uint64_t value;	  /* told _UPPER: its entry in the dcache. Else what the table said that
			   * lowers have of it (struct ovl_dir_slot), or 0: not asked */
	long arg[2];	  /* the caller's: what is to be done with it; before, the first is the
			   * hash of the directory that it starts from */
	struct ovl_room *room;
};

/* Is @name, of @n bytes, a name? Not "", "." or "..", nor too long. */
static inline bool ovl_tell_is_name(const char *name, size_t n)
{
	if (name[0] == '.' && (ovl_is_dot(name, n) || ovl_is_dotdot(name, n)))
		return false;
	return n && n <= NAME_MAX;
}

/* Given back at the end of its scope. */
static inline void ovl_told_drop(const struct ovl_told *t)
{
	if (t->room)
		ovl_room_put(t->room);
}
#define OVL_TOLD __attribute__((cleanup(ovl_told_drop))) struct ovl_told

/*
 * What is known of @path, from @dirfd on; false: nothing. All of @t is written, and needs not be
 * clear: to clear it takes as long as to look at the path.
 */
bool ovl_tell(struct ovl_told *t, int dirfd, const char *path);

/*
 * Told _UNTOUCHED: what the table says of the object itself, struct ovl_dir_slot; 0: nothing that
 * holds.
 */
uint64_t ovl_told_value(const struct ovl_told *t);

/*
 * @ret becomes @path from @dirfd, of which @t tells, as @layer's: dirfd and path are what to ask
 * the kernel for. False: it cannot be put together. @ret was clear.
 */
bool ovl_tell_in(struct ovl_told *ret, const struct ovl_told *t, int dirfd, const char *path,
		 int layer);

/* Told _UPPER: is there nothing but upper's? What that lacks is missing. */
static inline bool ovl_told_pure(const struct ovl_told *t)
{
	return t->value & OVL_DC_PURE;
}

/* Told _UPPER: was that true all the time that the kernel took? */
bool ovl_told_still(const struct ovl_told *t);

/* Told _UPPER: could the name be of a directory, FIFO, socket or device? "No" is certain. */
bool ovl_told_special(const struct ovl_told *t);

/* The directory @hash, which a table entry @value describes, is as the kernel shows it. */
bool ovl_tell_plain_dir(uint64_t hash, uint64_t value);

#endif
