/* SPDX-License-Identifier: MIT */
#include "insn.h"

/*
 * What follows an opcode byte:
 *   .  nothing          M  modrm            m  modrm, imm8     Z  modrm, imm16/32
 *   b  imm8             z  imm16/32         w  imm16           e  imm16, imm8
 *   j  rel8             J  rel32            v  imm16/32/64     o  address of 8 bytes
 *   f  modrm, and an imm8 if reg is 0 or 1 (test)              F  the same with imm16/32
 *   p  prefix           !  no instruction in 64-bit mode, or handled apart
 */
static const char one_byte[] = "MMMMbz!!MMMMbz!!" /* 00 */
			       "MMMMbz!!MMMMbz!!"
			       "MMMMbzp!MMMMbzp!"
			       "MMMMbzp!MMMMbzp!"
			       "pppppppppppppppp" /* 40 */
			       "................"
			       "!!!MppppzZbm...."
			       "jjjjjjjjjjjjjjjj"
			       "mZ!mMMMMMMMMMMMM" /* 80 */
			       "..........!....."
			       "oooo....bz......"
			       "bbbbbbbbvvvvvvvv"
			       "mmw.!!mZe.w..b!." /* c0 */
			       "MMMM!!!.MMMMMMMM"
			       "jjjjbbbbJJ!j...."
			       "p.pp..fF......MM";

static const char two_byte[] = "MMMM!.....!.!M.m" /* 00 */
			       "MMMMMMMMMMMMMMMM"
			       "MMMM!!!!MMMMMMMM"
			       "........!!!!!!!!" /* 38 and 3a are handled apart */
			       "MMMMMMMMMMMMMMMM" /* 40 */
			       "MMMMMMMMMMMMMMMM"
			       "MMMMMMMMMMMMMMMM"
			       "mmmmMMM.MMMMMMMM"
			       "JJJJJJJJJJJJJJJJ" /* 80 */
			       "MMMMMMMMMMMMMMMM"
			       "...MmM!!...MmMMM"
			       "MMMMMMMMMMmMMMMM"
			       "MMmMmmmM........" /* c0 */
			       "MMMMMMMMMMMMMMMM"
			       "MMMMMMMMMMMMMMMM"
			       "MMMMMMMMMMMMMMMM";

enum { MAP_ONE, MAP_0F, MAP_0F38, MAP_0F3A };

#define REX_W 8
#define REX_R 4
#define REX_B 1

/* An instruction being read. */
struct reader {
	const uint8_t *p;
	size_t n;  /* bytes there */
	size_t at; /* bytes read */
	uint8_t rex;
	bool short_op;	 /* 66: operands of 16 bits */
	bool short_addr; /* 67 */
	bool vector;	 /* VEX or EVEX */
	int map;
	uint8_t op;
	uint8_t modrm;
	bool has_modrm;
};

static int get(struct reader *r)
{
	return r->at < r->n ? r->p[r->at++] : -1;
}

static int32_t get_le(const uint8_t *p, size_t n)
{
	uint32_t v = 0;

	for (size_t i = 0; i < n; i++)
		v |= (uint32_t)p[i] << (8 * i);
	return n == 1 ? (int8_t)v : n == 2 ? (int16_t)v : (int32_t)v;
}

/* Read up to the opcode byte of a VEX or EVEX instruction, whose first byte is @c. */
static int read_vector(struct reader *r, int c)
{
	int map = 1;
	int b;

	b = get(r);
	if (b < 0)
		return -1;
	if (c == 0xc4)
		map = b & 0x1f;
	if (c == 0x62)
		map = b & 7;
	r->at += c == 0xc5 ? 0 : c == 0xc4 ? 1 : 2;
	if (map < MAP_0F || (map > MAP_0F3A && c != 0x62))
		return -1;
	r->map = map > MAP_0F3A ? MAP_0F38 : map; /* EVEX maps 5 and 6: no immediates */
	r->vector = true;
	b = get(r);
	r->op = (uint8_t)b;
	return b < 0 ? -1 : 0;
}

static int read_opcode(struct reader *r)
{
	int c = get(r);

	while (c >= 0 && one_byte[c] == 'p') {
		r->rex = (c & 0xf0) == 0x40 ? (uint8_t)c : 0;
		r->short_op |= c == 0x66;
		r->short_addr |= c == 0x67;
		c = get(r);
	}
	if (c == 0xc4 || c == 0xc5 || c == 0x62)
		return read_vector(r, c);
	if (c == 0x0f) {
		r->map = MAP_0F;
		c = get(r);
		if (c == 0x38 || c == 0x3a) {
			r->map = c == 0x38 ? MAP_0F38 : MAP_0F3A;
			c = get(r);
		}
	}
	r->op = (uint8_t)c;
	return c < 0 ? -1 : 0;
}

