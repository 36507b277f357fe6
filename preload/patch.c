/* SPDX-License-Identifier: MIT */
#include "patch.h"
#include "again.h"
#include "entry.h"
#include "ovl.h"
#include "die.h"
#include "far.h"
#include "nr.h"
#include "runtext.h"
#include "sites.h"
#include "objsites.h"
#include "sys.h"
#include "trace.h"

#include <linux/mman.h>

#define PAGE	    4096UL
#define JMP_LEN	    5
#define NOP	    0x90
#define RET	    0xc3
#define SYSCALL_LEN 2

_Static_assert(offsetof(struct ovl_call, nr) == OVL_C_NR, "entry.h");
_Static_assert(offsetof(struct ovl_call, arg) == OVL_C_ARG, "entry.h");
_Static_assert(offsetof(struct ovl_call, ret) == OVL_C_RET, "entry.h");
_Static_assert(offsetof(struct ovl_call, tail) == OVL_C_TAIL, "entry.h");
_Static_assert(sizeof(struct ovl_call) <= OVL_C_SIZE, "entry.h");
_Static_assert(offsetof(struct ovl_tail, nr) == OVL_T_NR, "entry.h");
_Static_assert(offsetof(struct ovl_tail, arg) == OVL_T_ARG, "entry.h");
_Static_assert(offsetof(struct ovl_entry, back) == OVL_E_BACK, "entry.h");
_Static_assert(offsetof(struct ovl_entry, native) == OVL_E_NATIVE, "entry.h");
_Static_assert(offsetof(struct ovl_entry, nr) == OVL_E_NR, "entry.h");
_Static_assert(offsetof(struct ovl_entry, flavor) == OVL_E_FLAVOR, "entry.h");
_Static_assert(sizeof(struct ovl_entry) == OVL_E_SIZE, "entry.h");
_Static_assert(__NR_setxattrat == OVL_NR_SETXATTRAT, "entry.h");
_Static_assert(__NR_close == OVL_NR_CLOSE && EINTR == OVL_EINTR, "entry.h");
_Static_assert(OVL_PASS == 0 && OVL_DONE == 1 && OVL_TAIL == 2, "entry_x86_64.S");

/* Before all other large ones, behind small variables: a start writes to both. */
struct ovl_entry ovl_entries[OVL_STUBS] __attribute__((section(".bss.entries")));

/*
 * Classes of stubs: 0 MOV (and WRAP and NEXT, where the number is known), 1..4 CMP by
 * comparison, 5..6 PREV by instruction, 7 WRAP and NEXT.
 */
#define CLASS_WRAP 7
#define NCLASSES   8

/* Instructions that were moved, and a jump: two of 15 bytes at most. */
#define MOVED_SIZE 36
#define MOVED_MAX  256

/* An object while it is being patched. */
struct patch {
	struct ovl_session *ss;
	const struct ovl_object *o;
	uint8_t *moved; /* MOVED_MAX pieces; NULL: none needed so far */
	unsigned nmoved;
	uint64_t page; /* of the last site */
};

static const uint16_t class_first[NCLASSES] = {OVL_FIRST_MOV,  OVL_FIRST_CMP, OVL_FIRST_CMP,
					       OVL_FIRST_CMP,  OVL_FIRST_CMP, OVL_FIRST_PREV,
					       OVL_FIRST_PREV, OVL_FIRST_WRAP};
static const uint16_t class_all[NCLASSES] = {OVL_STUBS_MOV,  OVL_STUBS_CMP, OVL_STUBS_CMP,
					     OVL_STUBS_CMP,  OVL_STUBS_CMP, OVL_STUBS_PREV,
					     OVL_STUBS_PREV, OVL_STUBS_WRAP};

/* As they lie: what glibc's programs need in front. */
static const uint8_t class_order[NCLASSES] = {0, 5, 6, 1, 3, 2, 4, CLASS_WRAP};

/* Where stub @i of @class is: among the first, or among the rest. */
static int place_of(int class, unsigned i)
{
	bool first = i < class_first[class];
	unsigned at = first ? i : OVL_STUBS_FIRST + i - class_first[class];

	for (const uint8_t *k = class_order; *k != class; k++)
		at += first ? class_first[*k] : class_all[*k] - class_first[*k];
	return (int)at;
}

/* The next free stub of @class, or -ENOSPC. Not atomic: see the context in patch.h. */
static int take_stub(int class)
{
	static uint16_t used[NCLASSES];

	return used[class] == class_all[class] ? -ENOSPC : place_of(class, used[class]++);
}

