/* SPDX-License-Identifier: MIT */
#include "sites.h"
#include "entry.h"
#include "insn.h"
#include "ovl_base.h"

#define SYSCALL_LEN 2
#define MOV_LEN 5

/* Parts of a candidate that a direct branch may land in, struct ovl_cand.entered. */
enum {
	ENTERED_BEFORE = 1, /* behind the load of the number, up to the instruction before */
	ENTERED_SYSCALL = 2,
	ENTERED_AFTER = 4,  /* right behind: a replayed comparison is skipped */
};

uint32_t ovl_sites_cmp(const uint8_t *p, size_t n, uint8_t *ret_len)
{
	bool wide = n && p[0] == 0x48;

	p += wide;
	n -= wide;
	if (n < 5 || p[0] != 0x3d || p[2] != 0xf0 || p[3] != 0xff || p[4] != 0xff || p[1] > 1)
		return 0;
	*ret_len = wide ? 6 : 5;
	return (wide ? OVL_F_CMP_R000 : OVL_F_CMP_E000) + p[1];
}

int ovl_sites_prev(const uint8_t *p, size_t n)
{
	static const uint8_t insn[2][5] = {
		{ 0x4c, 0x8b, 0x4c, 0x24, 0x08 }, /* mov 8(%rsp),%r9: syscall() */
		{ 0x4c, 0x89, 0x5c, 0x24, 0x08 }, /* mov %r11,8(%rsp): __syscall_cancel_arch */
	};

	if (n != sizeof(insn[0]))
		return -1;
	for (int i = 0; i < 2; i++)
		if (!memcmp(p, insn[i], sizeof(insn[i])))
			return i;
	return -1;
}

static bool is_wanted(const struct ovl_sites *s, int nr)
{
	return nr >= 0 && nr < 512 && (s->wanted[nr / 64] >> (nr % 64) & 1);
}

/* What is known on the way through the text. */
struct track {
	uint32_t from;     /* of the instruction that loaded eax */
	int nr;            /* what it certainly holds; -1: not known */
	uint8_t prev;      /* length of the instruction before; 0: none that leads here */
	int16_t value[16]; /* registers as the text before left them, ways aside; -1: not known */
};

static void track_values(struct track *t, const struct ovl_insn *in)
{
	int16_t copied = t->value[in->what == OVL_INSN_COPIES ? in->imm : 0];

	for (int i = 0; i < 16; i++)
		if (in->writes >> i & 1)
			t->value[i] = -1;
	if (in->what == OVL_INSN_SETS)
		t->value[in->reg] = in->imm < 512 ? (int16_t)in->imm : -1;
	else if (in->what == OVL_INSN_COPIES)
		t->value[in->reg] = copied;
}

static void track_next(struct track *t, uint32_t at, const struct ovl_insn *in)
{
	track_values(t, in);
	if (in->what == OVL_INSN_SETS && in->reg == 0) {
		t->nr = t->value[0];
		t->from = at;
	} else if (in->writes & 1 || in->what == OVL_INSN_LEAVES) {
		t->nr = -1;
	}
	t->prev = in->what == OVL_INSN_LEAVES || in->what == OVL_INSN_CALLS ? 0 : in->len;
}

static void track_lose(struct track *t)
{
	*t = (struct track){ .nr = -1 };
	memset(t->value, 0xff, sizeof(t->value));
}

/* First pass: every system call instruction, with the number that eax holds there. */
static int collect(const struct ovl_sites *s, uint32_t *ret_n)
{
	struct track t;
	struct ovl_insn in;
	uint32_t n = 0;

	track_lose(&t);
	for (uint32_t at = 0; at < s->len; at += in.len) {
		if (ovl_insn_read(s->text + at, s->len - at, &in)) {
			track_lose(&t);
			in.len = 1;
			continue;
		}
		if (in.what == OVL_INSN_SYSCALL) {
			if (n == OVL_CANDS_MAX)
				return -E2BIG;
			s->cand[n++] = (struct ovl_cand){
				.sys = at,
				.from = t.nr < 0 ? at : t.from,
				.nr = (int16_t)t.nr,
				.guess = t.value[0],
				.prev = t.prev,
			};
		}
		track_next(&t, at, &in);
	}
	*ret_n = n;
	return 0;
}

