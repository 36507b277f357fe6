/* SPDX-License-Identifier: MIT */
#include "readdir.h"

#include "inode.h"
#include "known.h"
#include "listing.h"
#include "lock.h"
#include "lookup.h"
#include "marks.h"
#include "override.h"
#include "real.h"
#include "systab.h"

#define TMPFS_MAGIC 0x01021994 /* statfs(2) */
#define BTRFS_MAGIC 0x9123683e
#define XFS_MAGIC   0x58465342

enum { FROM_SET = 0, FROM_CUR = 1 }; /* lseek(2) */

/* getdents64's record, or getdents' older one: where things are. */
struct format {
	unsigned name;	/* offset of the name */
	bool type_last; /* the type is the record's last byte */
};

static const struct format format64 = {OVL_DIRENT_NAME, false};
static const struct format format_old = {18, true};

/* What a program's buffer takes. */
struct sink {
	const struct format *format;
	char *buf;
	size_t size;
	size_t used;
	uint64_t position; /* behind the last entry that was put */
};

/* Put one entry. False: there is no room for it. */
static bool put(struct sink *s, const char *name, uint64_t ino, unsigned type, uint64_t position)
{
	size_t n = strlen(name);
	size_t length = (s->format->name + n + 1 + s->format->type_last + 7) & ~(size_t)7;
	char *to = s->buf + s->used;
	uint16_t reclen = (uint16_t)length;

	if (length > s->size - s->used)
		return false;
	memset(to, 0, length);
	memcpy(to, &ino, 8);
	memcpy(to + 8, &position, 8);
	memcpy(to + 16, &reclen, 2);
	memcpy(to + s->format->name, name, n);
	to[s->format->type_last ? length - 1 : 18] = (char)type;
	s->used += length;
	s->position = position;
	return true;
}

/* The same of the listing's record @d, which is as getdents64 gives it, by words. */
static bool put_record(struct sink *s, const struct ovl_dirent *d, uint64_t position)
{
	char *to = s->buf + s->used;
	const char *from = (const char *)d;

	if (s->format->type_last)
		return put(s, d->name, d->ino, d->type, position);
	if (d->reclen > s->size - s->used)
		return false;
	__builtin_memcpy(to, from, 8);
	__builtin_memcpy(to + 8, &position, 8);
	for (unsigned i = 16; i < d->reclen; i += 8)
		__builtin_memcpy(to + i, from + i, 8);
	s->used += d->reclen;
	s->position = position;
	return true;
}

static uint64_t parent_ino(struct ovl_ctx *ctx, struct ovl_name *n)
{
	struct ovl_name *up = &ctx->name[1];

	if (ovl_path_set(&ctx->clean, n->at.buf, n->at.len))
		return n->st.stx_ino;
	ovl_path_pop(&ctx->clean);
	if (ovl_namei_clean(ctx, up, ctx->clean.buf) || up->layer == OVL_NONE ||
	    ovl_lookup_stat(ctx, up))
		return n->st.stx_ino;
	if (up->zone == OVL_Z_VIEW)
		ovl_inode_present_name(ctx, up);
	return up->st.stx_ino;
}

/* Fill @s with the names of @l behind s->position. False: one is left. */
static bool fill_names(const struct ovl_listing *l, struct sink *s)
{
	for (uint32_t i = ovl_listing_find(l, s->position); i < l->count; i++) {
		if (!put_record(s, ovl_listing_record(l, i), l->item[i].position))
			return false;
	}
	return true;
}

/* The same of the whole directory. */
static bool fill(struct ovl_ctx *ctx, struct ovl_name *n, const struct ovl_listing *l,
		 struct sink *s)
{
	return (s->position != 0 || put(s, ".", n->st.stx_ino, OVL_DT_DIR, 1)) &&
	       (s->position != 1 || put(s, "..", parent_ino(ctx, n), OVL_DT_DIR, 2)) &&
	       fill_names(l, s);
}

/*
 * What was read of @l, to @s, is the answer, and the next call goes on behind it. @all: nothing is
 * left. A buffer too small for one entry is EINVAL: getdents(2).
 */
static long answer(int fd, struct ovl_listing *l, const struct sink *s, bool all)
{
	long r;

	if (!s->used && all) {
		ovl_listing_free(l);
		return 0;
	}
	ovl_listing_put(l);
	r = ovl_sys(__NR_lseek, fd, s->position, FROM_SET);
	if (!s->used)
		return -EINVAL;
	return r < 0 ? r : (long)s->used;
}

static int get_listing(struct ovl_ctx *ctx, struct ovl_name *n, int fd, uint64_t position,
		       struct ovl_listing **ret)
{
	struct ovl_listing *l = ovl_listing_take(n->hash, fd);
	int err;

	if (l && position) {
		*ret = l;
		return 0;
	}
	if (l)
		ovl_listing_free(l);
	err = ovl_listing_build(ctx, n, position ? -1 : fd, ret);
	if (!err) {
		(*ret)->fd = fd;
		if (ovl_still(ctx))
			return 0;
		ovl_listing_free(*ret);
		err = OVL_AGAIN;
	}
	if (!position)
		(void)ovl_sys(__NR_lseek, fd, 0, FROM_SET); /* as if nothing had been read */
	return err;
}