static char layout(const struct reader *r)
{
	switch (r->map) {
	case MAP_ONE:
		return one_byte[r->op];
	case MAP_0F38:
		return 'M';
	case MAP_0F3A:
		return 'm';
	default:
		return two_byte[r->op];
	}
}

/* modrm, sib and displacement. */
static int read_modrm(struct reader *r)
{
	int b = get(r);
	int mod = b >> 6;
	int rm = b & 7;

	if (b < 0)
		return -1;
	r->modrm = (uint8_t)b;
	r->has_modrm = true;
	if (mod == 3)
		return 0;
	if (rm == 4) {
		b = get(r);
		if (b < 0)
			return -1;
		rm = b & 7;
		if (mod == 0 && rm == 5)
			mod = 2;
	} else if (mod == 0 && rm == 5) {
		mod = 2;
	}
	r->at += mod == 1 ? 1 : mod == 2 ? 4 : 0;
	return 0;
}

static size_t immediate_size(const struct reader *r, char kind)
{
	size_t wide = r->short_op && !(r->rex & REX_W) ? 2 : 4;
	bool test = (r->modrm & 0x38) < 0x10;

	switch (kind) {
	case 'm':
	case 'b':
	case 'j':
		return 1;
	case 'Z':
	case 'z':
		return wide;
	case 'v':
		return r->rex & REX_W ? 8 : wide;
	case 'w':
		return 2;
	case 'e':
		return 3;
	case 'J':
		return 4;
	case 'o':
		return r->short_addr ? 4 : 8;
	case 'f':
		return test ? 1 : 0;
	case 'F':
		return test ? wide : 0;
	default:
		return 0;
	}
}

static unsigned modrm_reg(const struct reader *r)
{
	return (r->modrm >> 3 & 7) | (r->rex & REX_R ? 8 : 0);
}

static unsigned modrm_rm(const struct reader *r)
{
	return (r->modrm & 7) | (r->rex & REX_B ? 8 : 0);
}

static uint16_t writes_reg(const struct reader *r)
{
	return (uint16_t)(1u << modrm_reg(r));
}

/* Memory is none of our business. */
static uint16_t writes_rm(const struct reader *r)
{
	return r->modrm >= 0xc0 ? (uint16_t)(1u << modrm_rm(r)) : 0;
}

#define WRITES_ANY    0xffff
#define RSP	      4
#define CALL_CLOBBERS 0x0fc7 /* rax rcx rdx rsi rdi r8-r11 */

/* Only what stands around system calls is known here; all else may write anything. */
static uint16_t writes_one(const struct reader *r)
{
	uint8_t op = r->op;
	unsigned low = (op & 7) | (r->rex & REX_B ? 8 : 0);

	if (op >= 0x38 && op < 0x3e)
		return 0;	       /* cmp */
	if (op < 0x40 && (op & 7) < 6) /* add or adc sbb and sub xor */
		return (op & 4) ? 1 : op & 2 ? writes_reg(r) : writes_rm(r);
	if (op == 0x63 || op == 0x69 || op == 0x6b || op == 0x8a || op == 0x8b || op == 0x8d)
		return writes_reg(r);
	if (op == 0x80 || op == 0x81 || op == 0x83)
		return (r->modrm & 0x38) == 0x38 ? 0 : writes_rm(r);
	if (op == 0xc0 || op == 0xc1 || (op & 0xfc) == 0xd0 || op == 0x88 || op == 0x89 ||
	    op == 0xc6 || op == 0xc7 || (op >= 0xfe && (r->modrm & 0x38) < 0x10))
		return writes_rm(r);
	if (op == 0xf6 || op == 0xf7) /* test, not, neg; mul, div */
		return (r->modrm & 0x38) < 0x20 ? writes_rm(r) : 1 << 0 | 1 << 2;
	if (op == 0x84 || op == 0x85 || op == 0xa8 || op == 0xa9 || op == 0x90)
		return 0; /* test, nop */
	if (op == 0x86 || op == 0x87)
		return writes_reg(r) | writes_rm(r); /* xchg */
	if (op == 0x98 || op == 0x99)
		return op == 0x98 ? 1 << 0 : 1 << 2; /* cltq, cqto */
	if ((op & 0xf8) == 0x50 || op == 0x68 || op == 0x6a)
		return 1 << RSP; /* push */
	if ((op & 0xf8) == 0x58 || (op & 0xf0) == 0xb0)
		return (uint16_t)(1u << low); /* pop, mov $imm */
	return WRITES_ANY;
}

