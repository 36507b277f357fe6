/* SPDX-License-Identifier: MIT */
#include "index.h"

#include "do.h"
#include "inode.h"
#include "marks.h"
#include "real.h"
#include "str.h"
#include "view.h"
#include "workdir.h"

#define KEY_SIZE 48

static uint64_t hash_of(const struct ovl_origin *o)
{
	return ovl_hash_mix(o->ino ^ ovl_hash_mix((uint64_t)o->major << 32 | o->minor));
}

/* From now on others look for @o's copy in the index. */
static void note(const struct ovl_origin *o)
{
	ovl_filter_add(&ovl_ss->linked, hash_of(o));
	__atomic_store_n(&ovl_ss->links, 1, __ATOMIC_RELEASE);
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

static int path_of(const char *name, struct ovl_path *p)
{
	static const char dir[] = "/index/";
	struct ovl_str work = ovl_ss->work;
	int err = ovl_path_set(p, ovl_session_str(ovl_ss, work), work.len);

	if (!err)
		err = ovl_path_add(p, dir, sizeof(dir) - 1);
	return err ? err : ovl_path_add(p, name, strlen(name));
}

int ovl_index_path(const struct ovl_origin *o, struct ovl_path *p)
{
	char name[KEY_SIZE];

	key(o, name);
	return path_of(name, p);
}

/* Without a descriptor: who only looks has no other way, when the program has none free. */
static long read_by_path(const char *name, char *text)
{
	long map = ovl_sys_room(sizeof(struct ovl_path));
	struct ovl_path *p = (struct ovl_path *)map;
	long n;

	if (ovl_is_err(map))
		return map;
	n = path_of(name, p);
	if (!n)
		n = ovl_sys(__NR_readlinkat, AT_FDCWD, p->buf, text, OVL_INDEX_TEXT - 1);
	(void)ovl_sys(__NR_munmap, map, sizeof(struct ovl_path)); /* our own mapping */
	return n;
}

int ovl_index_read(const char *name, char *text)
{
	OVL_FD dir = ovl_workdir_index();
	long n;

	if (dir < 0 && dir != -EMFILE)
		return dir;
	n = dir < 0 ? read_by_path(name, text)
		    : ovl_sys(__NR_readlinkat, dir, name, text, OVL_INDEX_TEXT - 1);
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

/* Is a .wh. file of upper beside @rel, below its root, for it? Apart, for its frame. */
__attribute__((noinline)) static bool is_marked(const char *rel)
{
	struct ovl_str root = ovl_ss->layer[OVL_UPPER].path;
	char dir[OVL_INDEX_TEXT] = ".";
	OVL_FD top = -1;
	OVL_FD parent = -1;
	size_t n = strlen(rel);

	while (n && rel[n - 1] != '/')
		n--;
	if (!ovl_mark_dots(OVL_UPPER) || n >= sizeof(dir))
		return false;
	if (n) {
		memcpy(dir, rel, n - 1);
		dir[n - 1] = '\0';
	}
	top = (int)ovl_sys(__NR_openat, AT_FDCWD, ovl_session_str(ovl_ss, root),
			   O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	parent = top < 0 ? top : ovl_open_beneath(top, dir, O_PATH | O_DIRECTORY, 0);
	return parent >= 0 && ovl_mark_hides_at(parent, rel + n);
}

/* Has upper an entry at @rel, below its root, or a .wh. file for one? Apart as well. */
__attribute__((noinline)) static bool is_covered(const char *rel)
{
	struct statx st;

	return !ovl_upper_statx(rel, &st) || is_marked(rel);
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
	if (!ovl_str_parse(&at, &v) || v >= INT32_MAX)
		return -EIO;
	return (int)v + (*at == ' ' && !is_covered(at + 1));
}

/* The record tells @now; that number is true once @rel, if not NULL, is covered. */
static int write_count(const struct ovl_origin *o, int now, const char *rel)
{
	char name[KEY_SIZE];
	char text[OVL_INDEX_TEXT];
	size_t n = ovl_str_number(text, (unsigned)now, 10);
	size_t more = rel ? strlen(rel) : 0;

	if (more && n + 1 + more < sizeof(text)) {
		text[n++] = ' ';
		memcpy(text + n, rel, more);
		n += more;
	}
	text[n] = '\0';
	key_count(o, name);
	note(o);
	return ovl_index_write(name, text);
}

int ovl_index_begin(const struct ovl_origin *o, uint32_t nlink)
{
	int now = ovl_index_count(o);

	return now == -ENOENT ? write_count(o, (int)nlink, NULL) : now < 0 ? now : 0;
}

int ovl_index_cover(const struct ovl_origin *o, uint32_t nlink, const char *rel)
{
	int now = ovl_index_count(o);

	rel += *rel == '/';
	if (now < 0 && now != -ENOENT)
		return now;
	if (now == -ENOENT)
		now = (int)nlink;
	/* Somebody was first, and has counted it. */
	if (now > 0 && !is_covered(rel))
		now--;
	return write_count(o, now, rel);
}

int ovl_index_settle(const struct ovl_origin *o)
{
	int now = ovl_index_count(o);

	return now < 0 ? now : write_count(o, now, NULL);
}

int ovl_index_enter(const struct ovl_origin *o, int dir, const char *name)
{
	char to[KEY_SIZE];
	OVL_FD index = ovl_workdir_index();
	int err;

	if (index < 0)
		return index;
	key(o, to);
	note(o);
	err = ovl_do_rename(dir, name, index, to, RENAME_NOREPLACE);
	/* A file system that has no RENAME_NOREPLACE; the second name is swept if it stays. */
	if (err == -EINVAL)
		err = ovl_do_link(dir, name, index, to, 0);
	return err;
}

void ovl_index_drop(const struct ovl_origin *o)
{
	char name[KEY_SIZE];
	OVL_FD index = ovl_workdir_index();

	if (index < 0)
		return;
	key(o, name);
	(void)ovl_do_unlink(index, name, 0); /* swept by the next run if they stay */
	key_count(o, name);
	(void)ovl_do_unlink(index, name, 0);
}

bool ovl_index_loses(const struct ovl_name *n)
{
	if (!n->known || n->layer == OVL_NONE || (n->st.stx_mode & S_IFMT) == S_IFDIR)
		return false;
	return n->linked || (!n->in_upper && n->layer > OVL_UPPER && n->st.stx_nlink > 1);
}

int ovl_index_lose_begin(const struct ovl_name *n, struct ovl_origin *ret)
{
	/* A descriptor of the object shows the loss: fstat(2) looks closer from now on. */
	if (n->known)
		ovl_inode_note(n->st.stx_ino);
	if (!ovl_index_loses(n))
		return 0;
	*ret = n->linked ? n->from : ovl_origin_of(&n->st);
	return ovl_index_cover(ret, n->st.stx_nlink, ovl_name_rel(n));
}

void ovl_index_lose_end(const struct ovl_name *n, const struct ovl_origin *o)
{
	if (ovl_index_loses(n))
		(void)ovl_index_settle(o); /* as it is it tells the same */
}
