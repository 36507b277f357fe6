/* SPDX-License-Identifier: MIT */
#include "override.h"

#include "dcache.h"
#include "do.h"
#include "inode.h"
#include "marks.h"
#include "index.h"
#include "real.h"
#include "record.h"
#include "seal.h"
#include "str.h"
#include "sys.h"
#include "view.h"

/* An object: its path, or the link in /proc of a descriptor, which is followed. */
struct where {
	const char *path;
	bool follow;
};

static struct where at_path(const char *path)
{
	return (struct where){.path = path, .follow = false};
}

static struct where at_fd(int fd, char *link)
{
	ovl_fd_link(fd, link);
	return (struct where){.path = link, .follow = true};
}

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

bool ovl_override_needed(unsigned mode)
{
	unsigned need = (mode & S_IFMT) == S_IFDIR ? 0700 : 0400;

	return (mode & need) != need && ovl_sys(__NR_geteuid) != 0;
}

static long get_text(const struct where *w, char *text, size_t size)
{
	return ovl_sys(w->follow ? __NR_getxattr : __NR_lgetxattr, w->path, OVL_XATTR_OVERRIDE,
		       text, size);
}

static int set_text(const struct where *w, const char *text, size_t n)
{
	if (w->follow)
		return (int)ovl_sys(__NR_setxattr, w->path, OVL_XATTR_OVERRIDE, text, n, 0);
	return ovl_do_setxattr(w->path, OVL_XATTR_OVERRIDE, text, n, 0);
}

/* Is @o the record of a regular file (@mode: type bits) with bits that writing takes away? */
static bool is_sealed(unsigned mode, const struct ovl_override *o)
{
	return (mode & S_IFMT) == S_IFREG && (o->mode & (S_ISUID | S_ISGID));
}

/* On an object that can hold xattrs. */
static int write_down(const struct where *w, const struct statx *raw, const struct ovl_override *o)
{
	char text[OVL_OVERRIDE_TEXT];
	size_t n = ovl_override_format(o, text);
	int err = set_text(w, text, n);

	if (err == -EACCES) {
		/* Its mode keeps us from writing; recorded, it need not be the object's own. */
		err = ovl_do_chmod(AT_FDCWD, w->path, ovl_override_usable(raw->stx_mode));
		if (!err)
			err = set_text(w, text, n);
	}
	if (!err && is_sealed(raw->stx_mode, o))
		ovl_seal(w->path, w->follow);
	return err;
}

/* The object @raw is about to have a record: whoever meets it is to look for that. */
static void begin(const struct statx *raw)
{
	ovl_overrides_begin();
	ovl_inode_note(raw->stx_ino);
	if ((raw->stx_mode & S_IFMT) == S_IFDIR)
		ovl_dcache_moved();
}

static int record(const struct where *w, const struct statx *raw, const struct ovl_override *o)
{
	begin(raw);
	return ovl_record_fits(raw) ? ovl_record_owner(raw, o) : write_down(w, raw, o);
}

int ovl_override_record(const char *path, const struct statx *raw, const struct ovl_override *o)
{
	struct where w = at_path(path);

	return record(&w, raw, o);
}

int ovl_override_set(int fd, unsigned uid, unsigned gid, unsigned mode)
{
	struct ovl_override o = {uid, gid, mode & 07777};
	char text[OVL_OVERRIDE_TEXT];
	char link[OVL_FD_LINK];
	size_t n = ovl_override_format(&o, text);
	struct statx raw;
	int err = (int)ovl_sys(__NR_statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME,
			       &raw);

	if (err)
		return err;
	begin(&raw);
	if (ovl_ss->flags & OVL_S_NO_XATTR) {
		err = ovl_record_owner(&raw, &o);
		return err ? err : (int)ovl_sys(__NR_fchmod, fd, ovl_override_usable(mode));
	}
	err = (int)ovl_sys(__NR_fsetxattr, fd, OVL_XATTR_OVERRIDE, text, n, 0);
	/* Its mode keeps us from writing: as above. */
	if (err == -EACCES && !ovl_sys(__NR_fchmod, fd, ovl_override_usable(mode)))
		err = (int)ovl_sys(__NR_fsetxattr, fd, OVL_XATTR_OVERRIDE, text, n, 0);
	if (!err && is_sealed(mode, &o))
		ovl_seal(at_fd(fd, link).path, true);
	return err ? err : (int)ovl_sys(__NR_fchmod, fd, ovl_override_usable(mode));
}

static bool has_record(const struct where *w, const struct statx *raw)
{
	struct ovl_record r;

	if (ovl_record_fits(raw))
		return !ovl_record_get(raw, &r) && r.has_owner;
	return get_text(w, NULL, 0) > 0;
}

