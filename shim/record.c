/* SPDX-License-Identifier: MIT */
#include "record.h"

#include "do.h"
#include "index.h"
#include "inode.h"
#include "str.h"
#include "view.h"
#include "workdir.h"

#define KEY_SIZE 24

static const char device[] = " device";

bool ovl_record_fits(const struct statx *st)
{
	unsigned type = st->stx_mode & S_IFMT;

	return type != S_IFREG && type != S_IFDIR;
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
		__atomic_store_n(&ovl_ss->overrides, 1, __ATOMIC_RELEASE);
	}
	if (r->device) {
		memcpy(text + n, device, sizeof(device) - 1);
		n += sizeof(device) - 1;
	}
	text[n] = '\0';
	key(st, st->stx_nlink ? 'u' : 'g', name);
	ovl_filter_add(&ovl_ss->origin, ovl_hash_mix(st->stx_ino));
	return ovl_index_write(name, text);
}

void ovl_record_drop(const struct statx *st)
{
	char name[KEY_SIZE];
	char gone[KEY_SIZE];
	OVL_FD dir = -1;

	if (st->stx_nlink > 1 || !ovl_record_fits(st) || !ovl_inode_maybe_origin(st->stx_ino))
		return;
	dir = ovl_workdir_index();
	key(st, 'u', name);
	key(st, 'g', gone);
	if (dir >= 0)
		(void)ovl_do_rename(dir, name, dir, gone,
				    0); /* a stale one is known by its birth */
}

/* Room for the suffix, too. */
static void path_key(const struct statx *st, char *out)
{
	key(st, 'g', out);
	memcpy(out + strlen(out), ".path", 6);
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
