/* SPDX-License-Identifier: MIT */
#include "rewrite.h"

#include <linux/mman.h>

#include "die.h"
#include "entry.h"
#include "lean.h"
#include "ovl.h"
#include "ovl_hash.h"
#include "own.h"
#include "callplace.h"
#include "runtext.h"
#include "sites.h"
#include "sitetab.h"
#include "sys.h"
#include "view.h"
#include "wanted.h"

#define SITES_MAX 4096
#define JMP_LEN	  5
#define JMP	  0xe9
#define NOP	  0x90
#define SYSCALL	  2UL /* bytes */

/* Two moved instructions of 15 bytes at most, a jump; a system call and a jump. */
#define MOVED_SIZE   48
#define MOVED_NATIVE 36
#define MOVED_MAX    1024
#define MOVED_NEAR   0x50000000UL /* within reach of our text and of the program's ... */
#define MOVED_STEP   0x01000000UL /* ... and again, where a large program is in the way */
#define MOVED_TRIES  16

/* What the work needs; given back before the program runs. */
struct room {
	struct ovl_search search;
	struct ovl_site site[SITES_MAX];
};

struct rewrite {
	const struct ovl_image *image;
	struct room *room; /* NULL: not needed so far */
	uint8_t *text;	   /* of the segment being worked on */
	uint8_t *moved;
	unsigned nmoved;
	bool all;
	bool complete; /* so far: nothing was left that the engine has to see */
};

static bool write_jump(uint8_t *at, uint64_t to)
{
	int64_t distance = (int64_t)(to - (uint64_t)(at + JMP_LEN));
	int32_t rel = (int32_t)distance;

	if (!to || rel != distance)
		return false;
	at[0] = JMP;
	memcpy(at + 1, &rel, sizeof(rel));
	return true;
}

/* Where a place with a known number goes on; 0: nowhere. */
static uint64_t target_of_known(const struct rewrite *w, int nr, uint64_t back)
{
	enum ovl_own own = w->all ? ovl_own_kind(nr) : OVL_OWN_NOT;

	if (own == OVL_OWN_FORK)
		return ovl_place(back, nr, true);
	/* what a mask unblocks comes at once, and must not find itself on a stack of ours */
	if (own == OVL_OWN_RETURN || (w->all && nr == __NR_rt_sigprocmask))
		return 0;
	if (own == OVL_OWN_CALL || (!w->all && ovl_own_watches(nr)))
		return ovl_lean_stub(back, nr, 0, OVL_F_WATCH);
	if (!ovl_nr_ours(nr))
		return ovl_place(back, nr, false);
	return ovl_lean_stub(back, nr, 0, OVL_F_PLAIN);
}

static bool rewrite_mov(const struct rewrite *w, const struct ovl_site *s)
{
	uint8_t *at = w->text + s->offset;

	return write_jump(at, target_of_known(w, s->nr, (uint64_t)at + JMP_LEN + SYSCALL));
}

/*
 * The instructions before the call go to a piece of their own, then to a stub. What nobody wants
 * is made there as well, and not in our text: under dispatch such a call still traps, because its
 * number may be one of the loader's own.
 */
static bool rewrite_wrap(struct rewrite *w, const struct ovl_site *s)
{
	static const uint8_t syscall[] = {0x0f, 0x05};
	uint8_t *at = w->text + s->offset;
	uint64_t back = (uint64_t)at + s->length;
	uint8_t *moved, *native;
	size_t len = s->length - SYSCALL;

	if (!w->moved || w->nmoved == MOVED_MAX)
		return false;
	moved = w->moved + (size_t)w->nmoved * MOVED_SIZE;
	native = moved + MOVED_NATIVE;
	memcpy(moved, at, len);
	memcpy(native, syscall, SYSCALL);
	if (!write_jump(native + SYSCALL, back) ||
	    !write_jump(moved + len, ovl_lean_stub(back, -1, (uint64_t)native, OVL_F_PLAIN)) ||
	    !write_jump(at, (uint64_t)moved))
		return false;
	w->nmoved++;
	memset(at + JMP_LEN, NOP, s->length - JMP_LEN);
	return true;
}

static void rewrite_site(struct rewrite *w, const struct ovl_site *s)
{
	bool done = s->kind == OVL_SITE_MOV ? rewrite_mov(w, s) : rewrite_wrap(w, s);

	w->complete = w->complete && done;
}

