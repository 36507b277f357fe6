/* SPDX-License-Identifier: MIT */
#include "whiteout.h"

#include "do.h"
#include "view.h"

#define WHITEOUT_MODE S_IFCHR

static const char *path_of(uint32_t i)
{
	return ovl_session_str(ovl_ss, ovl_ss->whiteout[i]);
}

/* Number @i, to which all others are links. -EEXIST: somebody was first. */
static int make_first(uint32_t i)
{
	struct statx st;
	int err = ovl_do_mknod(AT_FDCWD, path_of(i), WHITEOUT_MODE, 0);

	if (err)
		return err;
	/* without, they are looked at like other devices */
	if (!ovl_sys(__NR_statx, AT_FDCWD, path_of(i), AT_SYMLINK_NOFOLLOW, STATX_INO, &st))
		__atomic_store_n(&ovl_ss->whiteout_ino[i], st.stx_ino, __ATOMIC_RELEASE);
	return 0;
}

/* -ENOENT: it is not there, or the directory of the new name is not. */
static int link_to(uint32_t i, int fd, const char *name)
{
	int err = ovl_do_link(AT_FDCWD, path_of(i), fd, name, 0);

	if (err != -ENOENT)
		return err;
	err = make_first(i);
	return err && err != -EEXIST ? err : ovl_do_link(AT_FDCWD, path_of(i), fd, name, 0);
}

/* May an inode of its own be had where a link cannot? */
static bool is_links_fault(int err)
{
	return err == -EMLINK || err == -EPERM || err == -EXDEV || err == -EOPNOTSUPP;
}

int ovl_whiteout_make(int fd, const char *name)
{
	uint32_t i = __atomic_load_n(&ovl_ss->whiteout_now, __ATOMIC_RELAXED) % OVL_WHITEOUTS;
	int err = link_to(i, fd, name);

	if (err == -EMLINK) {
		i = (i + 1) % OVL_WHITEOUTS;
		__atomic_store_n(&ovl_ss->whiteout_now, i, __ATOMIC_RELAXED);
		err = link_to(i, fd, name);
	}
	return is_links_fault(err) ? ovl_do_mknod(fd, name, WHITEOUT_MODE, 0) : err;
}

bool ovl_whiteout_is(uint64_t ino)
{
	for (uint32_t i = 0; i < OVL_WHITEOUTS; i++) {
		uint64_t of = __atomic_load_n(&ovl_ss->whiteout_ino[i], __ATOMIC_ACQUIRE);

		if (!of)
			return false; /* they are made one after the other */
		if (of == ino)
			return true;
	}
	return false;
}
