/* SPDX-License-Identifier: MIT */
/*
 * asm_x86_64.h - macros that the doors' assembly shares
 */
#ifndef OVL_ASM_X86_64_H
#define OVL_ASM_X86_64_H

/* DWARF, for rules that have no directive of their own. */
#define DW_CFA_val_expression 0x16
#define DW_RIP 16
/* Return address = *(uint64_t *)rcx: rcx is a place's entry, whose first field is that address. */
#define CFI_BACK_BY_RCX .cfi_escape DW_CFA_val_expression, DW_RIP, 3, 0x72, 0, 0x06

/* The six registers of a system call's arguments from arg[0..5] at \at(\base); base comes last. */
	.macro	load_arguments at, base
	mov	\at + 0(\base), %rdi
	mov	\at + 8(\base), %rsi
	mov	\at + 16(\base), %rdx
	mov	\at + 24(\base), %r10
	mov	\at + 32(\base), %r8
	mov	\at + 40(\base), %r9
	.endm

	.macro	save_arguments at, base
	mov	%rdi, \at + 0(\base)
	mov	%rsi, \at + 8(\base)
	mov	%rdx, \at + 16(\base)
	mov	%r10, \at + 24(\base)
	mov	%r8, \at + 32(\base)
	mov	%r9, \at + 40(\base)
	.endm

/*
 * Unwind information, by hand, of pieces of text that run parallel to a table: from \text to
 * \end, \size bytes each, a power of two, as each entry of \table has. In any of them the frame is the
 * program's own, and the return address is the first word of its entry:
 * *(table + ((rip & -size) - text)).
 */
	.macro	unwind_by_table text, end, table, size
	.pushsection .eh_frame, "a", @progbits
	.balign	8
.Lcie\@:
	.long	.Lcie_end\@ - .Lcie_start\@
.Lcie_start\@:
	.long	0
	.byte	1			/* version */
	.string	"zR"
	.uleb128 1			/* code alignment */
	.sleb128 -8			/* data alignment */
	.byte	DW_RIP			/* return address column */
	.uleb128 1
	.byte	0x1b			/* DW_EH_PE_pcrel | DW_EH_PE_sdata4 */
	.byte	0x0c, 7, 0		/* DW_CFA_def_cfa rsp + 0 */
	.balign	8
.Lcie_end\@:
	.long	.Lfde_end\@ - .Lfde_start\@
.Lfde_start\@:
	.long	.Lfde_start\@ - .Lcie\@
	.long	\text - .
	.long	\end - \text
	.uleb128 0
	.byte	DW_CFA_val_expression, DW_RIP
	.uleb128 .Lexpr_end\@ - .Lexpr_start\@
.Lexpr_start\@:
	.byte	0x80, 0			/* breg16 (rip) + 0 */
	.byte	0x08, \size - 1, 0x20, 0x1a	/* const1u, not, and */
	.byte	0x0d			/* const4s */
.Lexpr_table\@:
	.long	\table - .
	.byte	0x22			/* plus */
	.byte	0x0d			/* const4s */
.Lexpr_text\@:
	.long	\text - .
	.byte	0x1c			/* minus */
	/* each constant is relative to its own place: 6 bytes apart */
	.byte	0x36, 0x1c		/* lit6, minus */
	.byte	0x06			/* deref */
.Lexpr_end\@:
	.balign	8
.Lfde_end\@:
	.if	.Lexpr_text\@ - .Lexpr_table\@ - 6
	.error	"the constants of an unwind expression moved"
	.endif
	.popsection
	.endm

#endif