/* The first candidate that ends behind @at; @n when there is none. */
static uint32_t first_behind(const struct ovl_cand *cand, uint32_t n, uint32_t at)
{
	uint32_t lo = 0;

	while (lo < n) {
		uint32_t mid = (lo + n) / 2;

		if (cand[mid].sys + SYSCALL_LEN < at)
			lo = mid + 1;
		else
			n = mid;
	}
	return lo;
}

static void mark_entered(struct ovl_cand *c, uint32_t at)
{
	if (at == c->sys + SYSCALL_LEN)
		c->entered |= ENTERED_AFTER;
	else if (at == c->sys)
		c->entered |= ENTERED_SYSCALL;
	else if (at > c->from && at < c->sys)
		c->entered |= ENTERED_BEFORE;
}

/* Second pass: where do direct branches land? */
static void find_branches(const struct ovl_sites *s, uint32_t n)
{
	struct ovl_insn in;

	for (uint32_t at = 0; at < s->len; at += in.len) {
		uint32_t to;

		if (ovl_insn_read(s->text + at, s->len - at, &in)) {
			in.len = 1;
			continue;
		}
		if (!in.has_rel)
			continue;
		to = at + in.len + (uint32_t)in.rel;
		if (to >= s->len)
			continue;
		for (uint32_t i = first_behind(s->cand, n, to); i < n; i++) {
			if (s->cand[i].from > to)
				break;
			mark_entered(&s->cand[i], to);
		}
	}
}

static bool choose_mov(const struct ovl_sites *s, const struct ovl_cand *c, struct ovl_site *ret)
{
	if (c->nr < 0 || c->from + MOV_LEN != c->sys || s->text[c->from] != 0xb8 ||
	    c->entered & ~ENTERED_AFTER)
		return false;
	*ret = (struct ovl_site){ c->from, c->nr, OVL_SITE_MOV, MOV_LEN };
	return true;
}

static bool choose_prev(const struct ovl_sites *s, const struct ovl_cand *c, struct ovl_site *ret)
{
	uint32_t at = c->sys - c->prev;

	if (!c->prev || c->entered & ENTERED_SYSCALL || ovl_sites_prev(s->text + at, c->prev) < 0)
		return false;
	*ret = (struct ovl_site){ at, -1, OVL_SITE_PREV, c->prev };
	return true;
}

static bool choose_cmp(const struct ovl_sites *s, const struct ovl_cand *c, struct ovl_site *ret)
{
	uint32_t after = c->sys + SYSCALL_LEN;
	uint8_t len;

	if (c->entered & ENTERED_AFTER || !ovl_sites_cmp(s->text + after, s->len - after, &len))
		return false;
	*ret = (struct ovl_site){ c->sys, -1, OVL_SITE_CMP, (uint8_t)(SYSCALL_LEN + len) };
	return true;
}

/* Which place, if any, does candidate @c need? 1: *ret is set; 0: none; -1: it has none. */
static int choose(const struct ovl_sites *s, const struct ovl_cand *c, struct ovl_site *ret)
{
	bool known = c->nr >= 0 && !(c->entered & ~ENTERED_AFTER);

	if (known && !is_wanted(s, c->nr))
		return 0;
	if (choose_mov(s, c, ret) || choose_prev(s, c, ret) || choose_cmp(s, c, ret))
		return 1;
	/* A guess is good enough where nothing can be done. */
	return c->guess >= 0 && !is_wanted(s, c->guess) ? 0 : -1;
}

int ovl_sites_find(struct ovl_sites *s)
{
	uint32_t n;
	int err;

	s->nsites = 0;
	s->nunknown = 0;
	err = collect(s, &n);
	if (err)
		return err;
	find_branches(s, n);
	for (uint32_t i = 0; i < n; i++) {
		struct ovl_site site;
		int chosen = choose(s, &s->cand[i], &site);

		s->nunknown += chosen < 0;
		if (chosen <= 0)
			continue;
		if (s->nsites == s->max)
			return -E2BIG;
		site.offset += s->base;
		s->site[s->nsites++] = site;
	}
	return 0;
}
