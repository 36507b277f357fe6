/* SPDX-License-Identifier: MIT */
#include "patch.h"
#include "entry.h"
#include "ovl.h"
#include "die.h"
#include "far.h"
#include "nr.h"
#include "sites.h"
#include "objsites.h"
#include "sys.h"

#include <linux/mman.h>
#include <linux/prctl.h>

#define PAGE	    4096UL
#define JMP_LEN	    5
#define NOP	    0x90
#define SYSCALL_LEN 2
#ifndef PR_GET_MDWE
#define PR_GET_MDWE 66
#endif

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
_Static_assert(OVL_PASS == 0 && OVL_DONE == 1 && OVL_TAIL == 2, "entry_x86_64.S");

struct ovl_entry ovl_entries[OVL_STUBS];

/* Classes of stubs: 0 MOV, 1..4 CMP by comparison, 5..6 PREV by instruction. */
#define NCLASSES 7

static uint32_t class_first(int class)
{
	if (class == 0)
		return 0;
	if (class < 5)
		return OVL_STUB_CMP + (uint32_t)(class - 1) * OVL_STUBS_CMP;
	return OVL_STUB_PREV + (uint32_t)(class - 5) * OVL_STUBS_PREV;
}

/* The next free stub of @class, or -ENOSPC. Not atomic: see the context in patch.h. */
static int take_stub(int class)
{
	static uint16_t used[NCLASSES];
	uint32_t room = class == 0 ? OVL_STUBS_MOV : class < 5 ? OVL_STUBS_CMP : OVL_STUBS_PREV;

	if (used[class] == room)
		return -ENOSPC;
	return (int)(class_first(class) + used[class]++);
}

/*
 * What the bytes at @p ask for: the class of stub for @s and, but for back and native
 * of a CMP, its entry. -EINVAL when they are not what the session says.
 */
static int classify(const uint8_t *p, const struct ovl_site *s, struct ovl_entry *ret)
{
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
		return 5 + prev;
	default:
		return -EINVAL;
	}
}

static int patch_site(const struct ovl_session *ss, const struct ovl_object *o,
		      const struct ovl_site *s)
{
	uint8_t *p = (uint8_t *)o->base + s->offset;
	struct ovl_entry e = {0};
	int class, stub;
	const uint8_t *to;
	int64_t distance;
	int32_t rel;

	class = classify(p, s, &e);
	if (class < 0)
		return class;
	if (o->is_program) {
		stub = -1;
		to = ovl_far_piece(ss, o, (unsigned)class, class ? e.back : e.back - SYSCALL_LEN,
				   e.nr);
		if (!to)
			return -ENOSPC;
	} else {
		stub = take_stub(class);
		if (stub < 0)
			return stub;
		to = ovl_stubs + (size_t)stub * OVL_E_SIZE;
		if (s->kind == OVL_SITE_CMP)
			e.native = (uint64_t)(to + OVL_STUB_NATIVE);
	}
	distance = to - (p + JMP_LEN);
	rel = (int32_t)distance;
	if (rel != distance)
		return -ERANGE;
	if (stub >= 0)
		ovl_entries[stub] = e;
	p[0] = 0xe9;
	memcpy(p + 1, &rel, sizeof(rel));
	memset(p + JMP_LEN, NOP, s->length - JMP_LEN);
	return 0;
}

/* The pages that hold all of @list, every one of which must lie in @o's text. */
static int page_range(const struct ovl_object *o, const struct ovl_site_list *list,
		      uint64_t *ret_start, uint64_t *ret_len)
{
	uint64_t lo = UINT64_MAX;
	uint64_t hi = 0;

	for (uint32_t i = 0; i < list->n; i++) {
		uint64_t at = list->site[i].offset;
		uint64_t end = at + list->site[i].length;

		if (at < o->text_off || end + SYSCALL_LEN > o->text_off + (uint64_t)o->text_len)
			return -EINVAL;
		lo = at < lo ? at : lo;
		hi = end > hi ? end : hi;
	}
	*ret_start = (o->base + lo) & -PAGE;
	*ret_len = ((o->base + hi + PAGE - 1) & -PAGE) - *ret_start;
	return 0;
}

int ovl_patch_allowed(void)
{
	uint64_t page = (uint64_t)ovl_stubs & -PAGE;
	long mdwe = ovl_sys(__NR_prctl, PR_GET_MDWE);
	long r;

	if (mdwe > 0)
		return -EACCES; /* pages that were writable stay non-executable */
	/* Changes nothing; a filter that denies PROT_EXEC says so here, not half-way. */
	r = ovl_sys(__NR_mprotect, page, PAGE, PROT_READ | PROT_EXEC);
	return (int)r;
}

int ovl_patch_object(struct ovl_session *ss, const struct ovl_object *o)
{
	struct ovl_site_list list;
	uint64_t start, len;
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
	r = page_range(o, &list, &start, &len);
	if (r)
		return (int)r;
	r = ovl_sys(__NR_mprotect, start, len, PROT_READ | PROT_WRITE);
	if (r)
		return (int)r;
	for (uint32_t i = 0; i < list.n; i++)
		left += patch_site(ss, o, &list.site[i]) < 0;
	r = ovl_sys(__NR_mprotect, start, len, PROT_READ | PROT_EXEC);
	if (r)
		ovl_die(o->name, "the system does not let changed text run", -r);
	return left;
}