/*
 * What the bytes at @p ask for: the class of stub for @s and, but for native
 * of a CMP or a WRAP (and back of a NEXT), its entry. -EINVAL when they are not what the session
 * says.
 */
static int classify(const uint8_t *p, const struct ovl_site *s, struct ovl_entry *ret)
{
	const uint8_t *call;
	uint8_t len = 0;
	uint32_t cmp;
	int prev;

	ret->back = (uint64_t)p + s->length;
	ret->nr = s->nr;
	ret->flavor = OVL_F_PLAIN;
	switch (s->kind) {
	case OVL_SITE_MOV:
		if (p[0] != 0xb8 || (p[1] | p[2] << 8) != s->nr || p[5] != 0x0f || p[6] != 0x05)
			return -EINVAL;
		ret->back += SYSCALL_LEN;
		ret->flavor = ovl_nr_ours(s->nr) ? OVL_F_PLAIN : OVL_F_WATCH;
		return 0;
	case OVL_SITE_CMP:
		cmp = ovl_sites_cmp(p + SYSCALL_LEN, s->length - SYSCALL_LEN, &len);
		if (!cmp || p[0] != 0x0f || p[1] != 0x05)
			return -EINVAL;
		ret->flavor = cmp;
		return (int)cmp;
	case OVL_SITE_PREV:
		prev = ovl_sites_prev(p, s->length);
		if (prev < 0 || p[s->length] != 0x0f || p[s->length + 1] != 0x05)
			return -EINVAL;
		ret->native = ret->back;
		ret->back += SYSCALL_LEN;
		if (prev == 1 && p[s->length + SYSCALL_LEN] == RET)
			ret->flavor = OVL_F_CANCEL;
		return 5 + prev;
	case OVL_SITE_WRAP:
	case OVL_SITE_NEXT:
		call = s->kind == OVL_SITE_NEXT ? p : p + s->length - SYSCALL_LEN;
		if (s->length < JMP_LEN || call[0] != 0x0f || call[1] != 0x05)
			return -EINVAL;
		if (s->nr < 0)
			return CLASS_WRAP;
		ret->flavor = ovl_nr_ours(s->nr) ? OVL_F_PLAIN : OVL_F_WATCH;
		return 0;
	default:
		return -EINVAL;
	}
}

static int write_jump(uint8_t *at, const uint8_t *to)
{
	int64_t distance = to - (at + JMP_LEN);
	int32_t rel = (int32_t)distance;

	if (rel != distance)
		return -ERANGE;
	at[0] = 0xe9;
	memcpy(at + 1, &rel, sizeof(rel));
	return 0;
}

/* Where a stub or, for the program itself, a piece near it takes the call of @s over. */
static int find_target(const struct patch *pt, const struct ovl_site *s, int class,
		       struct ovl_entry *e, const uint8_t **ret)
{
	int stub;

	if (pt->o->is_program) {
		bool mov = s->kind == OVL_SITE_MOV;

		if (s->kind == OVL_SITE_WRAP || s->kind == OVL_SITE_NEXT)
			class = OVL_FAR_CLASS_ANY;
		else if (s->kind == OVL_SITE_PREV)
			return -EINVAL;
		*ret = ovl_far_piece(pt->ss, pt->o, (unsigned)class,
				     mov ? e->back - SYSCALL_LEN : e->back, e->nr);
		return *ret ? 0 : -ENOSPC;
	}
	stub = take_stub(class);
	if (stub < 0)
		return stub;
	*ret = ovl_stubs + (size_t)stub * OVL_E_SIZE;
	if (s->kind == OVL_SITE_CMP || class == CLASS_WRAP)
		e->native = (uint64_t)(*ret + OVL_STUB_NATIVE);
	ovl_entries[stub] = *e;
	return 0;
}

