/* SPDX-License-Identifier: MIT */
/*
 * lift.h - copy one lower object to upper, as the engine does it during a run
 *
 * For programs with a libc that hold upper's and work's locks. The object is built in
 * WORK/tmp and becomes visible by one call; what is left there by a process that was killed is
 * swept by the next. A lower inode of several names is copied once, into WORK/index, and each
 * name is a link to that (shim/index.h). Functions return 0 or -errno. Context: launcher.
 */
#ifndef OVL_LIFT_H
#define OVL_LIFT_H

#include <stdbool.h>

#include "stack.h"

struct ovl_lift {
	int tmp;   /* WORK/tmp */
	int index; /* WORK/index */
	unsigned seq;
};

/* Open what is needed in @work, which ovl_workdir_make() made, the index too. */
int ovl_lift_open(const char *work, struct ovl_lift *ret);
void ovl_lift_close(struct ovl_lift *l);

/*
 * The lower object @found, called @from there, is in the directory @dir of upper as @name
 * afterwards; of a directory the directory alone. Times of @dir stay as they were.
 * -EEXIST: upper has that name.
 */
int ovl_lift(struct ovl_lift *l, const struct ovl_found *found, const char *from, int dir,
	     const char *name);

/* The name in the index of the copy of the lower object @st, with @suffix behind it. */
struct ovl_lift_key {
	char name[80];
};
struct ovl_lift_key ovl_lift_key(const struct stat *st, const char *suffix);

/* Does the index hold a copy of the lower object @st? */
bool ovl_lift_indexed(const struct ovl_lift *l, const struct stat *st);

/*
 * Owner and mode of upper's object @name in @dir, as the index @index
 * records them (shim/record.h): changes *@st. As it was when there is no record.
 */
void ovl_lift_settle(int index, int dir, const char *name, struct stat *st);

/* Is the character device 0/0 @name in @dir of upper a program's own, as @index records it? */
bool ovl_lift_is_device(int index, int dir, const char *name);

/* Does the index hold any copy? -errno. */
int ovl_lift_any_indexed(const struct ovl_lift *l);

/* Every lower name of what the index holds is on upper: the index need not hold it any more. */
int ovl_lift_forget(const struct ovl_lift *l);

#endif
