/* SPDX-License-Identifier: MIT */
#include "marks.h"

#include "dotwh.h"
#include "real.h"
#include "record.h"
#include "str.h"
#include "whiteout.h"

#include <linux/limits.h>

#define S_IFWHT S_IFCHR

enum mark { M_OPAQUE, M_REDIRECT };

/* Each mark in the namespace of ordinary users first, then in root's. */
static const char mark_name[][2][26] = {
	[M_OPAQUE] = {"user.overlay.opaque", "trusted.overlay.opaque"},
	[M_REDIRECT] = {"user.overlay.redirect", "trusted.overlay.redirect"},
};

bool ovl_mark_is_whiteout(const struct statx *st)
{
	return (st->stx_mode & S_IFMT) == S_IFWHT && !st->stx_rdev_major && !st->stx_rdev_minor &&
	       !ovl_record_is_device(st);
}

/* The value of @mark on @p into @buf, or -errno; -ENODATA when it is in neither namespace. */
static long get(struct ovl_path *p, enum mark mark, char *buf, size_t size)
{
	OVL_LOC loc = OVL_LOC_INIT;
	long n = ovl_loc_path(p, &loc);

	if (n)
		return n;
	n = -ENODATA;
	for (int i = 0; i < 2 && n < 0; i++)
		n = ovl_sys(__NR_lgetxattr, loc.name, mark_name[mark][i], buf, size);
	return n;
}

bool ovl_mark_is_file(int layer, const char *name, const struct statx *st)
{
	return ovl_mark_dots(layer) && ovl_dotwh_is_mark(name, st);
}

bool ovl_mark_is_file_at(int layer, int fd, const char *name)
{
	return ovl_mark_dots(layer) && ovl_dotwh_is_mark_at(fd, name);
}

int ovl_mark_hidden(int fd, const char *name, char *ret)
{
	int err = ovl_dotwh_hidden(fd, name, ret);

	return !err && ovl_str_equal(ret, OVL_DOTWH_DIR) ? -ENOENT : err;
}

bool ovl_mark_hides(int layer, struct ovl_path *p)
{
	return ovl_mark_dots(layer) && ovl_dotwh_has(p);
}

bool ovl_mark_hides_at(int fd, const char *name)
{
	return ovl_mark_dots(OVL_UPPER) && ovl_dotwh_has_at(fd, name);
}

bool ovl_mark_is_opaque(int layer, struct ovl_path *p)
{
	char value[2];

	if (get(p, M_OPAQUE, value, sizeof(value)) == 1 && value[0] == 'y')
		return true;
	return ovl_mark_dots(layer) && ovl_dotwh_has_in(p);
}

int ovl_mark_opaque(int fd)
{
	int err;

	if (ovl_mark_dots(OVL_UPPER)) {
		err = ovl_dotwh_make(fd, OVL_DOTWH_DIR);
		return err == -EEXIST ? 0 : err;
	}
	return (int)ovl_sys(__NR_fsetxattr, fd, mark_name[M_OPAQUE][0], "y", 1, 0);
}

int ovl_mark_whiteout(int fd, const char *name)
{
	if (ovl_mark_dots(OVL_UPPER))
		return ovl_dotwh_make(fd, name);
	return ovl_whiteout_make(fd, name);
}

int ovl_mark_yield(int fd, const char *name)
{
	return ovl_mark_dots(OVL_UPPER) ? ovl_dotwh_yield(fd, name) : 0;
}

/* An absolute path, or one name; nothing in it leads up. */
static bool is_clean(const struct ovl_path *p)
{
	const char *at = p->buf;

	if (!p->len || (p->buf[0] != '/' && ovl_str_has(p->buf, "/")))
		return false;
	for (struct ovl_part c = ovl_path_next(&at); c.n; c = ovl_path_next(&at)) {
		if (ovl_is_dot(c.name, c.n) || ovl_is_dotdot(c.name, c.n))
			return false;
	}
	return true;
}

/* The same where there are no xattrs: its length, or -errno. */
static int recorded_redirect(struct ovl_path *p, struct ovl_path *ret)
{
	struct statx st;
	int err = ovl_real_statx(p, &st);

	if (!err)
		err = ovl_record_redirect(&st, ret);
	return err ? err : (int)ret->len;
}

int ovl_mark_redirect(struct ovl_path *p, struct ovl_path *ret)
{
	long n = get(p, M_REDIRECT, ret->buf, sizeof(ret->buf) - 1);

	if (ovl_ss->flags & OVL_S_NO_XATTR)
		n = recorded_redirect(p, ret);
	if (n < 0)
		return (int)n;
	ovl_path_cut(ret, (unsigned)n);
	return is_clean(ret) ? 0 : -EINVAL;
}

int ovl_mark_redirect_set(int fd, const char *text, size_t n)
{
	if (ovl_ss->flags & OVL_S_NO_XATTR)
		return ovl_record_redirect_set(fd, text);
	return (int)ovl_sys(__NR_fsetxattr, fd, mark_name[M_REDIRECT][0], text, n, 0);
}

/* Prefixes of ours; a program's own name that begins so is kept with the last word twice. */
static const struct prefix {
	char text[17];
	char again[9];
} prefixes[] = {
	{"user.overlay.", "overlay."},
	{"trusted.overlay.", "overlay."},
	{"user.ovl.", "ovl."},
};

static const struct prefix *prefix_of(const char *name)
{
	for (size_t i = 0; i < OVL_ARRAY_SIZE(prefixes); i++) {
		if (ovl_str_starts(name, prefixes[i].text))
			return &prefixes[i];
	}
	return NULL;
}

bool ovl_mark_private(const char *name)
{
	const struct prefix *p = prefix_of(name);

	if (p)
		return !ovl_str_starts(name + strlen(p->text), p->again);
	return ovl_str_equal(name, OVL_XATTR_OVERRIDE);
}

bool ovl_mark_is_escaped(const char *name)
{
	return prefix_of(name) || ovl_str_equal(name, OVL_XATTR_OVERRIDE);
}

int ovl_mark_escape(const char *name, char *ret, size_t size)
{
	const struct prefix *p = prefix_of(name);
	size_t keep = p ? strlen(p->text) : 0;
	size_t again = p ? strlen(p->again) : 0;
	size_t n = strlen(name);

	if (ovl_str_equal(name, OVL_XATTR_OVERRIDE))
		return -EPERM;
	if (n + again >= size || n + again > XATTR_NAME_MAX)
		return -ERANGE;
	memcpy(ret, name, keep);
	if (p)
		memcpy(ret + keep, p->again, again);
	memcpy(ret + keep + again, name + keep, n - keep + 1);
	return 0;
}

size_t ovl_mark_unescape(const char *name, char *ret)
{
	const struct prefix *p = prefix_of(name);
	size_t n = strlen(name);
	size_t keep = p ? strlen(p->text) : 0;
	size_t skip = p ? strlen(p->again) : 0;

	memcpy(ret, name, keep);
	memcpy(ret + keep, name + keep + skip, n - keep - skip + 1);
	return n - skip;
}
