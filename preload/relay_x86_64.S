/* SPDX-License-Identifier: MIT */
/*
 * relay_x86_64.S - calls made in the program's own context after a trap: see trap.h
 *
 * A relay is a piece of text and, at the same index of ovl_relays, its memory: where the program
 * goes on, and its call. The registers are those of the call to be made; rcx and r11 are
 * scratch behind the system call, the stack is not touched, but to finish a tail.
 */
#include "asm_x86_64.inc"
#include "entry.h"
#include "trap.h"


#define CALL(field) (OVL_RELAY_CALL+(field)) /* no blanks: macros take it as one */

	.text
	.balign	OVL_RELAY_SIZE, 0xcc
	.globl	ovl_relay_text
	.hidden	ovl_relay_text
	.type	ovl_relay_text, @function
ovl_relay_text:
	.set	i, 0
	.rept	OVL_RELAYS
	.balign	OVL_RELAY_SIZE, 0xcc
	syscall
	lea	ovl_relays + OVL_RELAY_SIZE * i(%rip), %rcx
	jmp	relay_back
	.set	i, i + 1
	.endr
	.balign	OVL_RELAY_SIZE, 0xcc
relays_end:
	.size	ovl_relay_text, . - ovl_relay_text

/*
 * Unwind information by hand, as for the stubs of entry_x86_64.S: the frame is the program's own
 * and the return address is *(relays + ((rip & -128) - text)).
 */
	unwind_by_table ovl_relay_text, relays_end, ovl_relays, OVL_RELAY_SIZE

	.text

/* rcx: the relay's memory; rax: what the kernel answered. */
	.balign	16
	.type	relay_back, @function
relay_back:
	.cfi_startproc
	.cfi_def_cfa rsp, 0
	CFI_BACK_BY_RCX
	cmpq	$0, CALL(OVL_C_TAIL)(%rcx)
	jne	2f
1:
	load_arguments CALL(OVL_C_ARG), %rcx
	mov	OVL_RELAY_BACK(%rcx), %r11
	.cfi_register rip, r11
	movl	$0, OVL_RELAY_BUSY(%rcx)	/* from here on it may be another's */
	mov	%r11, %rcx			/* as after a system call */
	jmp	*%r11

	CFI_BACK_BY_RCX
2:
	mov	%rax, CALL(OVL_C_RET)(%rcx)
	lea	-128(%rsp), %rsp
	.cfi_adjust_cfa_offset 128
	pushq	OVL_RELAY_BACK(%rcx)
	.cfi_adjust_cfa_offset 8
	.cfi_offset rip, -136
	push	%rbp
	.cfi_adjust_cfa_offset 8
	.cfi_offset rbp, -144
	mov	%rsp, %rbp
	.cfi_def_cfa_register rbp
	push	%rcx
	sub	$8, %rsp
	and	$-16, %rsp
	lea	OVL_RELAY_CALL(%rcx), %rdi
	cld
	call	ovl_after
	mov	-8(%rbp), %rcx
	mov	%rbp, %rsp
	.cfi_def_cfa_register rsp
	pop	%rbp
	.cfi_adjust_cfa_offset -8
	.cfi_restore rbp
	lea	136(%rsp), %rsp
	.cfi_adjust_cfa_offset -136
	CFI_BACK_BY_RCX
	mov	CALL(OVL_C_RET)(%rcx), %rax
	jmp	1b
	.cfi_endproc
	.size	relay_back, . - relay_back

/*
 * gdb and libgcc know the frame of a signal by these very bytes, where no unwind information
 * is; the nop keeps the function before from being taken for the caller.
 */
	.balign	16
	nop
	.globl	ovl_trap_restorer
	.hidden	ovl_trap_restorer
	.type	ovl_trap_restorer, @function
ovl_trap_restorer:
	mov	$15, %rax
	syscall
	.size	ovl_trap_restorer, . - ovl_trap_restorer

	.section .note.GNU-stack, "", @progbits