static long read_merged(struct ovl_ctx *ctx, struct ovl_name *n, int fd, struct sink *s)
{
	struct ovl_listing *l;
	long at = ovl_sys(__NR_lseek, fd, 0, FROM_CUR);
	long r;

	if (at < 0)
		return at;
	if (at < 2) {
		r = ovl_lookup_stat(ctx, n);
		if (r)
			return r;
		ovl_inode_present_name(ctx, n);
	}
	r = get_listing(ctx, n, fd, (uint64_t)at, &l);
	if (r)
		return r;
	s->position = (uint64_t)at;
	return answer(fd, l, s, fill(ctx, n, l, s));
}

bool ovl_dir_go_on(struct ovl_call *c, uint64_t hash)
{
	int fd = (int)c->arg[0];
	struct sink s = {
		.format = &format64, .buf = (char *)c->arg[1], .size = (unsigned)c->arg[2]};
	struct ovl_listing *l = ovl_listing_take(hash, fd);
	long at;

	if (!l)
		return false;
	at = ovl_sys(__NR_lseek, fd, 0, FROM_CUR);
	if (at < 2 || (uintptr_t)s.buf < 4096) {
		ovl_listing_put(l);
		return false;
	}
	s.position = (uint64_t)at;
	c->ret = answer(fd, l, &s, fill_names(l, &s));
	return true;
}

/*
 * Should the entry @name of @type, which the kernel listed for directory @n, be left out? In
 * upper's own directory, unless names in it do not exist inside, only a whiteout is.
 */
static bool is_gone(struct ovl_ctx *ctx, struct ovl_name *n, const char *name, unsigned type)
{
	struct ovl_name *child = &ctx->name[1];
	uint64_t h;

	if (ctx->fd_layer != OVL_NONE &&
	    ovl_mark_is_file_at(ctx->fd_layer, ovl_arg_fd(ctx, 0), name))
		return true;
	if (ctx->fd_layer == OVL_UPPER && type != OVL_DT_CHR && type != OVL_DT_UNKNOWN &&
	    n->layer == OVL_UPPER && !n->lowers && !ovl_name_holds_hidden(n))
		return false;
	h = ovl_hash_push(n->hash, name, strlen(name));
	if (!ovl_filter_maybe(&ovl_ss->hidden, h))
		return false;
	if (ovl_path_set(&ctx->clean, n->at.buf, n->at.len) ||
	    ovl_path_push(&ctx->clean, name, strlen(name)))
		return false;
	return !ovl_namei_clean(ctx, child, ctx->clean.buf) && child->layer == OVL_NONE;
}

/* The number that the view shows for @name. */
static uint64_t shown_ino(struct ovl_ctx *ctx, struct ovl_name *n, const char *name, uint64_t ino)
{
	struct ovl_name *child = &ctx->name[1];

	if (!ovl_inode_maybe_origin(ino))
		return ctx->fd_layer == OVL_UPPER && ovl_inode_is_foreign() ? ino | OVL_INO_FOREIGN
									    : ino;
	if (ovl_path_set(&ctx->clean, n->at.buf, n->at.len) ||
	    ovl_path_push(&ctx->clean, name, strlen(name)) ||
	    ovl_namei_clean(ctx, child, ctx->clean.buf) || child->layer != OVL_UPPER ||
	    ovl_lookup_stat(ctx, child))
		return ino;
	ovl_inode_present_name(ctx, child);
	return child->st.stx_ino;
}

/* The kernel's records in @s->buf lose what the view does not show. Bytes left. */
static long filter_native(struct ovl_ctx *ctx, struct ovl_name *n, struct sink *s, long got)
{
	long kept = 0;

	for (long i = 0; i < got;) {
		char *d = s->buf + i;
		const char *name = d + s->format->name;
		uint16_t reclen;
		uint64_t ino;

		memcpy(&reclen, d + 16, 2);
		memcpy(&ino, d, 8);
		i += reclen;
		if (!ovl_is_dot(name, strlen(name)) && !ovl_is_dotdot(name, strlen(name))) {
			if (is_gone(ctx, n, name,
				    (unsigned char)d[s->format->type_last ? reclen - 1 : 18]))
				continue;
			ino = shown_ino(ctx, n, name, ino);
		}
		memcpy(d, &ino, 8);
		memmove(s->buf + kept, d, reclen);
		kept += reclen;
	}
	return kept;
}

static long read_native(struct ovl_ctx *ctx, struct ovl_name *n, int fd, struct sink *s)
{
	long at = ovl_sys(__NR_lseek, fd, 0, FROM_CUR);
	long got;
	long kept;

	ovl_known_set_listing(fd, ovl_dir_tag(n->hash));
	do {
		got = ovl_sys(ctx->call->nr, fd, s->buf, s->size);
		if (got <= 0)
			return got;
		kept = filter_native(ctx, n, s, got);
	} while (!kept);
	/* What is not shown was decided by names: look again, from where we were. */
	if (!ovl_still(ctx) && ovl_sys(__NR_lseek, fd, at, FROM_SET) >= 0)
		return OVL_AGAIN;
	return kept;
}

