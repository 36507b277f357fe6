/* SPDX-License-Identifier: MIT */
/*
 * sym_x86_64.S - functions of the door of names with arguments that C cannot hand on
 */
#include "symnext.h"

/*
 * execl(), execle(), execlp(): what they are given after the path becomes an array on the stack, by
 * putting the five that are in registers in front of the others, which are there already.
 */
	.macro	exec_list name
	.text
	.balign	16
	.globl	\name
	.type	\name, @function
\name:
	.cfi_startproc
	pop	%r11			/* the return address: out of the array */
	.cfi_adjust_cfa_offset -8
	.cfi_register rip, r11
	push	%r9
	push	%r8
	push	%rcx
	push	%rdx
	push	%rsi
	.cfi_adjust_cfa_offset 40
	mov	%rsp, %rsi
	push	%r11
	.cfi_adjust_cfa_offset 8
	.cfi_offset rip, -56
	call	ovl_sym_\name
	pop	%r11
	.cfi_adjust_cfa_offset -8
	.cfi_register rip, r11
	add	$40, %rsp
	.cfi_adjust_cfa_offset -40
	push	%r11
	.cfi_adjust_cfa_offset 8
	.cfi_offset rip, -8
	ret
	.cfi_endproc
	.size	\name, . - \name
	.endm

	exec_list execl
	exec_list execle
	exec_list execlp

/*
 * syscall(): the engine's numbers go there, all others to libc's function as they are: clone and
 * vfork return twice, to who called.
 */
	.balign	16
	.globl	syscall
	.type	syscall, @function
syscall:
	.cfi_startproc
	cmp	$511, %rdi
	ja	1f
	lea	ovl_nr_bitmap(%rip), %r11
	bt	%edi, (%r11)
	jnc	1f
	jmp	ovl_sym_syscall
1:
	mov	ovl_next + 8 * OVL_NEXT_INDEX_SYSCALL(%rip), %r11
	jmp	*%r11
	.cfi_endproc
	.size	syscall, . - syscall

	.section .note.GNU-stack, "", @progbits
