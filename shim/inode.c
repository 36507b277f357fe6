/* SPDX-License-Identifier: MIT */
#include "inode.h"

#include "fdview.h"
#include "index.h"
#include "lookup.h"
#include "marks.h"
#include "origins.h"
#include "override.h"
#include "real.h"
#include "record.h"
#include "seal.h"
#include "stat_x86_64.h"
#include "str.h"
#include "view.h"

/* "INO MAJOR MINOR": three decimal numbers and two blanks fit with room to spare. */
#define ORIGIN_SIZE 72

bool ovl_inode_maybe_origin(uint64_t ino)
{
	return ovl_filter_maybe(&ovl_ss->origin, ovl_hash_mix(ino));
}

void ovl_inode_note(uint64_t ino)
{
	ovl_filter_add(&ovl_ss->origin, ovl_hash_mix(ino));
}

int ovl_inode_set_origin(int fd, const struct statx *st, const struct statx *origin)
{
	struct ovl_record r = {.origin = ovl_origin_of(origin)};
	char text[ORIGIN_SIZE];
	size_t n;

	if (ovl_record_fits(st))
		return ovl_record_set(st, &r);
	n = ovl_str_number(text, origin->stx_ino, 10);

	text[n++] = ' ';
	n += ovl_str_number(text + n, origin->stx_dev_major, 10);
	text[n++] = ' ';
	n += ovl_str_number(text + n, origin->stx_dev_minor, 10);
	ovl_inode_note(st->stx_ino);
	return (int)ovl_sys(__NR_fsetxattr, fd, OVL_XATTR_ORIGIN, text, n, 0);
}

static bool parse_origin(const char *text, struct ovl_origin *ret)
{
	uint64_t major;
	uint64_t minor;

	if (!ovl_str_parse(&text, &ret->ino) || *text++ != ' ' || !ovl_str_parse(&text, &major) ||
	    *text++ != ' ' || !ovl_str_parse(&text, &minor))
		return false;
	ret->major = (uint32_t)major;
	ret->minor = (uint32_t)minor;
	return true;
}

/* What upper's object @fd, @st, was copied from. -ENODATA: from nothing. */
static int get_origin(int fd, const struct statx *st, struct ovl_origin *ret)
{
	char link[OVL_FD_LINK];
	char text[ORIGIN_SIZE];
	struct ovl_record r = {.device = false};
	long n;

	if (ovl_record_fits(st)) {
		n = ovl_record_get(st, &r);
		*ret = r.origin;
		return n == -ENOENT || (!n && !r.origin.ino) ? -ENODATA : (int)n;
	}
	ovl_fd_link(fd, link);
	n = ovl_sys(__NR_getxattr, link, OVL_XATTR_ORIGIN, text, ORIGIN_SIZE - 1);
	if (n < 0)
		return (int)n;
	text[n] = '\0';
	return parse_origin(text, ret) ? 0 : -ENODATA;
}

bool ovl_inode_is_other(int fd, const struct statx *lower)
{
	struct ovl_origin o;
	struct statx st;
	int err = (int)ovl_sys(__NR_statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME,
			       &st);

	if (!err)
		err = get_origin(fd, &st, &o);
	return err ? err == -ENODATA
		   : o.ino != lower->stx_ino || o.major != lower->stx_dev_major ||
			       o.minor != lower->stx_dev_minor;
}

/* How many names the view shows: upper's, but not the index's, and lowers' that still show. */
static void count_links(const struct ovl_origin *o, struct statx *st)
{
	int lowers = ovl_index_maybe(o) ? ovl_index_count(o) : -ENOENT;

	if (lowers >= 0 && (st->stx_mode & S_IFMT) != S_IFDIR)
		st->stx_nlink += (uint32_t)lowers - 1;
}

static void apply_origin(const struct ovl_origin *o, struct statx *st)
{
	count_links(o, st);
	st->stx_ino = o->ino;
	st->stx_dev_major = o->major;
	st->stx_dev_minor = o->minor;
}

static void apply_owner(const struct ovl_override *o, struct statx *st)
{
	st->stx_uid = o->uid;
	st->stx_gid = o->gid;
	st->stx_mode = (uint16_t)((st->stx_mode & S_IFMT) | o->mode);
}

/* The value of xattr @name, NUL-terminated; false when there is none. */
static bool get_xattr(long nr, const char *path, const char *name, char *buf)
{
	long n = ovl_sys(nr, path, name, buf, ORIGIN_SIZE - 1);

	if (n <= 0)
		return false;
	buf[n] = '\0';
	return true;
}

bool ovl_inode_is_foreign(void)
{
	return !ovl_read_only() && ovl_ss->layer[OVL_UPPER].dev != ovl_ss->layer[1].dev;
}

/* makedev(3)'s encoding apart. */
static uint32_t major_of(uint64_t dev)
{
	return (uint32_t)((dev >> 8 & 0xfff) | (dev >> 32 & 0xfffff000));
}

static uint32_t minor_of(uint64_t dev)
{
	return (uint32_t)((dev & 0xff) | (dev >> 12 & 0xffffff00));
}

static void set_dev(struct statx *st, uint64_t dev)
{
	st->stx_dev_major = major_of(dev);
	st->stx_dev_minor = minor_of(dev);
}

