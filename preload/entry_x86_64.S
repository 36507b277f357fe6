/* SPDX-License-Identifier: MIT */
/*
 * entry_x86_64.S - where patched sites arrive, and the way back
 *
 * A system call preserves every register but rax, rcx and r11, and does not touch the
 * stack; so does everything here, seen from the site. rcx and r11 are scratch from the
 * first instruction on. The red zone is skipped before anything is written.
 *
 * Unwinding works at every instruction: a signal that cancels a thread may arrive at
 * any of them.
 */
#include "asm_x86_64.inc"
#include "entry.h"


#define FRAME 144 /* from rbp, while it is ours, to the program's rsp: the red zone and two words */

	.text
	.balign	64
	.globl	ovl_stubs
	.hidden	ovl_stubs
	.type	ovl_stubs, @function
ovl_stubs:

	.macro	stub_head index, target
	lea	ovl_entries + OVL_E_SIZE * (\index)(%rip), %rcx
	jmp	\target
	.endm

	.macro	stub_mov index
	.balign	OVL_E_SIZE, 0xcc
	stub_head \index, enter_known
	.endm

	.macro	stub_cmp index, imm, reg
	.balign	OVL_E_SIZE, 0xcc
	stub_head \index, enter_register
	syscall				/* OVL_STUB_NATIVE: not ours; the stack is untouched */
	cmp	\imm, \reg
	jmp	*ovl_entries + OVL_E_SIZE * (\index) + OVL_E_BACK(%rip)
	.endm

	.macro	stub_prev index, insn:vararg
	.balign	OVL_E_SIZE, 0xcc
	\insn
	stub_head \index, enter_register
	.endm

	.macro	stub_wrap index
	.balign	OVL_E_SIZE, 0xcc
	stub_head \index, enter_register
	syscall				/* OVL_STUB_NATIVE */
	jmp	*ovl_entries + OVL_E_SIZE * (\index) + OVL_E_BACK(%rip)
	.endm

	/* Stubs of all classes, in the order of patch.c's. */
	.macro	stubs mov, cmp, prev, wrap
	.rept	\mov
	stub_mov i
	.set	i, i + 1
	.endr
	.rept	\prev
	stub_prev i, mov 8(%rsp), %r9
	.set	i, i + 1
	.endr
	.rept	\prev
	stub_prev i, mov %r11, 8(%rsp)
	.set	i, i + 1
	.endr
	.rept	\cmp
	stub_cmp i, $-4096, %rax
	.set	i, i + 1
	.endr
	.rept	\cmp
	stub_cmp i, $-4096, %eax
	.set	i, i + 1
	.endr
	.rept	\cmp
	stub_cmp i, $-4095, %rax
	.set	i, i + 1
	.endr
	.rept	\cmp
	stub_cmp i, $-4095, %eax
	.set	i, i + 1
	.endr
	.rept	\wrap
	stub_wrap i
	.set	i, i + 1
	.endr
	.endm

	.set	i, 0
	.set	rest_mov, OVL_STUBS_MOV - OVL_FIRST_MOV
	.set	rest_cmp, OVL_STUBS_CMP - OVL_FIRST_CMP
	.set	rest_prev, OVL_STUBS_PREV - OVL_FIRST_PREV
	.set	rest_wrap, OVL_STUBS_WRAP - OVL_FIRST_WRAP
	stubs	OVL_FIRST_MOV, OVL_FIRST_CMP, OVL_FIRST_PREV, OVL_FIRST_WRAP
	stubs	rest_mov, rest_cmp, rest_prev, rest_wrap
	.balign	OVL_E_SIZE, 0xcc
stubs_end:
	.size	ovl_stubs, . - ovl_stubs

/*
 * The stubs' unwind information, by hand: in any of them the frame is still the
 * program's own, and the return address is *(entries + ((rip & -32) - stubs)).
 */
	unwind_by_table ovl_stubs, stubs_end, ovl_entries, OVL_E_SIZE

	.text

/*
 * rcx: the entry of a site with the number in eax. It may be clone or vfork: what is
 * not ours goes on without a byte of stack.
 */
	.balign	16
	.type	enter_register, @function
enter_register:
	.cfi_startproc
	.cfi_def_cfa rsp, 0
	CFI_BACK_BY_RCX
	cmp	$511, %eax
	ja	1f
	lea	ovl_nr_bitmap(%rip), %r11
	bt	%eax, (%r11)
	jnc	1f
	movslq	%eax, %rax
	jmp	enter_frame
1:
	jmp	*OVL_E_NATIVE(%rcx)
	.cfi_endproc
	.size	enter_register, . - enter_register

