/* SPDX-License-Identifier: MIT */
#include "opensession.h"

#include <linux/mman.h>

#include "die.h"
#include "ovl_guard.h"
#include "sys.h"

#define SEEK_TO_END 2

__attribute__((noreturn)) static void not_ours(const char *path)
{
	ovl_die(path, "no session of this libovl.so: it and ovlrun must be of one build", 0);
}

struct ovl_session *ovl_session_open(const char *path)
{
	/* Past an engine that makes our calls, and hides it: init.c has when. */
	OVL_FD fd = (int)ovl_sys(__NR_open, path, O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0, 0,
				 OVL_GUARD_PAST);
	long size;
	long r;

	if (fd < 0)
		ovl_die(path, "the session is gone", -fd);
	size = ovl_sys(__NR_lseek, fd, 0, SEEK_TO_END);
	/* shorter than what is looked at, it must not be mapped */
	if (size < (long)sizeof(struct ovl_session))
		not_ours(path);
	r = ovl_sys(__NR_mmap, 0, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (ovl_is_err(r))
		ovl_die(path, "the session cannot be mapped", -r);
	if (!ovl_session_is_ours((struct ovl_session *)r, (uint64_t)size))
		not_ours(path);
	return (struct ovl_session *)r;
}
