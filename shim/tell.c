/* SPDX-License-Identifier: MIT */
#include "tell.h"

#include "bases.h"
#include "known.h"
#include "marks.h"
#include "str.h"
#include "view.h"
#include "way.h"
#include "word.h"

static bool is_absolute(const char *path)
{
	return path[0] == '/';
}

/* May the directory @hash let others in than the lower one does? */
static bool has_own_rights(uint64_t hash)
{
	return ovl_ss->overrides && ovl_filter_maybe(&ovl_ss->present, hash);
}

/*
 * Hash @t's path on, up to its last component: t->dir becomes the hash of its directory, t->name
 * and t->n the last component, t->hash that of all. t->clean is false when upper may hide a
 * directory on the way, or have one with rights of its own. False: a "..", a trailing slash,
 * nothing at all.
 */
static __attribute__((noinline)) bool walk(struct ovl_told *t)
{
	uint64_t own = has_own_rights(t->dir) ? t->dir : 0;
	const char *at = t->path;
	uint64_t value;
	size_t n;

	t->clean = true;
	for (;; t->dir = t->hash) {
		for (; *at == '/'; at++)
			;
		t->name = at;
		t->hash = ovl_word_hash(t->dir, at, &at);
		n = (size_t)(at - t->name);
		if (!*at)
			break;
		if (ovl_is_dot(t->name, n)) {
			t->hash = t->dir;
			continue;
		}
		if (!ovl_tell_is_name(t->name, n))
			return false;
		if (ovl_filter_maybe(&ovl_ss->hidden, t->hash))
			t->clean = false;
		if (has_own_rights(t->hash))
			own = t->hash;
	}
	/* What is known of the last one holds for all above. */
	if (own && !ovl_dcache_find(own, &value))
		t->clean = false;
	t->n = (uint16_t)n;
	return ovl_tell_is_name(t->name, n) && at - t->path < PATH_MAX;
}

/* The same of one name, from a directory that is known. */
static __attribute__((noinline)) bool is_one_name(struct ovl_told *t)
{
	if (ovl_ss->overrides || !ovl_way_name(t, t->path))
		return false;
	t->clean = true;
	t->value = 0;
	return true;
}

/* What the table says that lowers have of the directory hashed @hash; or 0. */
static uint64_t lowers_of(uint64_t hash)
{
	uint64_t value;

	return ovl_dirs_find(hash, &value) && (value & OVL_DIRS_LOWER) ? value : 0;
}

/* Walked once, it is kept for the next one that goes the same way. */
static inline bool find_way(struct ovl_told *t)
{
	uint64_t ways;
	uint64_t from;

	if ((!is_absolute(t->path) && is_one_name(t)) || ovl_way_find(t))
		return true;
	ways = ovl_way_begin();
	from = t->dir;
	if (!walk(t))
		return false;
	t->value = lowers_of(t->dir);
	ovl_way_keep(t, from, ways);
	return true;
}

static uint64_t outside_now(void)
{
	return OVL_DIRS_OUTSIDE | __atomic_load_n(&ovl_ss->outside_gen, __ATOMIC_ACQUIRE);
}

static inline bool is_plain_dir(uint64_t hash, uint64_t value)
{
	if (value & OVL_DIRS_OUTSIDE)
		return value == outside_now();
	if (!(ovl_ss->flags & OVL_S_SAME_ROOT) || !(value & OVL_DIRS_LOWER))
		return false;
	/* Without a lower directory there it is missing, or upper's alone. */
	return (value & OVL_DIRS_MASK) || !ovl_filter_maybe(&ovl_ss->present, hash);
}

bool ovl_tell_plain_dir(uint64_t hash, uint64_t value)
{
	return is_plain_dir(hash, value);
}

/* @room's path begins with that of @t's directory: the name goes behind it. False: it has no room.
 */