static uint16_t writes_0f(const struct reader *r)
{
	uint8_t op = r->op;

	if ((op & 0xf0) == 0x40 || op == 0xaf || op == 0xb6 || op == 0xb7 || op == 0xbe ||
	    op == 0xbf)
		return writes_reg(r); /* cmov, imul, movzx, movsx */
	if ((op & 0xf0) == 0x90 || op == 0xa3 || op == 0xab || op == 0xb3 || op == 0xba ||
	    op == 0xbb)
		return writes_rm(r); /* setcc, bt and its kin */
	if (op == 0xb0 || op == 0xb1)
		return 1 << 0 | writes_rm(r); /* cmpxchg */
	if (op == 0xbc || op == 0xbd || op == 0xc0 || op == 0xc1)
		return writes_reg(r) | writes_rm(r); /* bsf, bsr, xadd */
	/* loads, stores and shuffles of vectors, nop; 7e may move to a general register */
	if ((op >= 0x10 && op <= 0x1f) || op == 0x28 || op == 0x29 || op == 0x6c || op == 0x6e ||
	    op == 0x6f || op == 0x7f || op == 0xd6 || op == 0xef)
		return 0;
	return WRITES_ANY;
}

static uint16_t writes(const struct reader *r)
{
	if (r->vector || r->map > MAP_0F)
		return WRITES_ANY;
	return r->map == MAP_0F ? writes_0f(r) : writes_one(r);
}

static bool leaves(const struct reader *r)
{
	uint8_t op = r->op;

	if (r->map == MAP_0F)
		return op == 0x0b; /* ud2 */
	if (r->map != MAP_ONE || r->vector)
		return false;
	if (op == 0xff) /* jmp */
		return (r->modrm & 0x38) == 0x20 || (r->modrm & 0x38) == 0x28;
	return (op & 0xf6) == 0xc2 || op == 0xcc || op == 0xcd || op == 0xcf || op == 0xf4 ||
	       (op >= 0xe9 && op <= 0xeb);
}

static bool calls(const struct reader *r)
{
	if (r->map != MAP_ONE || r->vector)
		return false;
	return r->op == 0xe8 ||
	       (r->op == 0xff && ((r->modrm & 0x38) == 0x10 || (r->modrm & 0x38) == 0x18));
}

/* mov $imm,%reg and xor %reg,%reg; mov %reg,%reg; mov MEM,%reg: what ends up in eax. */
static void find_value(const struct reader *r, struct ovl_insn *ret)
{
	uint8_t op = r->op;
	bool regs = r->has_modrm && r->modrm >= 0xc0;

	if (r->map != MAP_ONE || r->vector || r->short_op)
		return;
	if ((op & 0xf8) == 0xb8 && !(r->rex & REX_W)) {
		ret->what = OVL_INSN_SETS;
		ret->reg = (op & 7) | (r->rex & REX_B ? 8 : 0);
		ret->imm = (uint32_t)get_le(r->p + r->at - 4, 4);
	} else if (op == 0xc7 && regs) {
		ret->what = OVL_INSN_SETS;
		ret->reg = (uint8_t)modrm_rm(r);
		ret->imm = (uint32_t)get_le(r->p + r->at - 4, 4);
	} else if ((op == 0x31 || op == 0x33) && regs && modrm_reg(r) == modrm_rm(r)) {
		ret->what = OVL_INSN_SETS;
		ret->reg = (uint8_t)modrm_rm(r);
	} else if ((op == 0x89 || op == 0x8b) && regs) {
		ret->what = OVL_INSN_COPIES;
		ret->reg = (uint8_t)(op == 0x89 ? modrm_rm(r) : modrm_reg(r));
		ret->imm = op == 0x89 ? modrm_reg(r) : modrm_rm(r);
	} else if (op == 0x8b && (r->modrm & 7) != 4) { /* not the stack: arguments are there */
		ret->what = OVL_INSN_LOADS;
		ret->reg = (uint8_t)modrm_reg(r);
	}
}

