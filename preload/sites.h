/* SPDX-License-Identifier: MIT */
/*
 * sites.h - where in a library are the system calls that the engine wants to see?
 *
 * Pure: bytes in, offsets out. The preloaded object runs it once per library and
 * session; tools and tests link it hosted.
 *
 * The text is decoded from its first byte to its last, where no system call is near only for
 * the branches in it. A system call whose number is
 * known, and unwanted, is left alone: mostly futex, from a register that was loaded
 * before a loop. A number counts as known if the text from its load to the call leaves
 * that register alone, every direct branch into that stretch comes from where the
 * register is the same, and what follows a jump there is reached by such a branch. For the others
 * one of three places is chosen, see enum ovl_site_kind; bytes that some direct branch lands in are
 * never chosen. In a libc a number out of memory is not looked for where it has no place: that is
 * how it makes all its threads setuid(), and nothing else.
 */
#ifndef OVL_SITES_H
#define OVL_SITES_H

#include "ovl_session.h"

#include <stddef.h>

#define OVL_BLOCKS_MAX 6

/* A number that is not known: at all; but it comes from memory. */
#define OVL_NR_NONE   (-1)
#define OVL_NR_MEMORY (-2)

/* One system call instruction, between the two passes over the text. */
struct ovl_cand {
	uint32_t sys;	 /* where it is */
	uint32_t from;	 /* where its number was loaded into reg; sys when nobody knows */
	int16_t nr;	 /* OVL_NR_NONE: not known */
	int16_t guess;	 /* likely, by the text before, whatever way led here; or OVL_NR_* */
	uint8_t reg;	 /* eax got it from there, or is it */
	uint8_t prev;	 /* length of the instruction before; 0 when control may not come from it */
	uint8_t wrap;	 /* bytes before it that can be moved with it, 3 or more; or 0 */
	uint8_t next;	 /* bytes behind it that can be moved, 3 or more; or 0 */
	uint8_t entered; /* which of its parts a branch lands in */
	uint8_t nblocks;
	uint8_t reached;		/* a bit per block */
	uint32_t block[OVL_BLOCKS_MAX]; /* starts behind a jump or a ret, from load to call */
};

#define OVL_CANDS_MAX 2048

/* A direct branch, which may be a call, that lands near a candidate. */
struct ovl_land {
	uint32_t at;
	uint32_t to;
};

#define OVL_LANDS_MAX (1u << 17) /* glibc 2.36: 11,000 in libc.so.6 */

/* Where in the text system calls may be near: a bit per block; what lies beyond counts as near. */
#define OVL_NEAR_LOG2 10
#define OVL_NEAR_BITS (1u << 15)

/* Which kinds of places may be chosen, besides OVL_SITE_MOV. */
enum ovl_sites_kinds {
	OVL_SITES_WRAP, /* WRAP */
	OVL_SITES_ALL,	/* PREV and CMP, or else WRAP and NEXT: for what must not be missed, and
			 * with its number, where that is known */
	OVL_SITES_OWN,	/* the same, also by numbers out of memory: what is no libc */
};

/* Room for a search. */
struct ovl_search {
	uint64_t near[OVL_NEAR_BITS / 64];
	struct ovl_cand cand[OVL_CANDS_MAX];
	struct ovl_land land[OVL_LANDS_MAX];
};

struct ovl_sites {
	const uint8_t *text;	    /* in: the executable bytes ... */
	uint32_t len;		    /* ... how many ... */
	uint32_t base;		    /* ... and their offset from the library's load address */
	const uint64_t *wanted;	    /* in: 512 bits, one per number */
	const uint64_t *spared;	    /* in: of those, the ones that may be missed; NULL: none */
	enum ovl_sites_kinds kinds; /* in */
	struct ovl_search *room;    /* in: contents irrelevant */
	struct ovl_site *site;	    /* out: ... */
	uint32_t max;		    /* in: ... room there */
	uint32_t nsites;	    /* out */
	uint32_t nunknown;	    /* out: wanted, or perhaps wanted, but no place is fit */
};

/* Search @s. Returns 0, or -E2BIG when the text holds more than there is room for. */
int ovl_sites_find(struct ovl_sites *s);

/* Flavor of the comparison at @p (OVL_F_CMP_*), 0 when there is none; @n bytes are there. */
uint32_t ovl_sites_cmp(const uint8_t *p, size_t n, uint8_t *ret_len);

/* Which instruction that stubs can replay (0, 1) are the @n bytes at @p? -1: none. */
int ovl_sites_prev(const uint8_t *p, size_t n);

#endif
