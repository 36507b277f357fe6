/* SPDX-License-Identifier: MIT */
#include "override.h"

#include "do.h"
#include "marks.h"
#include "index.h"
#include "record.h"
#include "str.h"
#include "sys.h"
#include "view.h"

size_t ovl_override_format(const struct ovl_override *o, char *text)
{
	size_t n = ovl_str_number(text, o->uid, 10);

	text[n++] = ':';
	n += ovl_str_number(text + n, o->gid, 10);
	text[n++] = ':';
	return n + ovl_str_number(text + n, o->mode, 8);
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

unsigned ovl_override_usable(unsigned mode)
{
	return (mode & 0777) | ((mode & S_IFMT) == S_IFDIR ? 0700 : 0600);
}

int ovl_override_set(int fd, unsigned uid, unsigned gid, unsigned mode)
{
	struct ovl_override o = {uid, gid, mode & 07777};
	char text[OVL_OVERRIDE_TEXT];
	size_t n = ovl_override_format(&o, text);
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

int ovl_override_record(const char *path, const struct statx *raw, const struct ovl_override *o)
{
	char text[OVL_OVERRIDE_TEXT];
	size_t n = ovl_override_format(o, text);
	struct ovl_record r;
	int err;

	__atomic_store_n(&ovl_ss->overrides, 1, __ATOMIC_RELEASE);
	if (!ovl_record_fits(raw)) {
		err = ovl_do_setxattr(path, OVL_XATTR_OVERRIDE, text, n, 0);
		if (err != -EACCES)
			return err;
		/* Its mode keeps us from writing; recorded, it need not be the object's own. */
		err = ovl_do_chmod(AT_FDCWD, path, ovl_override_usable(raw->stx_mode));
		return err ? err : ovl_do_setxattr(path, OVL_XATTR_OVERRIDE, text, n, 0);
	}
	err = ovl_record_get(raw, &r);
	if (err == -ENOENT)
		r.origin = ovl_origin_of(raw);
	else if (err)
		return err;
	r.has_owner = true;
	r.owner = *o;
	return ovl_record_set(raw, &r);
}

static bool has_record(const char *path, const struct statx *raw)
{
	struct ovl_record r;

	if (ovl_record_fits(raw))
		return !ovl_record_get(raw, &r) && r.has_owner;
	return ovl_sys(__NR_lgetxattr, path, OVL_XATTR_OVERRIDE, 0, 0) > 0;
}

static int look(const char *path, struct statx *ret_raw)
{
	return (int)ovl_sys(__NR_statx, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW,
			    STATX_BASIC_STATS | STATX_BTIME, ret_raw);
}

int ovl_override_chmod(const char *path, const struct statx *st, unsigned mode)
{
	struct ovl_override o = {st->stx_uid, st->stx_gid, mode & 07777};
	struct statx raw;
	int err = look(path, &raw);

	if (err)
		return err;
	mode = (st->stx_mode & S_IFMT) | (mode & 07777);
	if (!has_record(path, &raw) && !ovl_override_needed(mode))
		return ovl_do_chmod(AT_FDCWD, path, mode & 07777);
	err = ovl_override_record(path, &raw, &o);
	return err ? err : ovl_do_chmod(AT_FDCWD, path, ovl_override_usable(mode));
}

int ovl_override_chown(const char *path, const struct statx *st, unsigned uid, unsigned gid)
{
	struct ovl_override o = {
		.uid = uid == -1U ? st->stx_uid : uid,
		.gid = gid == -1U ? st->stx_gid : gid,
		.mode = st->stx_mode & 07777,
	};
	struct statx raw;
	int err = look(path, &raw);

	if (err)
		return err;
	err = ovl_do_chown(AT_FDCWD, path, uid, gid, AT_SYMLINK_NOFOLLOW);
	if (err != -EPERM && !has_record(path, &raw))
		return err;
	/* A change of owner takes suid and sgid away, except from directories: chown(2). */
	if ((st->stx_mode & S_IFMT) == S_IFREG)
		o.mode &= ~(S_ISUID | (o.mode & S_IXGRP ? S_ISGID : 0U));
	return ovl_override_record(path, &raw, &o);
}

void ovl_override_follow(const char *path)
{
	char text[OVL_OVERRIDE_TEXT];
	struct ovl_override o;
	struct statx raw;
	long n = ovl_sys(__NR_lgetxattr, path, OVL_XATTR_OVERRIDE, text, sizeof(text) - 1);

	if (n <= 0 || look(path, &raw))
		return;
	text[n] = '\0';
	if (ovl_override_parse(text, &o))
		return;
	/* The copy itself never has suid or sgid, and perhaps more rights than are recorded. */
	if ((raw.stx_mode & 0777) == ovl_override_usable((raw.stx_mode & S_IFMT) | o.mode))
		o.mode &= 0777;
	else
		o.mode = raw.stx_mode & 0777;
	(void)ovl_override_record(path, &raw, &o); /* as told above */
}
