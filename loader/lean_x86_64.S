/* SPDX-License-Identifier: MIT */
/*
 * lean_x86_64.S - where patched places of a loaded program arrive
 *
 * rcx and r11 are all there is until a stack of ours is taken. The loader lies at an address
 * below 2 GiB, so its tables can be addressed by that and one register.
 */
#include "entry.h"
#include "lean.h"
#include "ovl_guard.h"

/* From a stack's first byte. */
#define TOP	   OVL_LEAN_STACK_SIZE
#define SAVED_RSP  (TOP - 8)
#define ENTRY	   (TOP - 16)
#define OFFSET	   (TOP - 24)
#define CALL	   (TOP - 32 - OVL_C_SIZE)

	.text
	.balign 64
	.globl	ovl_lean_stubs
	.hidden	ovl_lean_stubs
ovl_lean_stubs:
	.set	i, 0
	.rept	OVL_LEAN_STUBS
	.balign OVL_LEAN_STUB_SIZE, 0xcc
	mov	$ovl_lean_entries + OVL_E_SIZE * i, %ecx
	jmp	enter
	.set	i, i + 1
	.endr

/* rcx: the place's entry; rax: the number, unless the entry has it. */
	.balign 16
enter:
	mov	OVL_E_NR(%rcx), %r11d
	test	%r11d, %r11d
	js	1f
	mov	%r11d, %eax
	jmp	2f
1:
	cmp	$511, %eax
	ja	4f
	bt	%eax, ovl_lean_wanted
	jnc	4f
2:
	xor	%r11d, %r11d
3:
	lock btsq %r11, ovl_lean_busy
	jnc	frame
	inc	%r11d
	cmp	$OVL_LEAN_STACKS, %r11d
	jb	3b
	pause
	jmp	2b
4:
	jmp	*OVL_E_NATIVE(%rcx)

	.balign 16
frame:
	shl	$OVL_LEAN_STACK_SHIFT, %r11
	mov	%rsp, ovl_lean_stacks + SAVED_RSP(%r11)
	mov	%rcx, ovl_lean_stacks + ENTRY(%r11)
	mov	%r11, ovl_lean_stacks + OFFSET(%r11)
	lea	ovl_lean_stacks + CALL(%r11), %rsp
	movslq	%eax, %rax
	mov	%rax, OVL_C_NR(%rsp)
	mov	%rdi, OVL_C_ARG + 0(%rsp)
	mov	%rsi, OVL_C_ARG + 8(%rsp)
	mov	%rdx, OVL_C_ARG + 16(%rsp)
	mov	%r10, OVL_C_ARG + 24(%rsp)
	mov	%r8, OVL_C_ARG + 32(%rsp)
	mov	%r9, OVL_C_ARG + 40(%rsp)
	mov	%rsp, %rdi
	mov	OVL_E_FLAVOR(%rcx), %esi
	cld
	call	ovl_lean_enter
	cmp	$1, %eax
	je	done
	ja	tail

	/* OVL_PASS: with the key, if the guard asks for one; it may be in rdi or r9 then. */
	mov	OVL_C_NR(%rsp), %rax
	call	arguments
	call	ovl_key
	syscall
	jmp	leave

tail:
	mov	OVL_C_TAIL(%rsp), %r11
	mov	OVL_T_NR(%r11), %rax
	mov	OVL_T_ARG + 0(%r11), %rdi
	mov	OVL_T_ARG + 8(%r11), %rsi
	mov	OVL_T_ARG + 16(%r11), %rdx
	mov	OVL_T_ARG + 24(%r11), %r10
	mov	OVL_T_ARG + 32(%r11), %r8
	mov	OVL_T_ARG + 40(%r11), %r9
	call	ovl_key
	syscall
	mov	%rax, OVL_C_RET(%rsp)
	mov	%rsp, %rdi
	call	ovl_after
done:
	mov	OVL_C_RET(%rsp), %rax
leave:
	call	arguments
	mov	OFFSET - CALL(%rsp), %r11
	mov	ENTRY - CALL(%rsp), %rcx
	mov	SAVED_RSP - CALL(%rsp), %rsp
	shr	$OVL_LEAN_STACK_SHIFT, %r11
	lock btrq %r11, ovl_lean_busy
	jmp	*OVL_E_BACK(%rcx)

/* The program's argument registers from the call above our return address. */
arguments:
	mov	8 + OVL_C_ARG + 0(%rsp), %rdi
	mov	8 + OVL_C_ARG + 8(%rsp), %rsi
	mov	8 + OVL_C_ARG + 16(%rsp), %rdx
	mov	8 + OVL_C_ARG + 24(%rsp), %r10
	mov	8 + OVL_C_ARG + 32(%rsp), %r8
	mov	8 + OVL_C_ARG + 40(%rsp), %r9
	ret

	.section .note.GNU-stack, "", @progbits