/* Do several layers, or a layer and what is hidden, make up directory @n? */
static bool is_merged(const struct ovl_name *n)
{
	return (n->layer == OVL_UPPER && n->lowers) || (n->lowers & (n->lowers - 1));
}

/*
 * Did the kernel begin this listing, and is it in the midst of it? Then it goes on that way,
 * though the directory became a merged one meanwhile, because the positions are the kernel's.
 * A listing of which that is forgotten (by exec) goes on by our positions.
 */
static bool is_native(const struct ovl_name *n, int fd)
{
	return ovl_known_listing(fd) == ovl_dir_tag(n->hash) &&
	       ovl_sys(__NR_lseek, fd, 0, FROM_CUR) > 0;
}

static long read_dir(struct ovl_ctx *ctx, const struct format *format)
{
	struct ovl_name *n = &ctx->name[0];
	int fd = ovl_arg_fd(ctx, 0);
	struct sink s = {.format = format,
			 .buf = (char *)ovl_arg(ctx, 1),
			 .size = (unsigned)ovl_arg(ctx, 2)};
	int err = ovl_namei_fd(ctx, n, fd);

	if ((uintptr_t)s.buf < 4096)
		return OVL_R_PASS;
	if (err == -ESTALE && ctx->fd_layer != OVL_NONE)
		return -ENOENT;
	if (err || n->zone == OVL_Z_HIDDEN)
		return OVL_R_PASS;
	if (ovl_op_is_dir(ctx, n) != 1)
		return OVL_R_PASS;
	if (n->zone != OVL_Z_VIEW)
		return read_native(ctx, n, fd, &s);
	if (!is_merged(n) || is_native(n, fd))
		return read_native(ctx, n, fd, &s);
	ovl_known_set_listing(fd, 0);
	return read_merged(ctx, n, fd, &s);
}

long ovl_op_getdents64(struct ovl_ctx *ctx)
{
	return read_dir(ctx, &format64);
}

long ovl_op_getdents(struct ovl_ctx *ctx)
{
	return read_dir(ctx, &format_old);
}

/*
 * Directory @n of @layer cannot be read. What tells of its content besides: on some file systems
 * an empty one has a size that no other has. Where nothing tells, it is not empty: a removal that
 * fails loses nothing.
 */
static bool looks_empty(struct ovl_ctx *ctx, const struct ovl_name *n, int layer)
{
	OVL_LOC loc = OVL_LOC_INIT;
	uint64_t fs[16]; /* struct statfs: its type is first */

	if (ovl_name_real(n, layer, &ctx->real) || ovl_real_statx(&ctx->real, &ctx->st) ||
	    ovl_loc_path(&ctx->real, &loc) || ovl_sys(__NR_statfs, loc.name, fs))
		return false;
	switch (fs[0]) {
	case TMPFS_MAGIC:
		return ctx->st.stx_size <= 40; /* 20 for each name, "." and ".." among them */
	case BTRFS_MAGIC:
		return ctx->st.stx_size == 0;
	case XFS_MAGIC:
		return ctx->st.stx_size <= 10; /* its parent and a header; one name takes 9 more */
	default:
		return false;
	}
}

/* Does the directory @n, which cannot be read in some lower, look empty, upper's part included? */
static bool all_look_empty(struct ovl_ctx *ctx, struct ovl_name *n)
{
	uint64_t lowers = n->lowers;
	struct ovl_listing *l;
	bool empty = true;

	if (n->layer == OVL_UPPER) {
		n->lowers = 0;
		empty = !ovl_listing_build(ctx, n, -1, &l);
		n->lowers = lowers;
		if (empty) {
			empty = !l->count;
			ovl_listing_free(l);
		}
	}
	for (; lowers && empty; lowers &= lowers - 1)
		empty = looks_empty(ctx, n, ovl_lower_first(lowers));
	return empty;
}

int ovl_dir_open_up(struct ovl_ctx *ctx, struct ovl_name *n)
{
	OVL_LOC loc = OVL_LOC_INIT;
	int err = ovl_inode_present_copy(ctx, n, &loc);

	return err ? err : ovl_override_chmod(loc.name, &n->st, n->st.stx_mode & 07777);
}

int ovl_dir_must_be_empty(struct ovl_ctx *ctx, struct ovl_name *n)
{
	struct ovl_listing *l;
	uint32_t count;
	int err = ovl_listing_build(ctx, n, -1, &l);

	/* rename(2) and rmdir(2) ask for no right to what they remove. */
	if (err == -EACCES && n->layer == OVL_UPPER && !ovl_dir_open_up(ctx, n))
		err = ovl_listing_build(ctx, n, -1, &l);
	if (err == -EACCES)
		return all_look_empty(ctx, n) ? 0 : -ENOTEMPTY;
	if (err)
		return err;
	count = l->count;
	ovl_listing_free(l);
	return count ? -ENOTEMPTY : 0;
}