static __attribute__((noinline)) bool set_name(struct ovl_told *t, struct ovl_room *room)
{
	if (room->prefix + t->n >= OVL_ROOM_PATH)
		return false;
	memcpy(room->path + room->prefix, t->name, t->n + 1U);
	t->path = room->path;
	return true;
}

static unsigned length(struct ovl_str root)
{
	return root.len == 1 ? 0 : root.len;
}

/* The real path of @t's directory in @layer, and the name. False: it does not fit. */
static __attribute__((noinline)) bool set_path(struct ovl_told *t, int layer, struct ovl_room *room)
{
	const struct ovl_layer *l = &ovl_ss->layer[layer];
	unsigned cut = length(ovl_ss->root);
	unsigned n = (unsigned)(t->name - t->path) - cut;

	room->dir = 0;
	if ((int)n <= 0 || length(l->path) + n > OVL_ROOM_PATH || t->path[cut] != '/' ||
	    memcmp(t->path, ovl_session_str(ovl_ss, ovl_ss->root), cut))
		return false;
	memcpy(room->path, ovl_session_str(ovl_ss, l->path), length(l->path));
	memcpy(room->path + length(l->path), t->path + cut, n);
	room->prefix = length(l->path) + n;
	room->layer = layer;
	room->dir = t->dir;
	return set_name(t, room);
}

/* The same of a relative path, from a directory that another layer has, too. */
static __attribute__((noinline)) bool set_from_base(struct ovl_told *t, int layer,
						    struct ovl_room *room)
{
	struct ovl_str real = ovl_ss->layer[layer].path;
	unsigned n = (unsigned)(t->name - t->path);
	unsigned keep = length(real);
	int base;

	if (!ovl_known_in_place(t->dirfd, (uint64_t)t->arg[0]) || keep >= OVL_ROOM_PATH)
		return false;
	if (room->dir == t->dir && room->layer == layer)
		return set_name(t, room);
	room->dir = 0;
	base = ovl_base_path((uint64_t)t->arg[0], length(ovl_ss->root), room->path + keep,
			     OVL_ROOM_PATH - keep);
	if (base < 0 || keep + (unsigned)base + 1 + n > OVL_ROOM_PATH)
		return false;
	memcpy(room->path, ovl_session_str(ovl_ss, real), keep);
	keep += (unsigned)base;
	room->path[keep++] = '/';
	memcpy(room->path + keep, t->path, n);
	room->prefix = keep + n;
	room->layer = layer;
	room->dir = t->dir;
	return set_name(t, room);
}

/*
 * @t is of @layer: its real path is put together, unless it starts from that layer's directory.
 * Most of it may be there from the room's last use. False: it does not fit. No call is made from
 * here but the last one, for the sake of the stack.
 */
static bool set_layer(struct ovl_told *t, int layer)
{
	struct ovl_room *room;

	if (!is_absolute(t->path) && layer == t->base)
		return true;
	room = t->room ? t->room : ovl_room_take_left();
	t->room = room;
	if (!room)
		return false;
	if (!is_absolute(t->path))
		return set_from_base(t, layer, room);
	return room->dir == t->dir && room->layer == layer ? set_name(t, room)
							   : set_path(t, layer, room);
}

/* Upper's way of keeping things is the plain one: nothing is recorded beside the objects. */
static bool is_plain_upper(void)
{
	return !(ovl_ss->flags & (OVL_S_READ_ONLY | OVL_S_NO_XATTR)) && !ovl_mark_dots(OVL_UPPER);
}

/* The directory may be upper's, and what it has of that name decides. */
static __attribute__((noinline)) enum ovl_tell tell_upper(struct ovl_told *t)
{
	if (!ovl_dcache_find(t->dir, &t->value) || (t->value & OVL_DC_BORDER) ||
	    !is_plain_upper() || ovl_str_starts(t->name, ".wh."))
		return OVL_TELL_NOTHING;
	return set_layer(t, OVL_UPPER) ? OVL_TELL_UPPER : OVL_TELL_NOTHING;
}