/* Within reach of what is patched, and of where the pieces lead. */
static long get_moved(const struct ovl_object *o)
{
	if (o->is_program)
		return ovl_far_reserve(o, MOVED_MAX * MOVED_SIZE);
	return ovl_sys(__NR_mmap, 0, MOVED_MAX * MOVED_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* The @len bytes at @p to a piece of their own, from where it goes on at @to. */
static int move_away(struct patch *pt, const uint8_t *p, size_t len, const uint8_t *to,
		     const uint8_t **ret)
{
	uint8_t *piece;

	if (!pt->moved) {
		long at = get_moved(pt->o);

		if (ovl_is_err(at))
			return (int)at;
		pt->moved = (uint8_t *)at;
	}
	if (pt->nmoved == MOVED_MAX || len > MOVED_SIZE - JMP_LEN)
		return -ENOSPC;
	piece = pt->moved + (size_t)pt->nmoved++ * MOVED_SIZE;
	memcpy(piece, p, len);
	*ret = piece;
	return write_jump(piece + len, to);
}

/* What is behind the call of @s: it comes back there. */
static int move_next(struct patch *pt, const uint8_t *p, const struct ovl_site *s,
		     struct ovl_entry *e)
{
	const uint8_t *piece = NULL;
	int r = move_away(pt, p + SYSCALL_LEN, s->length - SYSCALL_LEN, p + s->length, &piece);

	e->back = (uint64_t)piece;
	return r;
}

/*
 * Make the page of @p this process's own before it is looked at, if it is not: read first, it would
 * be mapped with its neighbours, and then copied all the same. A start is mostly such copies.
 */
static void own_page(struct patch *pt, uint8_t *p)
{
	uint64_t page = (uint64_t)p & -PAGE;

	if (page != pt->page)
		__atomic_fetch_or(p, 0, __ATOMIC_RELAXED);
	pt->page = page;
}

static int patch_site(struct patch *pt, const struct ovl_site *s)
{
	uint8_t *p = (uint8_t *)pt->o->base + s->offset;
	struct ovl_entry e = {0};
	const uint8_t *to;
	int class, r;

	own_page(pt, p);
	class = classify(p, s, &e);
	r = class < 0 ? class : 0;
	if (!r && s->kind == OVL_SITE_NEXT)
		r = move_next(pt, p, s, &e);
	if (!r)
		r = find_target(pt, s, class, &e, &to);
	if (!r && s->kind == OVL_SITE_WRAP)
		r = move_away(pt, p, s->length - SYSCALL_LEN, to, &to);
	if (!r)
		r = write_jump(p, to);
	if (!r)
		memset(p + JMP_LEN, NOP, s->length - JMP_LEN);
	return r;
}

/* Is every one of @list in @o's text? */
static bool lie_in_text(const struct ovl_object *o, const struct ovl_site_list *list)
{
	for (uint32_t i = 0; i < list->n; i++) {
		uint64_t at = list->site[i].offset;
		uint64_t end = at + list->site[i].length + SYSCALL_LEN;

		if (at < o->text_off || end > o->text_off + (uint64_t)o->text_len)
			return false;
	}
	return true;
}

int ovl_patch_object(struct ovl_session *ss, const struct ovl_object *o)
{
	struct patch pt = {.ss = ss, .o = o};
	struct ovl_site_list list;
	uint64_t start = (uint64_t)o->text & -PAGE;
	uint64_t len = (((uint64_t)o->text + o->text_len + PAGE - 1) & -PAGE) - start;
	int left;
	long r;

	r = ovl_object_sites(ss, o, &list);
	if (r)
		return (int)r;
	left = (int)list.nunknown;
	if (!list.n)
		return left;
	if (((const uint8_t *)o->base)[list.site[0].offset] == 0xe9)
		return 0; /* another instance of us was here first */
	if (!lie_in_text(o, &list))
		return -EINVAL;
	r = ovl_sys(__NR_mprotect, start, len, PROT_READ | PROT_WRITE);
	if (r)
		return (int)r;
	ovl_text_own(o->base, &list);
	for (uint32_t i = 0; i < list.n; i++)
		left += patch_site(&pt, &list.site[i]) < 0;
	if (pt.moved)
		r = ovl_text_run(pt.moved, MOVED_MAX * MOVED_SIZE, PROT_READ | PROT_EXEC);
	if (!r)
		r = ovl_text_run((void *)start, len, PROT_READ | PROT_EXEC);
	if (r)
		ovl_again(o->name, "the system does not let text be changed", -r);
	return left;
}

void ovl_patch_libc(struct ovl_session *ss, const struct ovl_object *o)
{
	int r = ovl_patch_object(ss, o);

	if (r < 0)
		ovl_again(o->name, "its system calls cannot be covered", -r);
	if (r > 0) {
		ovl_trace_text(o->name, "calls left alone:", (uint64_t)r);
		if (!(ss->flags & OVL_S_GUARD))
			ovl_die(o->name, "some of its system calls cannot be covered", 0);
	}
}
