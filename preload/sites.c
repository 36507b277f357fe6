/* SPDX-License-Identifier: MIT */
#include "sites.h"
#include "entry.h"
#include "insn.h"
#include "ovl_base.h"

#define SYSCALL_LEN 2
#define MOV_LEN	    5
#define NEXT_MAX    32	 /* bytes: two instructions */
#define STRETCH_MAX 4096 /* a number loaded farther away from its call is not known */
#define SPARES_MAX  4096

/* Where direct branches land in a candidate, struct ovl_cand.entered. */
enum {
	ENTERED_DOUBT = 1, /* on the way from the load of the number, and it may differ there */
	ENTERED_SYSCALL = 2,
	ENTERED_WRAP = 8,  /* behind the first byte of what is to be moved */
	ENTERED_NEXT = 16, /* in what is to be moved from behind */
	ENTERED_AFTER = 4, /* right behind: a replayed comparison is skipped */
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
		{0x4c, 0x8b, 0x4c, 0x24, 0x08}, /* mov 8(%rsp),%r9: syscall() */
		{0x4c, 0x89, 0x5c, 0x24, 0x08}, /* mov %r11,8(%rsp): __syscall_cancel_arch */
	};

	if (n != sizeof(insn[0]))
		return -1;
	for (int i = 0; i < 2; i++)
		if (!memcmp(p, insn[i], sizeof(insn[i])))
			return i;
	return -1;
}

static bool is_spared(const struct ovl_sites *s, int nr)
{
	return s->spared && nr >= 0 && nr < 512 && (s->spared[nr / 64] >> (nr % 64) & 1);
}

static bool is_wanted(const struct ovl_sites *s, int nr)
{
	return nr >= 0 && nr < 512 && (s->wanted[nr / 64] >> (nr % 64) & 1);
}

/* What a register holds, as far as the text before tells. */
struct value {
	uint32_t from; /* where that constant was loaded ... */
	int16_t nr;    /* ... or OVL_NR_*: not a constant, or no system call's number ... */
	uint8_t reg;   /* ... and the register that it was loaded into */
};

struct track {
	struct value value[16];
	uint32_t block[OVL_BLOCKS_MAX]; /* the last ones, in a ring */
	uint32_t nblocks;
	bool left;	  /* the instruction before does not go on */
	uint8_t prev;	  /* its length; 0: control does not come from it alone */
	uint8_t moves[2]; /* length of the one before, and of its predecessor, that can be moved */
};

static const struct value nothing = {.nr = OVL_NR_NONE};

static void track_lose(struct track *t)
{
	for (int i = 0; i < 16; i++)
		t->value[i] = nothing;
	t->prev = 0;
	t->moves[0] = t->moves[1] = 0;
	t->left = true;
}

/* A block that can be entered by branches only starts at the first that is no padding. */
static void track_block(struct track *t, uint32_t at, const struct ovl_insn *in)
{
	if (t->left && in->what != OVL_INSN_NOP) {
		t->block[t->nblocks++ % OVL_BLOCKS_MAX] = at;
		t->left = false;
	}
}

static void track_next(struct track *t, uint32_t at, const struct ovl_insn *in)
{
	struct value v = nothing;

	if (in->what == OVL_INSN_COPIES)
		v = t->value[in->imm];
	if (in->what == OVL_INSN_SETS && in->imm < 512)
		v = (struct value){at, (int16_t)in->imm, in->reg};
	if (in->what == OVL_INSN_LOADS)
		v.nr = OVL_NR_MEMORY;
	for (int i = 0; i < 16; i++)
		if (in->writes >> i & 1)
			t->value[i] = nothing;
	if (in->what == OVL_INSN_COPIES || in->what == OVL_INSN_SETS || in->what == OVL_INSN_LOADS)
		t->value[in->reg] = v;
	t->left |= in->what == OVL_INSN_LEAVES;
	t->prev = in->what == OVL_INSN_LEAVES || in->what == OVL_INSN_CALLS ? 0 : in->len;
	t->moves[1] = in->moves ? t->moves[0] : 0;
	t->moves[0] = in->moves ? in->len : 0;
}

