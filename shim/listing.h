/* SPDX-License-Identifier: MIT */
/*
 * listing.h - the merged content of one directory, in memory
 *
 * Built in one go from all layers, sorted by position. A process keeps a few, so that reading
 * a directory in many small steps costs one build; they only save time: a listing that is
 * built again has the same positions.
 * Context: any (entry: signals blocked).
 */
#ifndef OVL_LISTING_H
#define OVL_LISTING_H

#include "ctx.h"
#include "dirent.h"

/* One name; its record is as the kernel gave it, with the number that the view shows. */
struct ovl_item {
	uint64_t position; /* hash of the name: 62 bits, from 3 on */
	uint32_t record;   /* offset of its struct ovl_dirent in the listing's records */
	uint8_t layer;
	uint8_t hides; /* a whiteout */
};

struct ovl_listing {
	uint64_t key; /* hash of the directory's path */
	int fd;	      /* the descriptor that it was made for */
	uint32_t count;
	size_t size; /* bytes of this mapping */
	size_t records_size;
	size_t records_used;
	char *records;
	struct ovl_item item[];
};

/*
 * Build the listing of directory @n. *@ret is the caller's, for _put() or _free(). @own, if it is
 * not -1, is a descriptor of it at its beginning, found by ovl_namei_fd(): its layer is read by it.
 */
int ovl_listing_build(struct ovl_ctx *ctx, struct ovl_name *n, int own, struct ovl_listing **ret);

/* Take the kept listing of (@key, @fd) out of the keep, or NULL. */
struct ovl_listing *ovl_listing_take(uint64_t key, int fd);

/* Keep @l for later calls; the oldest one makes room. */
void ovl_listing_put(struct ovl_listing *l);

/* Done with @l. The memory of one that was not large is kept for the next one. */
void ovl_listing_free(struct ovl_listing *l);

/* Index of the first item behind @position; l->count when there is none. */
uint32_t ovl_listing_find(const struct ovl_listing *l, uint64_t position);

static inline const struct ovl_dirent *ovl_listing_record(const struct ovl_listing *l, uint32_t i)
{
	return (const struct ovl_dirent *)(const void *)(l->records + l->item[i].record);
}

#endif
