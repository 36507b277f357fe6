/* SPDX-License-Identifier: MIT */
/*
 * far_x86_64.S - pieces of code that sites of a program lead to: see far.h
 *
 * Nothing here may refer to anything outside of the pages but the memory behind them.
 */
#include "far.h"
#include "ovl_guard.h"

#define SITE OVL_FAR_TEXT /* from the start of a piece to its memory */

	.text
	.balign	4096, 0xcc
	.globl	ovl_far_text
	.hidden	ovl_far_text
	.type	ovl_far_text, @function
ovl_far_text:

	/* In place of the program's system call and comparison. */
	.macro	far_cmp imm, reg
	.rept	OVL_FAR_CMPS
	.balign	OVL_FAR_CMP_SIZE, 0xcc
2:
	cmp	$511, %eax
	ja	1f
	bt	%eax, (ovl_far_text + OVL_FAR_BITS)(%rip)
	jnc	1f
	or	$OVL_GUARD_TRAP, %eax
1:
	syscall
	cmp	\imm, \reg
	jmp	*(2b + SITE)(%rip)
	.endr
	.endm

	far_cmp	$-4096, %rax
	far_cmp	$-4095, %rax
	far_cmp	$-4096, %eax
	far_cmp	$-4095, %eax
	.org	ovl_far_text + OVL_FAR_MOV, 0xcc

	/* In place of the load of a number; it goes on at the program's own system call. */
	.rept	OVL_FAR_MOVS
	.balign	OVL_FAR_MOV_SIZE, 0xcc
2:
	mov	(2b + SITE + 8)(%rip), %eax
	jmp	*(2b + SITE)(%rip)
	.endr
	.org	ovl_far_text + OVL_FAR_ANY, 0xcc

	/* In place of the program's system call, whatever is around it. */
	.rept	OVL_FAR_ANYS
	.balign	OVL_FAR_ANY_SIZE, 0xcc
2:
	cmp	$511, %eax
	ja	1f
	bt	%eax, (ovl_far_text + OVL_FAR_BITS)(%rip)
	jnc	1f
	or	$OVL_GUARD_TRAP, %eax
1:
	syscall
	jmp	*(2b + SITE)(%rip)
	.endr
	.org	ovl_far_text + OVL_FAR_TEXT, 0xcc	/* an error when there is more */
	.size	ovl_far_text, . - ovl_far_text

	.section .note.GNU-stack, "", @progbits
