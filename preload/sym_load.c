/* SPDX-License-Identifier: MIT */
/*
 * sym_load.c - dlopen() of a file: the dynamic linker opens what it is told by itself
 *
 * libc's functions go by who called them, so they are left with nothing of ours between: the real
 * path, where it is another, stays in memory for good. What a library needs in turn is found as
 * ever, in the lower layer.
 */
#include "sym.h"

#include "fdview.h"
#include "nr.h"
#include "str.h"
#include "symnext.h"
#include "sys.h"

/* The real path of @path, or @path where that is as good. */
static const char *real_of(const char *path)
{
	OVL_FD fd = -1;
	char link[OVL_FD_LINK];
	char *real;
	long n;

	if (!path || !ovl_str_has(path, "/") || ovl_str_has(path, "$"))
		return path;
	fd = (int)ovl_sym(__NR_open, path, O_RDONLY | O_CLOEXEC);
	real = fd < 0 ? NULL : ovl_sym_malloc(PATH_MAX);
	if (!real)
		return path; /* and the error is dlopen()'s to tell */
	ovl_fd_link(fd, link);
	n = ovl_sys(__NR_readlink, link, real, PATH_MAX - 1);
	if (n > 0)
		real[n] = '\0';
	if (n > 0 && !ovl_str_equal(real, path))
		return real;
	ovl_sym_free(real);
	return path;
}

SYM(void *, dlopen, const char *path, int flags)
{
	path = real_of(path);
	return OVL_NEXT(dlopen, void *(const char *, int))(path, flags);
}

SYM(void *, dlmopen, long space, const char *path, int flags)
{
	path = real_of(path);
	return OVL_NEXT(dlmopen, void *(long, const char *, int))(space, path, flags);
}