/* The blocks that start behind @c's load. Returns false when there are too many. */
static bool take_blocks(const struct track *t, struct ovl_cand *c)
{
	for (uint32_t i = t->nblocks; i > 0; i--) {
		uint32_t at = t->block[(i - 1) % OVL_BLOCKS_MAX];

		if (at <= c->from)
			return true;
		if (c->nblocks == OVL_BLOCKS_MAX)
			return false;
		c->block[c->nblocks++] = at;
	}
	return true;
}

/* Bytes to move for a jump of MOV_LEN to find room. */
static uint8_t wrap_of(const struct track *t)
{
	unsigned need = MOV_LEN - SYSCALL_LEN;

	if (t->moves[0] >= need)
		return t->moves[0];
	if (t->moves[1] && t->moves[0] && t->moves[0] + t->moves[1] >= (int)need)
		return t->moves[0] + t->moves[1];
	return 0;
}

/* The same behind the call at @at: two instructions at most. */
static uint8_t next_of(const struct ovl_sites *s, uint32_t at)
{
	uint32_t start = at + SYSCALL_LEN;
	struct ovl_insn in;

	at = start;
	for (int i = 0; i < 2; i++) {
		if (ovl_insn_read(s->text + at, s->len - at, &in) || !in.moves)
			return 0;
		at += in.len;
		if (at - start >= MOV_LEN - SYSCALL_LEN)
			return (uint8_t)(at - start);
	}
	return 0;
}

static struct ovl_cand candidate(const struct ovl_sites *s, const struct track *t, uint32_t at)
{
	struct value v = t->value[0];
	struct ovl_cand c = {
		.sys = at,
		.from = v.from,
		.nr = v.nr,
		.guess = v.nr,
		.reg = v.reg,
		.prev = t->prev,
		.wrap = wrap_of(t),
		.next = next_of(s, at),
	};

	if (v.nr < 0 || at - v.from > STRETCH_MAX || !take_blocks(t, &c)) {
		c.from = at;
		c.nr = OVL_NR_NONE;
		c.nblocks = 0;
	}
	return c;
}

static bool is_near(const struct ovl_sites *s, uint32_t at)
{
	uint32_t i = at >> OVL_NEAR_LOG2;

	return i >= OVL_NEAR_BITS || (s->room->near[i / 64] >> (i % 64) & 1);
}

/* Two bytes that may be a system call make all near that may matter to it. */
static void find_near(const struct ovl_sites *s)
{
	memset(s->room->near, 0, sizeof(s->room->near));
	for (uint32_t at = 0; at + 1 < s->len; at++) {
		uint32_t from = at > STRETCH_MAX ? at - STRETCH_MAX : 0;

		if (s->text[at] != 0x0f || s->text[at + 1] != 0x05)
			continue;
		for (uint32_t i = from >> OVL_NEAR_LOG2;
		     i <= (at + SYSCALL_LEN + NEXT_MAX) >> OVL_NEAR_LOG2 && i < OVL_NEAR_BITS; i++)
			s->room->near[i / 64] |= 1ULL << (i % 64);
	}
}

/* What the pass over the text has found. */
struct found {
	uint32_t ncands;
	uint32_t nlands;
};

static int note_land(const struct ovl_sites *s, uint32_t at, const struct ovl_insn *in,
		     struct found *f)
{
	uint32_t to = at + in->len + (uint32_t)in->rel;

	if (to >= s->len || !is_near(s, to))
		return 0;
	if (f->nlands == OVL_LANDS_MAX)
		return -E2BIG;
	s->room->land[f->nlands++] = (struct ovl_land){at, to};
	return 0;
}

/* An instruction near a system call, or one. */
static int note_insn(const struct ovl_sites *s, struct track *t, uint32_t at,
		     const struct ovl_insn *in, struct found *f)
{
	track_block(t, at, in);
	if (in->what == OVL_INSN_SYSCALL) {
		if (f->ncands == OVL_CANDS_MAX)
			return -E2BIG;
		s->room->cand[f->ncands++] = candidate(s, t, at);
	}
	track_next(t, at, in);
	return 0;
}

