/* SPDX-License-Identifier: MIT */
#include "record.h"

#include "do.h"
#include "index.h"
#include "inode.h"
#include "str.h"
#include "view.h"
#include "workdir.h"

#define KEY_SIZE	  24
#define REDIRECT_KEY_SIZE 64

static const char device[] = " device";

bool ovl_record_fits(const struct statx *st)
{
	unsigned type = st->stx_mode & S_IFMT;

	return (ovl_ss->flags & OVL_S_NO_XATTR) || (type != S_IFREG && type != S_IFDIR);
}

/* @kind: 'u', or 'g' when the object's last name has gone and descriptors may be left. */
static void key(const struct statx *st, char kind, char *out)
{
	out[0] = kind;
	out[1] = '-';
	ovl_str_number(out + 2, st->stx_ino, 16);
}

static size_t birth(const struct statx *st, char *text)
{
	size_t n = ovl_str_number(text, (uint64_t)st->stx_btime.tv_sec, 10);

	text[n++] = '.';
	return n + ovl_str_number(text + n, st->stx_btime.tv_nsec, 10);
}

static bool parse_origin(const char **at, struct ovl_origin *ret)
{
	uint64_t major;
	uint64_t minor;

	if (!ovl_str_parse(at, &ret->ino) || *(*at)++ != ' ' || !ovl_str_parse(at, &major) ||
	    *(*at)++ != ' ' || !ovl_str_parse(at, &minor) || *(*at)++ != ' ')
		return false;
	ret->major = (uint32_t)major;
	ret->minor = (uint32_t)minor;
	return true;
}

static int get(const struct statx *st, char kind, struct ovl_record *ret)
{
	char name[KEY_SIZE];
	char text[OVL_INDEX_TEXT];
	char born[48];
	const char *at = text;
	size_t n;
	int err;

	key(st, kind, name);
	err = ovl_index_read(name, text);
	if (err)
		return err;
	if (!parse_origin(&at, &ret->origin))
		return -EIO;
	n = birth(st, born);
	if (memcmp(at, born, n) || (at[n] && at[n] != ' '))
		return -ENOENT; /* of another object that had this number before */
	ret->has_owner = at[n] == ' ' && !ovl_override_parse(at + n + 1, &ret->owner);
	ret->device = ovl_str_has(at + n, device);
	return 0;
}

int ovl_record_get(const struct statx *st, struct ovl_record *ret)
{
	int err;

	if (!ovl_inode_maybe_origin(st->stx_ino))
		return -ENOENT;
	err = get(st, 'u', ret);
	return err == -ENOENT && !st->stx_nlink ? get(st, 'g', ret) : err;
}

bool ovl_record_is_device(const struct statx *st)
{
	struct ovl_record r;

	return !ovl_record_get(st, &r) && r.device;
}

int ovl_record_set(const struct statx *st, const struct ovl_record *r)
{
	char name[KEY_SIZE];
	char text[OVL_INDEX_TEXT];
	size_t n = ovl_str_number(text, r->origin.ino, 10);

	text[n++] = ' ';
	n += ovl_str_number(text + n, r->origin.major, 10);
	text[n++] = ' ';
	n += ovl_str_number(text + n, r->origin.minor, 10);
	text[n++] = ' ';
	n += birth(st, text + n);
	if (r->has_owner) {
		text[n++] = ' ';
		n += ovl_override_format(&r->owner, text + n);
		ovl_overrides_begin();
	}
	if (r->device) {
		memcpy(text + n, device, sizeof(device) - 1);
		n += sizeof(device) - 1;
	}
	text[n] = '\0';
	key(st, st->stx_nlink ? 'u' : 'g', name);
	__atomic_store_n(&ovl_ss->records, 1, __ATOMIC_RELEASE);
	ovl_inode_note(st->stx_ino);
	return ovl_index_write(name, text);
}

int ovl_record_owner(const struct statx *raw, const struct ovl_override *o)
{
	struct ovl_record r = {0};
	int err = ovl_record_get(raw, &r);

	if (err && err != -ENOENT)
		return err;
	r.has_owner = true;
	r.owner = *o;
	return ovl_record_set(raw, &r);
}

