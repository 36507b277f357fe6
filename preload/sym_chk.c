/* SPDX-License-Identifier: MIT */
/*
 * sym_chk.c - functions of programs made with _FORTIFY_SOURCE: they are told how large a buffer is
 *
 * Who would write behind it is ended by libc's function, as ever.
 */
#include "sym.h"

#include "sym_name.h"
#include "symnext.h"

static void check(size_t asked, size_t room)
{
	if (asked > room)
		OVL_NEXT(__chk_fail, void(void))();
}

SYM(long, __readlink_chk, const char *path, char *buf, size_t n, size_t room)
{
	check(n, room);
	return ovl_sym_ret(ovl_sym(__NR_readlink, path, buf, n));
}

SYM(long, __readlinkat_chk, int fd, const char *path, char *buf, size_t n, size_t room)
{
	check(n, room);
	return ovl_sym_ret(ovl_sym(__NR_readlinkat, fd, path, buf, n));
}

SYM(char *, __getcwd_chk, char *buf, size_t n, size_t room)
{
	check(n, room);
	return getcwd(buf, n);
}

SYM(char *, __getwd_chk, char *buf, size_t room)
{
	char *r = getwd(buf);

	check(r ? strlen(r) + 1 : 0, room);
	return r;
}

SYM(char *, __realpath_chk, const char *path, char *buf, size_t room)
{
	check(PATH_MAX, room);
	return realpath(path, buf);
}

SYM(long, __recvfrom_chk, int fd, void *buf, size_t n, size_t room, int flags, void *addr,
    uint32_t *len)
{
	check(n, room);
	return ovl_sym_ret(
		ovl_sym_point(__NR_recvfrom, fd, (long)buf, (long)n, flags, (long)addr, (long)len));
}
