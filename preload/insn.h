/* SPDX-License-Identifier: MIT */
/*
 * insn.h - how long is this x86-64 instruction, and where does it go?
 *
 * Not a disassembler: lengths, direct branch targets and the little that the search for
 * system calls asks about registers. Pure; needs no libc; tests and tools link it hosted.
 */
#ifndef OVL_INSN_H
#define OVL_INSN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ovl_insn_what {
	OVL_INSN_OTHER,	 /* goes on with the next one */
	OVL_INSN_NOP,	 /* padding, where it follows what does not go on */
	OVL_INSN_SETS,	 /* so does this: register reg becomes imm */
	OVL_INSN_COPIES, /* and this: register reg becomes what register imm is, 32 bits */
	OVL_INSN_LOADS,	 /* and this: register reg becomes what memory, not the stack, holds */
	OVL_INSN_SYSCALL,
	OVL_INSN_BRANCH, /* conditional, direct */
	OVL_INSN_LEAVES, /* jmp, ret, ...: does not go on */
	OVL_INSN_CALLS,
};

struct ovl_insn {
	uint8_t len;
	uint8_t what; /* enum ovl_insn_what */
	uint8_t reg;  /* 0: rax ... 15: r15 */
	bool moves;   /* it does the same at another address, and goes on with the next one */
	bool has_rel; /* a direct jump or call, of any kind, to rel bytes from its end */
	int32_t rel;
	uint32_t imm;
	uint16_t writes; /* a bit per register that this may change; too many rather than few */
};

/*
 * ovl_insn_read - decode the instruction at @p, of which @n bytes are there
 *
 * Returns 0 and fills *ret; -1 when these bytes are no instruction or too few.
 */
int ovl_insn_read(const uint8_t *p, size_t n, struct ovl_insn *ret);

/*
 * ovl_insn_step - the same, but only len, has_rel and rel are filled
 *
 * Several times as fast: most of a text is of no further interest.
 */
int ovl_insn_step(const uint8_t *p, size_t n, struct ovl_insn *ret);

#endif
