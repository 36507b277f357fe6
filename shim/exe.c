/* SPDX-License-Identifier: MIT */
#include "exe.h"

#include "str.h"
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
