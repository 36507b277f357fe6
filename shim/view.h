/* SPDX-License-Identifier: MIT */
/*
 * view.h - the session as the engine uses it: zones, layers, the shared tables
 * Context of everything here: any.
 */
#ifndef OVL_VIEW_H
#define OVL_VIEW_H

#include "ctx.h"

/* The session; set once by ovl_init(), before any door opens. */
extern struct ovl_session *ovl_ss;

static inline bool ovl_read_only(void)
{
	return ovl_ss->flags & OVL_S_READ_ONLY;
}

/* The mask of all lower layers. */
uint64_t ovl_lowers_all(void);

/* The first lower of @mask, which is not 0. */
static inline int ovl_lower_first(uint64_t mask)
{
	return __builtin_ctzll(mask);
}

/* Where the absolute, clean path @path of @n bytes lies. */
enum ovl_zone ovl_zone_of(const char *path, size_t n);

/*
 * The part of @n's path below the view root: "" or "/a/b". In upper it is the same;
 * ovl_name_low() tells it for the lowers, where a redirect may have moved it.
 */
const char *ovl_name_rel(const struct ovl_name *n);
const char *ovl_name_low(const struct ovl_name *n);

/* @p becomes layer @layer's root followed by @rel ("" or "/a/b"). -ENAMETOOLONG. */
int ovl_layer_path(struct ovl_path *p, int layer, const char *rel);

/* @p becomes the real path of @n in @layer. -ENAMETOOLONG. */
int ovl_name_real(const struct ovl_name *n, int layer, struct ovl_path *p);

/* Does a name that does not exist inside (upper, work) lie below the directory @n? */
bool ovl_name_holds_hidden(const struct ovl_name *n);

/*
 * Turn the real path @p, as the kernel tells it, into the one that the program sees:
 * below a layer's root it becomes one below the view root. Returns the layer, or
 * OVL_NONE when it is in no layer and @p is as it was. -ENAMETOOLONG, OVL_AGAIN (moved.h).
 * *@ret_lhash, if not NULL: what struct ovl_name's @lhash is of the object, if it is a lower one.
 */
int ovl_view_from_real(struct ovl_path *p, uint64_t *ret_lhash);

/* Attributes of upper's object at @rel, a path from upper's root without a slash before it. */
int ovl_upper_statx(const char *rel, struct statx *ret_st);

/* The known-directory table: *@ret_value as in struct ovl_dir_slot. False: nothing known. */
bool ovl_dirs_find(uint64_t hash, uint64_t *ret_value);

/* Remember @value for @hash; silently nothing when the table is full. */
void ovl_dirs_add(uint64_t hash, uint64_t value);

/*
 * From now on the rights that the view shows need not be those that the kernel would check:
 * session's overrides. What was found out about directories before is looked at again.
 */
void ovl_overrides_begin(void);

/* The same for ACLs, of which modes do not tell everything: session's acls. */
void ovl_acls_begin(void);

/*
 * Announce what is about to appear in upper at the path hashed @hash, before it does:
 * @hides: it will hide what the lowers hold there (anything but a plain directory).
 */
void ovl_announce(uint64_t hash, bool hides);

/*
 * And what it will be: @type as in st_mode; 0 when that is not known, and 0 or what was said
 * once holds on.
 */
void ovl_announce_type(uint64_t hash, unsigned type);

#endif
