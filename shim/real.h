/* SPDX-License-Identifier: MIT */
/*
 * real.h - acting on a layer's real path, which may be longer than PATH_MAX
 *
 * A view path may use all of PATH_MAX, and a layer's root comes before it; below a deep cwd it is
 * longer still. A struct ovl_loc is what the *at() calls take: usually AT_FDCWD and the path
 * itself, else a descriptor of the directory on the way and the rest.
 * Context: any.
 */
#ifndef OVL_REAL_H
#define OVL_REAL_H

#include "path.h"
#include "sys.h"

#define OVL_FD_LINK 32 /* bytes that "/proc/self/fd/N" and a slash fit in */

struct ovl_loc {
	int fd;			 /* AT_FDCWD or a directory, closed by scope */
	const char *name;	 /* points into the path */
	char *over;		 /* what ovl_loc_path() wrote over ... */
	char saved[OVL_FD_LINK]; /* ... and what was there, put back by scope */
	unsigned nsaved;
};

static inline void ovl_loc_drop(const struct ovl_loc *loc)
{
	if (loc->nsaved)
		memcpy(loc->over, loc->saved, loc->nsaved);
	ovl_fd_drop(&loc->fd); /* AT_FDCWD is negative */
}
#define OVL_LOC __attribute__((cleanup(ovl_loc_drop))) struct ovl_loc
#define OVL_LOC_INIT                                        \
	{                                                   \
		.fd = AT_FDCWD, .name = NULL, .over = NULL, \
	}

/* The text of the link /proc/self/fd/@fd into @out, which has room for OVL_FD_LINK bytes. The
 * length. */
size_t ovl_fd_link(int fd, char *out);

/*
 * Prepare *@ret for the path @p, which must stay unchanged while *@ret is used; *@ret was
 * OVL_LOC_INIT. 0, or the errno of opening the directory on the way.
 */
int ovl_loc_get(struct ovl_path *p, struct ovl_loc *ret);

/*
 * The same for a call that takes no descriptor: afterwards ret->name alone is @p's path, by
 * /proc where it is longer than PATH_MAX. That is written over @p, which is as it was when
 * *@ret is dropped.
 */
int ovl_loc_path(struct ovl_path *p, struct ovl_loc *ret);

/* Are both of one object? Number and device tell. */
static inline bool ovl_is_same_object(const struct statx *a, const struct statx *b)
{
	return a->stx_ino == b->stx_ino && a->stx_dev_major == b->stx_dev_major &&
	       a->stx_dev_minor == b->stx_dev_minor;
}

/* statx of @p itself (a symlink is not followed), basic fields and the mount. */
int ovl_real_statx(struct ovl_path *p, struct statx *ret_st);

/* The text of symlink @p: *@ret is set to it. -EINVAL: not a symlink. */
int ovl_real_readlink(struct ovl_path *p, struct ovl_path *ret);

/*
 * Open @p, no symlink on the way followed (-ELOOP), as the kernel's openat2 with
 * RESOLVE_NO_SYMLINKS; O_CLOEXEC is added. Returns the descriptor.
 */
int ovl_real_open(struct ovl_path *p, int flags);

/* The same, with the program's own flags: close-on-exec only if it asked for it. */
int ovl_open_exact(int fd, const char *name, int flags, unsigned mode);

/* openat2 relative to @fd with RESOLVE_NO_SYMLINKS, or openat with O_NOFOLLOW where the
 * kernel has no openat2. */
int ovl_open_beneath(int fd, const char *name, int flags, unsigned mode);

#endif
