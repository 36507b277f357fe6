/* SPDX-License-Identifier: MIT */
#include "index.h"

#include "do.h"
#include "real.h"
#include "str.h"
#include "view.h"
#include "workdir.h"

#define KEY_SIZE  48
#define TEXT_SIZE 112

static uint64_t hash_of(const struct ovl_origin *o)
{
	return ovl_hash_mix(o->ino ^ ovl_hash_mix((uint64_t)o->major << 32 | o->minor));
}

bool ovl_index_maybe(const struct ovl_origin *o)
{
	return ovl_filter_maybe(&ovl_ss->linked, hash_of(o));
}

static size_t key(const struct ovl_origin *o, char *out)
{
	uint64_t dev = (uint64_t)o->major << 32 | o->minor;
	size_t n = ovl_str_number(out, o->ino, 16);

	out[n++] = '-';
	return n + ovl_str_number(out + n, dev, 16);
}

static void key_count(const struct ovl_origin *o, char *out)
{
	size_t n = key(o, out);

	memcpy(out + n, ".n", 3);
}

int ovl_index_path(const struct ovl_origin *o, struct ovl_path *p)
{
	static const char dir[] = "/index/";
	struct ovl_str work = ovl_ss->work;
	char name[KEY_SIZE];
	size_t n = key(o, name);
	int err = ovl_path_set(p, ovl_session_str(ovl_ss, work), work.len);

	if (!err)
		err = ovl_path_add(p, dir, sizeof(dir) - 1);
	return err ? err : ovl_path_add(p, name, n);
}

/* The text of symlink @name in the index: its length, NUL-terminated. */
static int read_text(const char *name, char *text)
{
	OVL_FD dir = ovl_workdir_index();
	long n;

	if (dir < 0)
		return dir;
	n = ovl_sys(__NR_readlinkat, dir, name, text, TEXT_SIZE - 1);
	if (n >= 0)
		text[n] = '\0';
	return (int)n;
}

/* Symlink @name in the index tells @text from now on, in one step. */
static int write_text(const char *name, const char *text)
{
	char temp[OVL_TEMP_NAME];
	OVL_FD dir = ovl_workdir_index();
	OVL_FD tmp = ovl_workdir_open();
	int err;

	if (dir < 0 || tmp < 0)
		return dir < 0 ? dir : tmp;
	ovl_workdir_name(temp);
	err = ovl_do_symlink(text, tmp, temp);
	if (!err)
		err = ovl_do_rename(tmp, temp, dir, name, 0);
	return err;
}

int ovl_index_count(const struct ovl_origin *o)
{
	char name[KEY_SIZE];
	char text[TEXT_SIZE];
	const char *at = text;
	uint64_t v;
	int n;

	key_count(o, name);
	n = read_text(name, text);
	if (n < 0)
		return n;
	return ovl_str_parse(&at, &v) && v <= INT32_MAX ? (int)v : -EIO;
}

int ovl_index_uncount(const struct ovl_origin *o, uint32_t nlink)
{
	char name[KEY_SIZE];
	char text[TEXT_SIZE];
	int now = ovl_index_count(o);

	if (now < 0 && now != -ENOENT)
		return now;
	if (now == -ENOENT)
		now = (int)nlink;
	key_count(o, name);
	ovl_str_number(text, now > 0 ? (uint64_t)now - 1 : 0, 10);
	ovl_filter_add(&ovl_ss->linked, hash_of(o));
	return write_text(name, text);
}

int ovl_index_enter(const struct ovl_origin *o, int dir, const char *name)
{
	char to[KEY_SIZE];
	OVL_FD index = ovl_workdir_index();

	if (index < 0)
		return index;
	key(o, to);
	ovl_filter_add(&ovl_ss->linked, hash_of(o));
	return ovl_do_link(dir, name, index, to, 0);
}

int ovl_index_lose(const struct ovl_name *n)
{
	struct ovl_origin o = n->linked ? n->from : ovl_origin_of(&n->st);
	OVL_FD lock = -1;

	/* A descriptor of the object shows the loss: fstat(2) looks closer from now on. */
	ovl_filter_add(&ovl_ss->origin, ovl_hash_mix(n->st.stx_ino));
	if (!n->known || (n->st.stx_mode & S_IFMT) == S_IFDIR ||
	    (!n->linked && (n->in_upper || n->layer < 1 || n->st.stx_nlink < 2)))
		return 0;
	lock = ovl_workdir_lock();
	return lock < 0 ? lock : ovl_index_uncount(&o, n->st.stx_nlink);
}

/* "INO MAJOR MINOR" of @o; the length. */
static size_t format(const struct ovl_origin *o, char *text)
{
	size_t n = ovl_str_number(text, o->ino, 10);

	text[n++] = ' ';
	n += ovl_str_number(text + n, o->major, 10);
	text[n++] = ' ';
	return n + ovl_str_number(text + n, o->minor, 10);
}

static size_t format_birth(const struct statx *st, char *text)
{
	size_t n = ovl_str_number(text, (uint64_t)st->stx_btime.tv_sec, 10);

	text[n++] = '.';
	return n + ovl_str_number(text + n, st->stx_btime.tv_nsec, 10);
}

static void key_upper(uint64_t ino, char *out)
{
	out[0] = 'u';
	out[1] = '-';
	ovl_str_number(out + 2, ino, 16);
}

int ovl_index_set_origin(struct ovl_ctx *ctx, int dir, const char *name, const struct statx *origin)
{
	struct ovl_origin o = ovl_origin_of(origin);
	char to[KEY_SIZE];
	char text[TEXT_SIZE];
	size_t n = format(&o, text);
	int err = (int)ovl_sys(__NR_statx, dir, name, AT_SYMLINK_NOFOLLOW,
			       STATX_BASIC_STATS | STATX_BTIME, &ctx->st);

	if (err)
		return err;
	text[n++] = ' ';
	format_birth(&ctx->st, text + n);
	key_upper(ctx->st.stx_ino, to);
	ovl_filter_add(&ovl_ss->origin, ovl_hash_mix(ctx->st.stx_ino));
	return write_text(to, text);
}

void ovl_index_drop_origin(const struct statx *st)
{
	char name[KEY_SIZE];
	unsigned type = st->stx_mode & S_IFMT;
	OVL_FD dir = -1;

	if (st->stx_nlink > 1 || type == S_IFREG || type == S_IFDIR ||
	    !ovl_filter_maybe(&ovl_ss->origin, ovl_hash_mix(st->stx_ino)))
		return;
	dir = ovl_workdir_index();
	key_upper(st->stx_ino, name);
	if (dir >= 0)
		(void)ovl_do_unlink(dir, name, 0); /* a stale one is known by its birth */
}

int ovl_index_get_origin(const struct statx *st, struct ovl_origin *ret)
{
	char name[KEY_SIZE];
	char text[TEXT_SIZE];
	char born[TEXT_SIZE];
	const char *at = text;
	uint64_t major;
	uint64_t minor;
	int n;

	key_upper(st->stx_ino, name);
	n = read_text(name, text);
	if (n < 0)
		return n;
	if (!ovl_str_parse(&at, &ret->ino) || *at++ != ' ' || !ovl_str_parse(&at, &major) ||
	    *at++ != ' ' || !ovl_str_parse(&at, &minor) || *at++ != ' ')
		return -EIO;
	format_birth(st, born);
	if (!ovl_str_equal(at, born))
		return -ENOENT; /* of another object that had this number before */
	ret->major = (uint32_t)major;
	ret->minor = (uint32_t)minor;
	return 0;
}
