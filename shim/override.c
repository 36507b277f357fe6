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

int ovl_override_set(int fd, unsigned uid, unsigned gid, unsigned mode)
{
	char text[TEXT_MAX];
	size_t n = format(text, uid, gid, mode);
	int err;

	__atomic_store_n(&ovl_ss->overrides, 1, __ATOMIC_RELEASE);
	err = (int)ovl_sys(__NR_fsetxattr, fd, OVL_XATTR_OVERRIDE, text, n, 0);
	if (err)
		return err;
	return (int)ovl_sys(__NR_fchmod, fd, mode & 0777);
}