static int look(const struct where *w, struct statx *ret_raw)
{
	return (int)ovl_sys(__NR_statx, AT_FDCWD, w->path, w->follow ? 0 : AT_SYMLINK_NOFOLLOW,
			    STATX_BASIC_STATS | STATX_BTIME, ret_raw);
}

static int change_mode(const struct where *w, const struct statx *st, unsigned mode)
{
	struct ovl_override o = {st->stx_uid, st->stx_gid, mode & 07777};
	struct statx raw;
	int err = look(w, &raw);

	if (err)
		return err;
	mode = (st->stx_mode & S_IFMT) | (mode & 07777);
	if (!has_record(w, &raw) && !ovl_override_needed(mode))
		return ovl_do_chmod(AT_FDCWD, w->path, mode & 07777);
	err = record(w, &raw, &o);
	return err ? err : ovl_do_chmod(AT_FDCWD, w->path, ovl_override_usable(mode));
}

static int change_owner(const struct where *w, const struct statx *st, unsigned uid, unsigned gid)
{
	struct ovl_override o = {
		.uid = uid == -1U ? st->stx_uid : uid,
		.gid = gid == -1U ? st->stx_gid : gid,
		.mode = st->stx_mode & 07777,
	};
	struct statx raw;
	int err = look(w, &raw);

	if (err)
		return err;
	err = ovl_do_chown(AT_FDCWD, w->path, uid, gid, w->follow ? 0 : AT_SYMLINK_NOFOLLOW);
	if (err != -EPERM && !has_record(w, &raw))
		return err;
	/* A change of owner takes suid and sgid away, except from directories: chown(2). */
	if ((st->stx_mode & S_IFMT) != S_IFDIR)
		o.mode &= ~(S_ISUID | (o.mode & S_IXGRP ? S_ISGID : 0U));
	return record(w, &raw, &o);
}

int ovl_override_chmod(const char *path, const struct statx *st, unsigned mode)
{
	struct where w = at_path(path);

	return change_mode(&w, st, mode);
}

int ovl_override_fchmod(int fd, const struct statx *st, unsigned mode)
{
	char link[OVL_FD_LINK];
	struct where w = at_fd(fd, link);

	return change_mode(&w, st, mode);
}

int ovl_override_fchown(int fd, const struct statx *st, unsigned uid, unsigned gid)
{
	char link[OVL_FD_LINK];
	struct where w = at_fd(fd, link);

	return change_owner(&w, st, uid, gid);
}

/* The record of @w, if it has one: *@ret, and what it is itself: *@ret_raw. */
static bool read_back(const struct where *w, struct ovl_override *ret, struct statx *ret_raw)
{
	char text[OVL_OVERRIDE_TEXT];
	struct ovl_record r;
	long n;

	if (look(w, ret_raw))
		return false;
	if (ovl_record_fits(ret_raw)) {
		if (ovl_record_get(ret_raw, &r) || !r.has_owner)
			return false;
		*ret = r.owner;
		return true;
	}
	n = get_text(w, text, sizeof(text) - 1);
	if (n <= 0)
		return false;
	text[n] = '\0';
	return !ovl_override_parse(text, ret);
}

static void follow(const struct where *w, unsigned lost)
{
	struct ovl_override o;
	struct statx raw;

	if (!read_back(w, &o, &raw))
		return;
	o.mode = ((o.mode & 07000) | (raw.stx_mode & 0777)) & ~lost;
	(void)record(w, &raw, &o); /* best effort */
}

void ovl_override_truncated(int fd)
{
	char link[OVL_FD_LINK];
	struct where w = at_fd(fd, link);
	struct ovl_override o;
	struct statx raw;

	if (!read_back(&w, &o, &raw))
		return;
	o.mode &= ~(unsigned)(S_ISUID | S_ISGID);
	(void)record(&w, &raw, &o); /* best effort */
}

void ovl_override_ffollow(int fd, unsigned lost)
{
	char link[OVL_FD_LINK];
	struct where w = at_fd(fd, link);

	follow(&w, lost);
}

static int change_times(const struct where *w, const void *times)
{
	struct ovl_override o;
	struct statx raw;
	bool sealed = read_back(w, &o, &raw) && is_sealed(raw.stx_mode, &o);
	int err;

	if (sealed && !ovl_seal_fits(w->follow ? __NR_getxattr : __NR_lgetxattr, w->path, &raw))
		o.mode &= ~ovl_seal_bits(o.mode, o.gid);
	err = ovl_do_utimens(AT_FDCWD, w->path, times, w->follow ? 0 : AT_SYMLINK_NOFOLLOW);
	if (!err && sealed)
		(void)record(w, &raw, &o); /* sealed again; without, the bits go */
	return err;
}

int ovl_override_futimens(int fd, const void *times)
{
	char link[OVL_FD_LINK];
	struct where w = at_fd(fd, link);

	return change_times(&w, times);
}