/* The numbers to look for, and those that may be missed. */
static void choose_numbers(const struct rewrite *w, uint64_t *wanted, uint64_t *spared)
{
	if (w->all) {
		memset(spared, 0xff, 64);
		memset(wanted, 0xff, 64);
		return;
	}
	ovl_wanted_in_static(wanted, spared);
	for (long nr = 0; nr < 512; nr++) {
		uint64_t bit = ovl_own_watches(nr) ? 1UL << (nr % 64) : 0;

		wanted[nr / 64] |= bit;
		spared[nr / 64] |= bit;
	}
}

static long get_memory(uint64_t at, size_t size)
{
	return ovl_sys(__NR_mmap, at, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | (at ? MAP_FIXED_NOREPLACE : 0), -1, 0);
}

static bool get_room(struct rewrite *w)
{
	long room = w->room ? (long)w->room : get_memory(0, sizeof(struct room));

	if (ovl_is_err(room))
		return false;
	w->room = (struct room *)room;
	return true;
}

/* The places in text @i, as the session knows them or by a search. */
static bool find_sites(struct rewrite *w, int i, struct ovl_site_list *ret)
{
	/* for dispatch, places are looked for in what is left: it is that where all of it worked */
	bool remember = w->image->id && (!w->all || w->moved);
	uint64_t id = ovl_hash_mix(w->image->id + (uint64_t)i + (w->all ? OVL_IMAGE_TEXTS : 0));
	uint64_t wanted[8], spared[8];
	struct ovl_sites s = {
		.text = (const uint8_t *)w->image->text[i].start,
		.len = (uint32_t)w->image->text[i].len,
		.wanted = wanted,
		.spared = spared,
		.kinds = OVL_SITES_WRAP,
		.max = SITES_MAX,
	};

	if (remember && ovl_sitetab_find(ovl_ss, id, ret))
		return true;
	if (w->image->text[i].len > INT32_MAX || !get_room(w))
		return false;
	s.room = &w->room->search;
	s.site = w->room->site;
	choose_numbers(w, wanted, spared);
	if (ovl_sites_find(&s))
		return false;
	*ret = (struct ovl_site_list){s.site, s.nsites, s.nunknown};
	if (remember)
		ovl_sitetab_add(ovl_ss, id, ret);
	return true;
}

static bool rewrite_text(struct rewrite *w, int i)
{
	uint64_t start = w->image->text[i].start & -4096UL;
	uint64_t end = w->image->text[i].start + w->image->text[i].len;
	struct ovl_site_list list;

	if (!find_sites(w, i, &list))
		return false;
	w->complete = w->complete && !list.nunknown;
	if (!list.n)
		return true;
	if (ovl_sys(__NR_mprotect, start, end - start, PROT_READ | PROT_WRITE))
		return false;
	w->text = (uint8_t *)w->image->text[i].start;
	ovl_text_own(w->image->text[i].start, &list);
	for (uint32_t k = 0; k < list.n; k++)
		rewrite_site(w, &list.site[k]);
	if (ovl_text_run((void *)start, end - start, w->image->text[i].prot))
		ovl_die("program", "the system does not let changed text run", 0);
	return true;
}

/* Room for moved instructions; NULL when there is none. */
static uint8_t *get_moved(size_t size)
{
	long r = -EEXIST;

	for (uint64_t i = 0; i < MOVED_TRIES && r == -EEXIST; i++)
		r = get_memory(MOVED_NEAR + i * MOVED_STEP, size);
	return ovl_is_err(r) ? NULL : (uint8_t *)r;
}

static bool rewrite(struct rewrite *w)
{
	const size_t size = (size_t)MOVED_MAX * MOVED_SIZE;

	w->moved = get_moved(size);
	w->complete = !w->image->text_hidden;
	for (int i = 0; i < w->image->ntexts; i++)
		w->complete = rewrite_text(w, i) && w->complete;
	if (w->room)
		(void)ovl_sys(__NR_munmap, w->room, sizeof(struct room));
	if (w->moved && !w->nmoved)
		(void)ovl_sys(__NR_munmap, w->moved, size);
	else if (w->nmoved && ovl_text_run(w->moved, size, PROT_READ | PROT_EXEC))
		ovl_die("program", "the system does not let changed text run", 0);
	return w->complete;
}

bool ovl_rewrite_engine(const struct ovl_image *image)
{
	struct rewrite w = {.image = image};

	for (long nr = 0; nr < 512; nr++) {
		if (ovl_nr_ours(nr) || ovl_own_watches(nr))
			ovl_lean_want(nr);
	}
	return rewrite(&w);
}

void ovl_rewrite_all(const struct ovl_image *image)
{
	struct rewrite w = {.image = image, .all = true};

	(void)rewrite(&w);
}
