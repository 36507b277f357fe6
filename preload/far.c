/* SPDX-License-Identifier: MIT */
#include "far.h"
#include "die.h"
#include "known.h"
#include "ovl.h"
#include "patch.h"
#include "sitetab.h"
#include "sys.h"
#include "wanted.h"

#include <linux/elf.h>
#include <linux/mman.h>

#define PAGE  4096UL
#define SIZE  (2UL * OVL_FAR_TEXT)
#define TRIES 1024
#define STEP  0x100000UL
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

/* A piece's memory. */
struct far_site {
	uint64_t back;
	uint64_t nr;
};

_Static_assert(4 * OVL_FAR_CMPS * OVL_FAR_CMP_SIZE <= OVL_FAR_MOV, "far.h");
_Static_assert(OVL_FAR_ANY + OVL_FAR_ANYS * OVL_FAR_ANY_SIZE <= OVL_FAR_TEXT - 64, "far.h");
_Static_assert(sizeof(struct far_site) <= OVL_FAR_MOV_SIZE, "far.h");

extern const unsigned char ovl_far_text[];
extern const Elf64_Ehdr __ehdr_start __attribute__((visibility("hidden")));

/* Where the pieces are mapped, and how many of each class are used. */
static uint8_t *pieces;
static uint16_t used[OVL_FAR_CLASSES];

/* The offset of the pieces in this object's file. */
static long offset_in_file(void)
{
	uint64_t base = (uint64_t)&__ehdr_start;
	const Elf64_Phdr *ph = (const Elf64_Phdr *)(base + __ehdr_start.e_phoff);
	uint64_t at = (uint64_t)ovl_far_text - base;

	for (int i = 0; i < __ehdr_start.e_phnum; i++) {
		if (ph[i].p_type == PT_LOAD && at - ph[i].p_vaddr < ph[i].p_filesz)
			return (long)(ph[i].p_offset + at - ph[i].p_vaddr);
	}
	return -ENOEXEC;
}

/* Below the program, where nothing grows. */
long ovl_far_reserve(const struct ovl_object *o, size_t size)
{
	uint64_t at = (uint64_t)o->text & -PAGE;
	long r = -ENOMEM;

	for (int i = 0; i < TRIES && r < 0 && at > STEP; i++) {
		at -= i ? STEP : 16 * PAGE;
		r = ovl_sys(__NR_mmap, at, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
		/* Linux before 4.17 takes it for a hint. */
		if (r >= 0 && (uint64_t)r != at) {
			(void)ovl_sys(__NR_munmap, r, size);
			r = -EEXIST;
		}
	}
	return r;
}

/* The pieces, near @o, none of them in use. */
static int map_pieces(const struct ovl_session *ss, const struct ovl_object *o)
{
	const char *own = ovl_session_str(ss, ss->preload);
	OVL_FD fd = (int)ovl_sys(__NR_open, own, O_RDONLY | O_CLOEXEC);
	long off = offset_in_file();
	long at;
	long r;

	if (fd < 0)
		return fd;
	if (off < 0)
		return (int)off;
	at = ovl_far_reserve(o, SIZE);
	if (at < 0)
		return (int)at;
	r = ovl_sys(__NR_mmap, at, OVL_FAR_TEXT, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, fd,
		    off);
	if (ovl_is_err(r) || memcmp((void *)at, ovl_far_text, OVL_FAR_TEXT)) {
		(void)ovl_sys(__NR_munmap, at, SIZE);
		return -ENOEXEC; /* another file has its name meanwhile */
	}
	pieces = (uint8_t *)at;
	ovl_wanted_in_program((uint64_t *)(pieces + OVL_FAR_BITS));
	return 0;
}

unsigned ovl_far_room(unsigned class)
{
	if (class == OVL_FAR_CLASS_ANY)
		return OVL_FAR_ANYS;
	return class ? OVL_FAR_CMPS : OVL_FAR_MOVS;
}

const uint8_t *ovl_far_piece(const struct ovl_session *ss, const struct ovl_object *o,
			     unsigned class, uint64_t back, int nr)
{
	uint8_t *piece;
	unsigned i;

	if (class >= OVL_FAR_CLASSES || used[class] == ovl_far_room(class))
		return NULL;
	if (!pieces && map_pieces(ss, o))
		return NULL;
	i = used[class]++;
	if (class == OVL_FAR_CLASS_ANY)
		piece = pieces + OVL_FAR_ANY + i * OVL_FAR_ANY_SIZE;
	else if (class)
		piece = pieces + ((class - 1) * OVL_FAR_CMPS + i) * OVL_FAR_CMP_SIZE;
	else
		piece = pieces + OVL_FAR_MOV + i * OVL_FAR_MOV_SIZE;
	*(struct far_site *)(piece + OVL_FAR_TEXT) =
		(struct far_site){back, (uint64_t)nr | OVL_GUARD_TRAP};
	return piece;
}

void ovl_far_init(struct ovl_session *ss, const uint64_t *auxv)
{
	struct ovl_object o;

	if (!(ss->flags & OVL_S_GUARD) || ovl_object_program(auxv, &o) ||
	    ovl_sitetab_is_plain(ss, o.id))
		return;
	if ((o.text_len > OVL_WANTED_TEXT_MAX && !o.is_go) || !ovl_object_may_call(&o)) {
		ovl_sitetab_set_plain(ss, o.id);
		return;
	}
	/* What is not understood is left to the guard. */
	(void)ovl_patch_object(ss, &o);
	if (pieces)
		ovl_known_off();
}
