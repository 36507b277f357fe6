/* SPDX-License-Identifier: MIT */
/*
 * switch_x86_64.S - what every door's assembly needs: the guard's key, and another stack
 */
#include "entry.h"
#include "ovl_guard.h"

#include <asm/unistd.h>

	.text
/* rax: a number of the table's, about to be called: past the guard (ovl_guard.h). Uses r11. */
	.globl	ovl_key
	.hidden	ovl_key
	.type	ovl_key, @function
ovl_key:
	.cfi_startproc
	lea	ovl_guarded(%rip), %r11
	cmpb	$0, (%r11,%rax)
	je	2f
	cmp	$OVL_NR_SETXATTRAT, %eax
	je	1f
	movabs	$OVL_GUARD_KEY, %r9
	ret
1:
	mov	%edi, %edi			/* the upper half is 0 */
	movabs	$OVL_GUARD_UPPER, %r11
	or	%r11, %rdi
2:
	ret
	.cfi_endproc
	.size	ovl_key, . - ovl_key

/* long ovl_on_stack(void *top, long (*fn)(void *), void *arg) */
	.balign	16
	.globl	ovl_on_stack
	.hidden	ovl_on_stack
	.type	ovl_on_stack, @function
ovl_on_stack:
	.cfi_startproc
	push	%rbp
	.cfi_adjust_cfa_offset 8
	.cfi_offset rbp, -16
	mov	%rsp, %rbp
	.cfi_def_cfa_register rbp
	mov	%rdi, %rsp
	mov	%rdx, %rdi
	call	*%rsi
	mov	%rbp, %rsp
	.cfi_def_cfa_register rsp
	pop	%rbp
	.cfi_adjust_cfa_offset -8
	ret
	.cfi_endproc
	.size	ovl_on_stack, . - ovl_on_stack

/* long ovl_child_on_stack(long flags, void *top, long (*fn)(void *), void *arg) */
	.balign	16
	.globl	ovl_child_on_stack
	.hidden	ovl_child_on_stack
	.type	ovl_child_on_stack, @function
ovl_child_on_stack:
	.cfi_startproc
	mov	%rdx, %r8		/* clone(2) has no use for it, and keeps it */
	mov	%rcx, %r9
	xor	%edx, %edx
	xor	%r10d, %r10d
	mov	$__NR_clone, %eax
	syscall
	test	%rax, %rax
	jz	1f
	ret
1:	.cfi_undefined rip
	xor	%ebp, %ebp
	mov	%r9, %rdi
	call	*%r8
	xor	%edi, %edi
	mov	$__NR_exit_group, %eax
	syscall
	hlt
	.cfi_endproc
	.size	ovl_child_on_stack, . - ovl_child_on_stack

	.section .note.GNU-stack, "", @progbits
