/* SPDX-License-Identifier: MIT */
/*
 * real.h - acting on a layer's real path, which may be longer than PATH_MAX
 *
 * A view path may use all of PATH_MAX, and a layer's root comes before it. A struct ovl_loc
 * is what the *at() calls take: usually AT_FDCWD and the path itself, else a descriptor of
 * the directory on the way and the rest.
 * Context: any.
 */
#ifndef OVL_REAL_H
#define OVL_REAL_H

#include "path.h"
#include "sys.h"

struct ovl_loc {
	int fd;		  /* AT_FDCWD or a directory, closed by scope */
	const char *name; /* points into the path */
};

static inline void ovl_loc_drop(const struct ovl_loc *loc)
{
	ovl_fd_drop(&loc->fd); /* AT_FDCWD is negative */
}
#define OVL_LOC __attribute__((cleanup(ovl_loc_drop))) struct ovl_loc
#define OVL_LOC_INIT                         \
	{                                    \
		.fd = AT_FDCWD, .name = NULL \
	}

/*
 * Prepare *@ret for the path @p, which must stay unchanged while *@ret is used; *@ret was
 * OVL_LOC_INIT. 0, or the errno of opening the directory on the way.
 */
int ovl_loc_get(struct ovl_path *p, struct ovl_loc *ret);

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