/*
 * OVL_F_CANCEL: by libc's own `syscall; ret`. The program's stack has what that function was
 * called with: a pointer to the thread's state, put there by the instruction that is replayed. Who
 * was cancelled since libc looked at it is told EINTR, and libc looks again; but not at a close.
 */
	.macro	enter_kernel
	mov	-8(%rbp), %rcx
	cmpl	$OVL_F_CANCEL, OVL_E_FLAVOR(%rcx)
	je	3f
	syscall
	jmp	6f
3:
	cmpl	$OVL_NR_CLOSE, OVL_C_NR(%rsp)
	je	4f
	mov	FRAME + 8(%rbp), %r11
	testl	$OVL_CANCELED, (%r11)
	jnz	5f
4:
	call	*OVL_E_NATIVE(%rcx)
	jmp	6f
5:
	mov	$-OVL_EINTR, %rax
6:
	.endm

/* rcx: the entry of a site that overwrote its own number. Goes on below. */
	.balign	16
	.type	enter_known, @function
enter_known:
	.cfi_startproc
	.cfi_def_cfa rsp, 0
	CFI_BACK_BY_RCX
	movslq	OVL_E_NR(%rcx), %rax
	.cfi_endproc
	.size	enter_known, . - enter_known

/* rcx: the entry; rax: the number; everything else as the program left it. */
	.type	enter_frame, @function
enter_frame:
	.cfi_startproc
	.cfi_def_cfa rsp, 0
	CFI_BACK_BY_RCX
	lea	-128(%rsp), %rsp
	.cfi_adjust_cfa_offset 128
	pushq	OVL_E_BACK(%rcx)
	.cfi_adjust_cfa_offset 8
	.cfi_offset rip, -136
	push	%rbp
	.cfi_adjust_cfa_offset 8
	.cfi_offset rbp, -144
	mov	%rsp, %rbp
	.cfi_def_cfa_register rbp
	push	%rcx
	sub	$OVL_C_SIZE, %rsp
	and	$-16, %rsp

	/* The engine reads arg[] but never writes it: it is the save area, too. */
	mov	%rax, OVL_C_NR(%rsp)
	save_arguments OVL_C_ARG, %rsp
	mov	%rsp, %rdi
	cld
	cmpl	$OVL_F_WATCH, OVL_E_FLAVOR(%rcx)
	je	.Lwatch
	call	ovl_enter
	cmp	$1, %eax
	je	.Ldone
	ja	.Ltail

	mov	OVL_C_NR(%rsp), %rax		/* OVL_PASS */
	load_arguments OVL_C_ARG, %rsp
	call	ovl_key
	enter_kernel
	mov	OVL_C_ARG + 0(%rsp), %rdi	/* the key may be in one of them */
	mov	OVL_C_ARG + 40(%rsp), %r9
	jmp	.Lleave

.Ltail:
	mov	OVL_C_TAIL(%rsp), %r11
	mov	OVL_T_NR(%r11), %rax
	load_arguments OVL_T_ARG, %r11
	call	ovl_key
	enter_kernel
	mov	%rax, OVL_C_RET(%rsp)
	mov	%rsp, %rdi
	call	ovl_after
.Ldone:
	mov	OVL_C_RET(%rsp), %rax
	load_arguments OVL_C_ARG, %rsp
.Lleave:
	/* rcx: the return address, as after a system call; a ret would have no call. */
	mov	-8(%rbp), %rcx
	mov	OVL_E_FLAVOR(%rcx), %r11d
	mov	8(%rbp), %rcx
	.cfi_register rip, rcx
	mov	%rbp, %rsp
	.cfi_def_cfa_register rsp
	pop	%rbp
	.cfi_adjust_cfa_offset -8
	.cfi_restore rbp
	lea	136(%rsp), %rsp
	.cfi_adjust_cfa_offset -136
	cmp	$OVL_F_CMP_R000, %r11d
	jae	1f
	jmp	*%rcx
1:
	je	.Lr000
	cmp	$OVL_F_CMP_E000, %r11d
	je	.Le000
	ja	2f
	cmp	$-4095, %rax
	jmp	*%rcx
.Lr000:
	cmp	$-4096, %rax
	jmp	*%rcx
.Le000:
	cmp	$-4096, %eax
	jmp	*%rcx
2:
	cmp	$-4095, %eax			/* OVL_F_WATCH: not read there */
	jmp	*%rcx

	.cfi_def_cfa rbp, 144
	.cfi_offset rip, -136
	.cfi_offset rbp, -144
.Lwatch:
	call	ovl_watch
	jmp	.Ldone
	.cfi_endproc
	.size	enter_frame, . - enter_frame

	.section .note.GNU-stack, "", @progbits