/* Every system call instruction, with the number that eax holds there, and what lands near it. */
static int collect(const struct ovl_sites *s, struct found *f)
{
	struct track t = {.nblocks = 0};
	struct ovl_insn in;
	bool lost = true;
	int err = 0;

	for (uint32_t at = 0; at < s->len && !err; at += in.len) {
		bool near = is_near(s, at);

		if (near && lost)
			track_lose(&t);
		lost = !near;
		if (near ? ovl_insn_read(s->text + at, s->len - at, &in)
			 : ovl_insn_step(s->text + at, s->len - at, &in)) {
			lost = true;
			in.len = 1;
			continue;
		}
		if (in.has_rel)
			err = note_land(s, at, &in, f);
		if (near && !err)
			err = note_insn(s, &t, at, &in, f);
	}
	return err;
}

/* The first candidate that, with what may be moved, ends behind @at; @n when there is none. */
static uint32_t first_behind(const struct ovl_cand *cand, uint32_t n, uint32_t at)
{
	uint32_t lo = 0;

	while (lo < n) {
		uint32_t mid = (lo + n) / 2;

		if (cand[mid].sys + SYSCALL_LEN + NEXT_MAX < at)
			lo = mid + 1;
		else
			n = mid;
	}
	return lo;
}

/* Does the text from @at up to and with the instruction at @end leave @reg alone? */
static bool spares(const struct ovl_sites *s, uint32_t at, uint32_t end, uint8_t reg)
{
	struct ovl_insn in;

	if (end - at > SPARES_MAX)
		return false;
	for (; at <= end; at += in.len)
		if (ovl_insn_read(s->text + at, s->len - at, &in) || in.writes >> reg & 1)
			return false;
	return true;
}

static bool is_call(const struct ovl_sites *s, uint32_t at)
{
	struct ovl_insn in;

	return !ovl_insn_read(s->text + at, s->len - at, &in) && in.what == OVL_INSN_CALLS;
}

/* A branch at @at, which may be a call, lands at @to, in the stretch of @c. */
static void mark_entered(const struct ovl_sites *s, struct ovl_cand *c, uint32_t at, uint32_t to)
{
	bool inside = at >= c->from && at < c->sys;

	if (to == c->sys + SYSCALL_LEN)
		c->entered |= ENTERED_AFTER;
	if (to == c->sys)
		c->entered |= ENTERED_SYSCALL;
	if (to > c->sys && to < c->sys + SYSCALL_LEN + c->next)
		c->entered |= ENTERED_NEXT;
	if (to <= c->sys && to + c->wrap > c->sys)
		c->entered |= ENTERED_WRAP;
	if (to <= c->from || to > c->sys || c->nr < 0)
		return;
	if (is_call(s, at) || (!inside && (at < c->sys || !spares(s, c->sys, at, c->reg))))
		c->entered |= ENTERED_DOUBT;
	for (int i = 0; i < c->nblocks; i++)
		if (c->block[i] == to)
			c->reached |= (uint8_t)(1 << i);
}

/* Where do direct branches land? */
static void find_branches(const struct ovl_sites *s, const struct found *f)
{
	for (uint32_t k = 0; k < f->nlands; k++) {
		struct ovl_land l = s->room->land[k];

		for (uint32_t i = first_behind(s->room->cand, f->ncands, l.to); i < f->ncands;
		     i++) {
			struct ovl_cand *c = &s->room->cand[i];

			if (c->sys > l.to + STRETCH_MAX)
				break;
			mark_entered(s, c, l.at, l.to);
		}
	}
}

static bool choose_mov(const struct ovl_sites *s, const struct ovl_cand *c, struct ovl_site *ret)
{
	if (c->nr < 0 || c->from + MOV_LEN != c->sys || s->text[c->from] != 0xb8 ||
	    c->entered & ENTERED_SYSCALL)
		return false;
	*ret = (struct ovl_site){c->from, c->nr, OVL_SITE_MOV, MOV_LEN};
	return true;
}

