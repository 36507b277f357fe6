/* SPDX-License-Identifier: MIT */
/*
 * callplace_x86_64.S - system calls of the program's, made from our text
 *
 * rcx and r11 are lost in a system call, and free here. Nothing else is touched.
 */
#include "callplace.h"

#define NR_PRCTL	157
#define PR_SET_DISPATCH 59 /* PR_SET_SYSCALL_USER_DISPATCH */

	.text
	.balign 64
	.globl	ovl_passes, ovl_forks
	.hidden	ovl_passes, ovl_forks

ovl_passes:
	.set	i, 0
	.rept	OVL_PASSES
	.balign OVL_PASS_SIZE, 0xcc
	mov	ovl_pass_places + OVL_PLACE_SIZE * i + OVL_PLACE_NR(%rip), %eax
	syscall
	jmp	*ovl_pass_places + OVL_PLACE_SIZE * i + OVL_PLACE_BACK(%rip)
	.set	i, i + 1
	.endr

	.balign OVL_FORK_SIZE, 0xcc
ovl_forks:
	.set	i, 0
	.rept	OVL_FORKS
	.balign OVL_FORK_SIZE, 0xcc
	mov	ovl_fork_places + OVL_PLACE_SIZE * i + OVL_PLACE_NR(%rip), %eax
	syscall
	lea	ovl_fork_places + OVL_PLACE_SIZE * i(%rip), %rcx
	test	%rax, %rax
	jz	fork_child
	jmp	*OVL_PLACE_BACK(%rcx)
	.set	i, i + 1
	.endr

/*
 * rcx: the place. The new thread or process has a stack pointer of its own or, after vfork,
 * its parent's, who waits: below the red zone there is room either way.
 */
	.balign 16
fork_child:
	lea	-128(%rsp), %rsp
	push	%rcx
	push	%rdi
	push	%rsi
	push	%rdx
	push	%r10
	push	%r8
	call	arm_registers
	syscall
	pop	%r8
	pop	%r10
	pop	%rdx
	pop	%rsi
	pop	%rdi
	pop	%rcx
	lea	128(%rsp), %rsp
	xor	%eax, %eax
	jmp	*OVL_PLACE_BACK(%rcx)

/* The registers of the call that arms dispatch for this thread. */
arm_registers:
	mov	$NR_PRCTL, %eax
	mov	$PR_SET_DISPATCH, %edi
	mov	$1, %esi		/* PR_SYS_DISPATCH_ON */
	mov	$ovl_range_start, %edx
	mov	$ovl_range_end, %r10d
	sub	%rdx, %r10
	xor	%r8d, %r8d		/* no selector: always */
	ret

	.section .note.GNU-stack, "", @progbits
