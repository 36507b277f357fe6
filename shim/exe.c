/* SPDX-License-Identifier: MIT */
#include "exe.h"

#include "moved.h"
#include "room.h"
#include "str.h"
#include "sys.h"
#include "view.h"

static OVL_LARGE char exe[PATH_MAX];
static size_t exe_len; /* 0: the kernel knows best */

int ovl_exe_set(const char *real, size_t len)
{
	if (len >= sizeof(exe))
		return -ENAMETOOLONG;
	memcpy(exe, real, len);
	exe[len] = '\0';
	exe_len = len;
	return 0;
}

bool ovl_exe_correct(struct ovl_path *p)
{
	if (!exe_len || p->len != ovl_ss->loader.len ||
	    !ovl_str_equal(p->buf, ovl_session_str(ovl_ss, ovl_ss->loader)))
		return false;
	return !ovl_path_set(p, exe, exe_len);
}

/* Does the view have the real path @path of @n bytes as it is? */
static bool is_shown_so(const char *path, size_t n)
{
	enum ovl_zone zone = ovl_zone_of(path, n);

	return zone == OVL_Z_OUTSIDE ||
	       (zone == OVL_Z_VIEW && ovl_ss->flags & OVL_S_SAME_ROOT && !ovl_moved_any());
}

static long tell(const char *path, size_t n, char *buf, int size)
{
	if (exe_len && ovl_str_equal(path, ovl_session_str(ovl_ss, ovl_ss->loader))) {
		path = exe;
		n = exe_len;
	}
	if (!is_shown_so(path, n))
		return -EAGAIN;
	n = n < (size_t)size ? n : (size_t)size;
	memcpy(buf, path, n);
	return (long)n;
}

long ovl_exe_link(char *buf, int size)
{
	struct ovl_room *room = size > 0 ? ovl_room_take() : NULL;
	long n = -EAGAIN;

	if (!room)
		return n;
	n = ovl_sys(__NR_readlink, OVL_EXE_LINK, room->path, sizeof(room->path));
	if (n > 0 && n < (long)sizeof(room->path)) {
		room->path[n] = '\0';
		n = tell(room->path, (size_t)n, buf, size);
	} else {
		n = -EAGAIN;
	}
	ovl_room_put(room);
	return n;
}
