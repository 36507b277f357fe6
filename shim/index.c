/* SPDX-License-Identifier: MIT */
#include "index.h"

#include "do.h"
#include "lock.h"
#include "real.h"
#include "str.h"
#include "view.h"
#include "workdir.h"

#define KEY_SIZE 48

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

int ovl_index_read(const char *name, char *text)
{
	OVL_FD dir = ovl_workdir_index();
	long n;

	if (dir < 0)
		return dir;
	n = ovl_sys(__NR_readlinkat, dir, name, text, OVL_INDEX_TEXT - 1);
	if (n < 0)
		return (int)n;
	text[n] = '\0';
	return 0;
}

int ovl_index_write(const char *name, const char *text)
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
	char text[OVL_INDEX_TEXT];
	const char *at = text;
	uint64_t v;
	int err;

	key_count(o, name);
	err = ovl_index_read(name, text);
	if (err)
		return err;
	return ovl_str_parse(&at, &v) && v <= INT32_MAX ? (int)v : -EIO;
}

int ovl_index_uncount(const struct ovl_origin *o, uint32_t nlink)
{
	char name[KEY_SIZE];
	char text[OVL_INDEX_TEXT];
	int now = ovl_index_count(o);

	if (now < 0 && now != -ENOENT)
		return now;
	if (now == -ENOENT)
		now = (int)nlink;
	key_count(o, name);
	ovl_str_number(text, now > 0 ? (uint64_t)now - 1 : 0, 10);
	ovl_filter_add(&ovl_ss->linked, hash_of(o));
	return ovl_index_write(name, text);
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

int ovl_index_lose(const struct ovl_ctx *ctx, const struct ovl_name *n)
{
	struct ovl_origin o = n->linked ? n->from : ovl_origin_of(&n->st);
	OVL_LOCK lock = -1;

	/* A descriptor of the object shows the loss: fstat(2) looks closer from now on. */
	ovl_filter_add(&ovl_ss->origin, ovl_hash_mix(n->st.stx_ino));
	if (!n->known || (n->st.stx_mode & S_IFMT) == S_IFDIR ||
	    (!n->linked && (n->in_upper || n->layer < 1 || n->st.stx_nlink < 2)))
		return 0;
	lock = ovl_lock(ctx);
	return lock < 0 ? lock : ovl_index_uncount(&o, n->st.stx_nlink);
}
