/* SPDX-License-Identifier: MIT */
#include "override.h"

#include "do.h"
#include "marks.h"
#include "str.h"
#include "sys.h"
#include "view.h"

#define TEXT_MAX 64

static size_t format(char *text, unsigned uid, unsigned gid, unsigned mode)
{
	size_t n = ovl_str_number(text, uid, 10);

	text[n++] = ':';
	n += ovl_str_number(text + n, gid, 10);
	text[n++] = ':';
	return n + ovl_str_number(text + n, mode, 8);
}

int ovl_override_parse(const char *text, struct ovl_override *ret)
{
	uint64_t uid;
	uint64_t gid;
	unsigned mode = 0;

	if (!ovl_str_parse(&text, &uid) || *text++ != ':' || !ovl_str_parse(&text, &gid) ||
	    *text++ != ':')
		return -EINVAL;
	for (; *text >= '0' && *text <= '7'; text++)
		mode = mode << 3 | (unsigned)(*text - '0');
	*ret = (struct ovl_override){(unsigned)uid, (unsigned)gid, mode & 07777};
	return 0;
}

int ovl_override_update(const char *path, unsigned uid, unsigned gid, unsigned mode)
{
	char text[TEXT_MAX];
	struct ovl_override o;
	long n = ovl_sys(__NR_lgetxattr, path, OVL_XATTR_OVERRIDE, text, sizeof(text) - 1);

	if (n <= 0)
		return 0;
	text[n] = '\0';
	if (ovl_override_parse(text, &o))
		return -EIO;
	n = (long)format(text, uid == -1U ? o.uid : uid, gid == -1U ? o.gid : gid,
			 mode == -1U ? o.mode : mode);
	return ovl_do_setxattr(path, OVL_XATTR_OVERRIDE, text, (size_t)n, 0);
}

unsigned ovl_override_usable(unsigned mode)
{
	return (mode & 0777) | ((mode & S_IFMT) == S_IFDIR ? 0700 : 0600);
}

int ovl_override_set(int fd, unsigned uid, unsigned gid, unsigned mode)
{
	char text[TEXT_MAX];
	size_t n = format(text, uid, gid, mode & 07777);
	int err;

	__atomic_store_n(&ovl_ss->overrides, 1, __ATOMIC_RELEASE);
	err = (int)ovl_sys(__NR_fsetxattr, fd, OVL_XATTR_OVERRIDE, text, n, 0);
	return err ? err : (int)ovl_sys(__NR_fchmod, fd, ovl_override_usable(mode));
}

bool ovl_override_needed(unsigned mode)
{
	unsigned need = (mode & S_IFMT) == S_IFDIR ? 0700 : 0400;

	return (mode & need) != need && ovl_sys(__NR_geteuid) != 0;
}

int ovl_override_chmod(const char *path, const struct statx *st, unsigned mode)
{
	char text[TEXT_MAX];
	size_t n;
	int err;

	mode = (st->stx_mode & S_IFMT) | (mode & 07777);
	if (ovl_sys(__NR_lgetxattr, path, OVL_XATTR_OVERRIDE, 0, 0) <= 0 &&
	    !ovl_override_needed(mode))
		return ovl_do_chmod(AT_FDCWD, path, mode & 07777);
	n = format(text, st->stx_uid, st->stx_gid, mode & 07777);
	__atomic_store_n(&ovl_ss->overrides, 1, __ATOMIC_RELEASE);
	err = ovl_do_setxattr(path, OVL_XATTR_OVERRIDE, text, n, 0);
	return err ? err : ovl_do_chmod(AT_FDCWD, path, ovl_override_usable(mode));
}