/*
 * The directory, described by the table's @value, is some lowers'. Upper has nothing there. Of
 * what none of them has, the first says so.
 */
static __attribute__((noinline)) enum ovl_tell tell_lower(struct ovl_told *t, uint64_t value)
{
	uint64_t mask = value & OVL_DIRS_MASK;
	uint64_t of = 0;

	if (!(value & OVL_DIRS_LOWER) || !mask)
		return OVL_TELL_NOTHING;
	if (!ovl_dirs_find(t->hash, &of) || (of & OVL_DIRS_OUTSIDE))
		of = 0;
	if (of & OVL_DIRS_FILE)
		mask = 1ULL << (of & 63);
	else if (mask & of)
		mask &= of;
	else if ((mask & (mask - 1)) && !(of & OVL_DIRS_MISSING))
		return OVL_TELL_NOTHING;
	if ((ovl_ss->dot_wh & mask) || !set_layer(t, ovl_lower_first(mask)))
		return OVL_TELL_NOTHING;
	return OVL_TELL_UNTOUCHED;
}

/* Upper has nothing of that name, and hides nothing on the way. */
static enum ovl_tell tell_untouched(struct ovl_told *t)
{
	uint64_t value = t->value;

	if (!value && !ovl_dirs_find(t->dir, &value))
		return OVL_TELL_NOTHING;
	if (!is_plain_dir(t->dir, value))
		return tell_lower(t, value);
	/* A path left to the kernel is not below the lower's directory, but where that is seen. */
	if (t->base > OVL_UPPER && !(ovl_ss->flags & OVL_S_SAME_ROOT))
		return OVL_TELL_NOTHING;
	return OVL_TELL_UNTOUCHED;
}

/* Where does @path start from? False: it is not known. */
static bool begin(struct ovl_told *t, int dirfd, const char *path)
{
	t->dirfd = dirfd;
	t->path = path;
	t->moves = ovl_dcache_moves();
	t->base = OVL_NONE;
	t->dir = OVL_HASH_ROOT;
	t->room = NULL;
	if ((unsigned long)path < 4096)
		return false;
	if (!is_absolute(path) && !ovl_known_find(dirfd, &t->dir, &t->base))
		return false;
	t->arg[0] = (long)t->dir;
	return true;
}

bool ovl_tell(struct ovl_told *t, int dirfd, const char *path)
{
	if (!begin(t, dirfd, path) || !find_way(t))
		return false;
	t->tell = OVL_TELL_NOTHING;
	if (t->base != OVL_UPPER && t->clean && !ovl_filter_maybe(&ovl_ss->hidden, t->hash) &&
	    !ovl_filter_maybe(&ovl_ss->present, t->hash))
		t->tell = tell_untouched(t);
	if (t->tell == OVL_TELL_NOTHING)
		t->tell = tell_upper(t);
	return t->tell != OVL_TELL_NOTHING;
}

uint64_t ovl_told_value(const struct ovl_told *t)
{
	uint64_t value;

	if (!ovl_dirs_find(t->hash, &value))
		return 0;
	return value & OVL_DIRS_OUTSIDE && (value & ~OVL_DIRS_FILE) != outside_now() ? 0 : value;
}

bool ovl_tell_in(struct ovl_told *ret, const struct ovl_told *t, int dirfd, const char *path,
		 int layer)
{
	*ret = *t;
	ret->dirfd = dirfd;
	ret->path = path;
	ret->room = NULL;
	return set_layer(ret, layer);
}

bool ovl_told_still(const struct ovl_told *t)
{
	return ovl_dcache_still(t->dir, t->value);
}

bool ovl_told_special(const struct ovl_told *t)
{
	return (t->value & OVL_DC_DEEP) || ovl_filter_maybe(&ovl_ss->special, t->hash);
}