/* The key of the redirect of directory @st: "r-INO-BTIME". */
static void key_redirect(const struct statx *st, char *out)
{
	size_t n = 2;

	memcpy(out, "r-", n);
	n += ovl_str_number(out + n, st->stx_ino, 16);
	out[n++] = '-';
	out[n + birth(st, out + n)] = '\0';
}

static void drop_redirect(const struct statx *st, int dir)
{
	char name[REDIRECT_KEY_SIZE];

	if ((st->stx_mode & S_IFMT) != S_IFDIR)
		return;
	key_redirect(st, name);
	(void)ovl_do_unlink(dir, name, 0); /* a stale one is known by its birth */
}

void ovl_record_drop(const struct statx *st)
{
	char name[KEY_SIZE];
	char gone[KEY_SIZE];
	bool more = st->stx_nlink > 1 && (st->stx_mode & S_IFMT) != S_IFDIR;
	OVL_FD dir = -1;

	if (more || !ovl_record_fits(st) || !ovl_inode_maybe_origin(st->stx_ino))
		return;
	dir = ovl_workdir_index();
	if (dir < 0)
		return;
	key(st, 'u', name);
	key(st, 'g', gone);
	(void)ovl_do_rename(dir, name, dir, gone, 0); /* a stale one is known by its birth */
	drop_redirect(st, dir);
}

/* Room for the suffix, too. */
static void path_key(const struct statx *st, char *out)
{
	key(st, 'g', out);
	memcpy(out + strlen(out), ".path", 6);
}

/* Nothing is recorded of @st any more. */
static void drop_all(const struct statx *st)
{
	char name[KEY_SIZE + 8];
	OVL_FD dir = ovl_workdir_index();

	if (dir < 0)
		return;
	key(st, 'u', name);
	(void)ovl_do_unlink(dir, name, 0); /* as above */
	key(st, 'g', name);
	(void)ovl_do_unlink(dir, name, 0);
	path_key(st, name);
	(void)ovl_do_unlink(dir, name, 0);
	drop_redirect(st, dir);
}

void ovl_record_forget(int dir, const char *name)
{
	struct statx st;

	if ((ovl_ss->flags & OVL_S_NO_XATTR) &&
	    !ovl_sys(__NR_statx, dir, name, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH,
		     STATX_BASIC_STATS | STATX_BTIME, &st) &&
	    ovl_inode_maybe_origin(st.stx_ino))
		drop_all(&st);
}

int ovl_record_redirect(const struct statx *st, struct ovl_path *ret)
{
	char name[REDIRECT_KEY_SIZE];
	OVL_FD dir = -1;
	long n;

	if (!ovl_inode_maybe_origin(st->stx_ino))
		return -ENODATA;
	dir = ovl_workdir_index();
	if (dir < 0)
		return dir;
	key_redirect(st, name);
	n = ovl_sys(__NR_readlinkat, dir, name, ret->buf, sizeof(ret->buf) - 1);
	if (n < 0)
		return n == -ENOENT ? -ENODATA : (int)n;
	ovl_path_cut(ret, (unsigned)n);
	return 0;
}

int ovl_record_redirect_set(int fd, const char *text)
{
	char name[REDIRECT_KEY_SIZE];
	struct statx st;
	int err = (int)ovl_sys(__NR_statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME,
			       &st);

	if (err)
		return err;
	key_redirect(&st, name);
	ovl_inode_note(st.stx_ino);
	return ovl_index_write(name, text);
}

void ovl_record_set_path(const struct statx *st, const char *path)
{
	char name[KEY_SIZE + 8];

	path_key(st, name);
	(void)ovl_index_write(name, path); /* best effort: only /proc tells it */
}

int ovl_record_path(const struct statx *st, struct ovl_path *ret)
{
	char name[KEY_SIZE + 8];
	OVL_FD dir = ovl_workdir_index();
	long n;

	if (dir < 0)
		return dir;
	path_key(st, name);
	n = ovl_sys(__NR_readlinkat, dir, name, ret->buf, sizeof(ret->buf) - 1);
	if (n < 0)
		return (int)n;
	ovl_path_cut(ret, (unsigned)n);
	return 0;
}