/* Born on upper: nothing to restore, but perhaps another file system to hide. */
static void present_born(struct statx *st)
{
	if (!ovl_inode_is_foreign())
		return;
	set_dev(st, ovl_ss->layer[1].dev);
	st->stx_ino |= OVL_INO_FOREIGN;
}

bool ovl_inode_present_known(struct statx *st)
{
	unsigned type = st->stx_mode & S_IFMT;
	uint64_t ino;

	if (ovl_ss->overrides &&
	    ((type != S_IFREG && type != S_IFDIR) || ovl_inode_maybe_origin(st->stx_ino)))
		return false;
	if (!ovl_inode_maybe_origin(st->stx_ino)) {
		present_born(st);
		return true;
	}
	if (!ovl_origins_find(st, &ino))
		return false;
	set_dev(st, ovl_ss->layer[1].dev);
	st->stx_ino = ino;
	return true;
}

/* The origin of the copy @st at @path, from memory or its xattr. */
static bool find_origin(long nr, const char *path, const struct statx *st, struct ovl_origin *ret)
{
	char text[ORIGIN_SIZE];

	if (ovl_origins_find(st, &ret->ino)) {
		ret->major = major_of(ovl_ss->layer[1].dev);
		ret->minor = minor_of(ovl_ss->layer[1].dev);
		return true;
	}
	if (!get_xattr(nr, path, OVL_XATTR_ORIGIN, text) || !parse_origin(text, ret))
		return false;
	if (ovl_dev(ret->major, ret->minor) == ovl_ss->layer[1].dev)
		ovl_origins_add(st, ret->ino);
	return true;
}

/* Of an object that can hold no xattr of ours. */
static void present_recorded(struct statx *st)
{
	struct ovl_record r;

	if (ovl_record_get(st, &r)) {
		present_born(st);
		return;
	}
	if (r.has_owner)
		apply_owner(&r.owner, st);
	if (r.device || !r.origin.ino)
		present_born(st);
	else
		apply_origin(&r.origin, st);
}

/* What the xattrs of the upper object behind @path, followed to its end, say of it. */
static void present_by(long nr, const char *path, struct statx *st)
{
	struct ovl_override owner;
	struct ovl_origin o;
	char text[ORIGIN_SIZE];
	bool maybe = ovl_inode_maybe_origin(st->stx_ino);

	if (ovl_ss->overrides && get_xattr(nr, path, OVL_XATTR_OVERRIDE, text) &&
	    !ovl_override_parse(text, &owner)) {
		if ((owner.mode & (S_ISUID | S_ISGID)) && (st->stx_mode & S_IFMT) == S_IFREG &&
		    !ovl_seal_fits(nr, path, st))
			owner.mode &= ~ovl_seal_bits(owner.mode, owner.gid);
		apply_owner(&owner, st);
	}
	if (maybe && find_origin(nr, path, st, &o))
		apply_origin(&o, st);
	else
		present_born(st);
}

void ovl_inode_present(int layer, struct ovl_path *p, struct statx *st)
{
	OVL_LOC loc = OVL_LOC_INIT;

	if (layer != OVL_UPPER)
		return;
	if (ovl_record_fits(st))
		present_recorded(st);
	else if (!ovl_loc_path(p, &loc))
		present_by(__NR_lgetxattr, loc.name, st);
}

/* A lower object of whose names some are covered by now. */
static void present_lower(struct statx *st)
{
	struct ovl_origin o = ovl_origin_of(st);
	int left;

	if (st->stx_nlink < 2 || (st->stx_mode & S_IFMT) == S_IFDIR || !ovl_index_maybe(&o))
		return;
	left = ovl_index_count(&o);
	if (left >= 0)
		st->stx_nlink = (uint32_t)left;
}

void ovl_inode_present_fd(int layer, int fd, struct statx *st)
{
	char link[OVL_FD_LINK];

	if (layer != OVL_UPPER) {
		present_lower(st);
		return;
	}
	/* Through /proc, so that O_PATH descriptors answer too. */
	ovl_fd_link(fd, link);
	if (ovl_record_fits(st))
		present_recorded(st);
	else
		present_by(__NR_getxattr, link, st);
}

/* The view root is the top lower's, as far as it can be told from it. */
static void present_root(struct statx *st)
{
	st->stx_ino = ovl_ss->layer[1].ino;
	set_dev(st, ovl_ss->layer[1].dev);
}

void ovl_inode_present_name(struct ovl_ctx *ctx, struct ovl_name *n)
{
	if (n->shown)
		return;
	n->shown = true;
	if (n->layer != OVL_UPPER)
		present_lower(&n->st);
	else if (!ovl_name_real(n, OVL_UPPER, &ctx->real))
		ovl_inode_present(OVL_UPPER, &ctx->real, &n->st);
	if (n->at.len == ovl_ss->root.len && n->layer == OVL_UPPER)
		present_root(&n->st);
	/* How many directories a merged one holds is not known: 1 says so, find(1) asks. */
	if ((n->st.stx_mode & S_IFMT) == S_IFDIR && n->layer == OVL_UPPER && n->lowers)
		n->st.stx_nlink = 1;
}

int ovl_inode_present_copy(struct ovl_ctx *ctx, struct ovl_name *n, struct ovl_loc *ret)
{
	int err = ovl_lookup_stat(ctx, n);

	if (err)
		return err;
	ovl_inode_present_name(ctx, n);
	err = ovl_name_real(n, OVL_UPPER, &ctx->real);
	return err ? err : ovl_loc_path(&ctx->real, ret);
}
