/* SPDX-License-Identifier: MIT */
/*
 * dcache.h - directories of the view that upper was seen to have, shared by the session
 *
 * An entry says: every component of this view path is a directory, none of them a symlink, and
 * upper has them all. So the path below upper's root is the object's real path, and what lies
 * between need not be looked at again. Nor need the rights to search them: what the kernel allows
 * there, and in the lowers' directories of the same path, is what the view allows.
 *
 * What may make it wrong takes it away for all processes at once:
 *  - a directory of the view renamed, or its rights changed where they count (_rights()): all
 * (_moved());
 *  - a directory removed, or a symlink about to come to be where one may have been: the entries
 *    of its bucket (_gone()).
 * Who adds one noted the counts before it looked (ctx->dcache and _begin()); who relied on one
 * asks _still() when the kernel has answered.
 * A plain file in a removed directory's place needs nothing: the kernel says ENOTDIR.
 * Context: any.
 */
#ifndef OVL_DCACHE_H
#define OVL_DCACHE_H

#include "view.h"

enum ovl_dcache_flag {
	OVL_DC_KNOWN = 1 << 0,
	OVL_DC_PURE = 1 << 1,	/* no lower shows below it */
	OVL_DC_OPAQUE = 1 << 2, /* it is marked as hiding what lowers hold */
	OVL_DC_DEEP = 1 << 3,	/* ovl_name.deep: the filters do not know the names in it */
	OVL_DC_BORDER = 1 << 6, /* a name in it is of another zone, as /proc is */
	OVL_DC_NARROW =
		1 << 5, /* not all may search it: who does not ask the kernel asks otherwise */
	OVL_DC_STICKY = 1 << 7, /* who may remove a name depends on its owner; or not known */
	OVL_DC_RECORD =
		1 << 4, /* its rights are recorded: to change it is not the kernel's to allow */
};

/*
 * A value: count of moves (32 bits), of removals in its bucket (24), flags (8). Two words of a slot
 * are written one after the other: key is the hash combined with the value, so that halves of two
 * entries are no entry.
 */
#define OVL_DC_FLAGS 0xffULL

/* The session's count of renamed directories: ctx->dcache, when a call begins. */
static inline uint32_t ovl_dcache_moves(void)
{
	return __atomic_load_n(&ovl_ss->dcache_moves, __ATOMIC_ACQUIRE);
}

/*
 * The value that an entry for the path hashed @hash will have, without flags; taken before the
 * kernel is asked about it. @moves: ovl_dcache_moves() when the walk to it began.
 */
static inline uint64_t ovl_dcache_begin(uint64_t hash, uint32_t moves)
{
	const uint32_t *gone = &ovl_ss->dcache_gone[hash & (OVL_DCACHE_BUCKETS - 1)];

	return (uint64_t)moves << 32 | __atomic_load_n(gone, __ATOMIC_ACQUIRE) << 8;
}

/* Remember @value, of ovl_dcache_begin() and with flags, for @hash. */
void ovl_dcache_add(uint64_t hash, uint64_t value);

/* Is there a good entry for @hash? Then *@ret_value is its value. */
bool ovl_dcache_find(uint64_t hash, uint64_t *ret_value);

/* Is the entry of @value for @hash as good as it was? */
static inline bool ovl_dcache_still(uint64_t hash, uint64_t value)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return (value & ~OVL_DC_FLAGS) == ovl_dcache_begin(hash, ovl_dcache_moves());
}

/* A directory is about to be renamed, or was; its rights are no longer what they were. */
void ovl_dcache_moved(void);

/*
 * The rights of upper's directory @n are about to change. Where no lower's shows and none are
 * recorded they are the kernel's alone, and only what was noted of itself counts.
 */
void ovl_dcache_rights(const struct ovl_name *n);

/* The directory hashed @hash was removed, or a symlink is about to take that name. */
void ovl_dcache_gone(uint64_t hash);

#endif