static bool choose_prev(const struct ovl_sites *s, const struct ovl_cand *c, struct ovl_site *ret)
{
	uint32_t at = c->sys - c->prev;

	if (!c->prev || c->entered & ENTERED_SYSCALL || ovl_sites_prev(s->text + at, c->prev) < 0)
		return false;
	*ret = (struct ovl_site){at, -1, OVL_SITE_PREV, c->prev};
	return true;
}

static bool choose_cmp(const struct ovl_sites *s, const struct ovl_cand *c, struct ovl_site *ret)
{
	uint32_t after = c->sys + SYSCALL_LEN;
	uint8_t len;

	if (c->entered & ENTERED_AFTER || !ovl_sites_cmp(s->text + after, s->len - after, &len))
		return false;
	*ret = (struct ovl_site){c->sys, -1, OVL_SITE_CMP, (uint8_t)(SYSCALL_LEN + len)};
	return true;
}

static bool choose_wrap(const struct ovl_cand *c, int nr, struct ovl_site *ret)
{
	if (!c->wrap || c->entered & (ENTERED_WRAP | ENTERED_SYSCALL))
		return false;
	*ret = (struct ovl_site){c->sys - c->wrap, (int16_t)nr, OVL_SITE_WRAP,
				 (uint8_t)(c->wrap + SYSCALL_LEN)};
	return true;
}

static bool choose_next(const struct ovl_cand *c, int nr, struct ovl_site *ret)
{
	if (!c->next || c->entered & ENTERED_NEXT)
		return false;
	*ret = (struct ovl_site){c->sys, (int16_t)nr, OVL_SITE_NEXT,
				 (uint8_t)(SYSCALL_LEN + c->next)};
	return true;
}

/* A place for @c other than its number's load; @known: its number is certain. */
static bool choose_other(const struct ovl_sites *s, const struct ovl_cand *c, bool known,
			 struct ovl_site *ret)
{
	int nr = known ? c->nr : -1;

	if (s->kinds == OVL_SITES_WRAP)
		return choose_wrap(c, -1, ret);
	if (choose_prev(s, c, ret) || choose_cmp(s, c, ret))
		return true;
	/* Moving costs memory and a call: not for what may be missed. */
	if (is_spared(s, c->guess) || (s->kinds == OVL_SITES_ALL && c->guess == OVL_NR_MEMORY))
		return false;
	return choose_wrap(c, nr, ret) || choose_next(c, nr, ret);
}

/* Which place, if any, does candidate @c need? 1: *ret is set; 0: none; -1: it has none. */
static int choose(const struct ovl_sites *s, const struct ovl_cand *c, struct ovl_site *ret)
{
	bool reached = c->reached == (1 << c->nblocks) - 1;
	bool known = c->nr >= 0 && !(c->entered & ENTERED_DOUBT) && reached;

	if (known && !is_wanted(s, c->nr))
		return 0;
	if (choose_mov(s, c, ret) || choose_other(s, c, known, ret))
		return 1;
	/*
	 * A guess is good enough where nothing can be done. In a libc also one out of memory, or
	 * one that nobody is seen to bring here: musl's posix_spawn() has such dup2()s.
	 */
	if (c->guess == OVL_NR_NONE || (!reached && s->kinds != OVL_SITES_ALL) ||
	    (c->guess == OVL_NR_MEMORY && s->kinds == OVL_SITES_OWN))
		return -1;
	return !is_wanted(s, c->guess) || is_spared(s, c->guess) ? 0 : -1;
}

int ovl_sites_find(struct ovl_sites *s)
{
	struct found f = {0};
	int err;

	s->nsites = 0;
	s->nunknown = 0;
	find_near(s);
	err = collect(s, &f);
	if (err)
		return err;
	find_branches(s, &f);
	for (uint32_t i = 0; i < f.ncands; i++) {
		struct ovl_site site;
		int chosen = choose(s, &s->room->cand[i], &site);

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