static bool is_nop(const struct reader *r)
{
	if (r->vector)
		return false;
	return r->map == MAP_ONE ? r->op == 0x90 && !(r->rex & REX_B)
				 : r->map == MAP_0F && r->op == 0x1f;
}

/* Goes to an address relative to its own, where a transaction fails. */
static bool is_xbegin(const struct reader *r)
{
	return r->map == MAP_ONE && !r->vector && r->op == 0xc7 && r->modrm == 0xf8;
}

static void classify(const struct reader *r, char kind, struct ovl_insn *ret)
{
	ret->has_rel = kind == 'j' || kind == 'J' || is_xbegin(r);
	ret->writes = 0;
	if (calls(r)) {
		ret->what = OVL_INSN_CALLS;
		ret->writes = CALL_CLOBBERS;
	} else if (leaves(r)) {
		ret->what = OVL_INSN_LEAVES;
	} else if (ret->has_rel) {
		ret->what = OVL_INSN_BRANCH;
	} else if (r->map == MAP_0F && r->op == 0x05 && !r->vector) {
		ret->what = OVL_INSN_SYSCALL;
		ret->writes = 1 << 0 | 1 << 1 | 1 << 11;
	} else {
		ret->what = is_nop(r) ? OVL_INSN_NOP : OVL_INSN_OTHER;
		ret->writes = writes(r);
		find_value(r, ret);
	}
}

static bool is_rip_relative(const struct reader *r)
{
	return r->has_modrm && (r->modrm & 0xc7) == 0x05;
}

int ovl_insn_read(const uint8_t *p, size_t n, struct ovl_insn *ret)
{
	struct reader r = {.p = p, .n = n < 15 ? n : 15};
	size_t imm;
	char kind;

	if (read_opcode(&r) || r.at > r.n)
		return -1;
	kind = layout(&r);
	if (kind == '!' || kind == 'p')
		return -1;
	if (r.vector) /* all but vzeroupper have a modrm */
		kind = r.op == 0x77 && r.map == MAP_0F ? '.' : kind == 'm' ? 'm' : 'M';
	if ((kind == 'M' || kind == 'm' || kind == 'Z' || kind == 'f' || kind == 'F') &&
	    read_modrm(&r))
		return -1;
	imm = immediate_size(&r, kind);
	r.at += imm;
	if (r.at > r.n)
		return -1;
	*ret = (struct ovl_insn){.len = (uint8_t)r.at};
	classify(&r, kind, ret);
	ret->moves = ret->what < OVL_INSN_SYSCALL && !is_rip_relative(&r);
	if (ret->has_rel)
		ret->rel = get_le(p + r.at - imm, imm);
	return 0;
}

/* Length of modrm, sib and displacement at @p. */
static unsigned modrm_length(const uint8_t *p)
{
	unsigned mod = p[0] >> 6;
	unsigned rm = p[0] & 7;

	if (mod == 3)
		return 1;
	if (rm == 4)
		return 2 + (mod == 1 ? 1 : mod == 2 || (p[1] & 7) == 5 ? 4 : 0);
	return 1 + (mod == 1 ? 1 : mod == 2 || rm == 5 ? 4 : 0);
}

/* The commonest forms: an optional REX, one or two opcode bytes. False: another one. */
static bool step_common(const uint8_t *p, struct ovl_insn *ret)
{
	bool rex = (p[0] & 0xf0) == 0x40;
	bool two = p[rex] == 0x0f;
	unsigned at = 1 + rex + two;
	char kind = two ? two_byte[p[rex + 1]] : one_byte[p[rex]];

	ret->has_rel = kind == 'j' || kind == 'J';
	if (kind == 'Z' && p[at] == 0xf8)
		return false; /* it may be xbegin */
	if (kind == 'M' || kind == 'm' || kind == 'Z')
		at += modrm_length(p + at);
	switch (kind) {
	case '.':
	case 'M':
		break;
	case 'j':
		ret->rel = (int8_t)p[at++];
		break;
	case 'b':
	case 'm':
		at++;
		break;
	case 'J':
		ret->rel = get_le(p + at, 4);
		at += 4;
		break;
	case 'z':
	case 'Z':
		at += 4;
		break;
	case 'v':
		at += rex && (p[0] & REX_W) ? 8 : 4;
		break;
	default:
		return false;
	}
	ret->len = (uint8_t)at;
	return true;
}

int ovl_insn_step(const uint8_t *p, size_t n, struct ovl_insn *ret)
{
	return n >= 15 && step_common(p, ret) ? 0 : ovl_insn_read(p, n, ret);
}
