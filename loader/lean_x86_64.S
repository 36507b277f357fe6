/* SPDX-License-Identifier: MIT */
/*
 * lean_x86_64.S - where patched places of a loaded program arrive
 *
 * rcx and r11 are all there is until a stack of ours is taken. The loader lies at an address
 * below 2 GiB, so its tables can be addressed by that and one register.
 */
#include "asm_x86_64.inc"
#include "entry.h"
#include "lean.h"
#include "ovl_guard.h"

/* From the call on a stack. */
#define THREAD (OVL_LEAN_THREAD - OVL_LEAN_CALL)
#define OFFSET (OVL_LEAN_OFFSET - OVL_LEAN_CALL)
#define ENTRY  (OVL_LEAN_ENTRY - OVL_LEAN_CALL)
#define RSP    (OVL_LEAN_RSP - OVL_LEAN_CALL)

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
	mov	$1, %r11d
3:
	lock btsq %r11, ovl_lean_busy
	jnc	frame
	inc	%r11d
	cmp	$OVL_LEAN_STACKS, %r11d
	jb	3b
	/* The first one is for who finds no other: it looks for lost ones. */
	xor	%r11d, %r11d
	lock btsq %r11, ovl_lean_busy
	jnc	frame
again:
	pause
	jmp	2b
4:
	jmp	*OVL_E_NATIVE(%rcx)

	.balign 16
frame:
	shl	$OVL_LEAN_STACK_SHIFT, %r11
	mov	%rsp, ovl_lean_stacks + OVL_LEAN_RSP(%r11)
	mov	%rcx, ovl_lean_stacks + OVL_LEAN_ENTRY(%r11)
	mov	%r11, ovl_lean_stacks + OVL_LEAN_OFFSET(%r11)
	lea	ovl_lean_stacks + OVL_LEAN_CALL(%r11), %rsp
	movslq	%eax, %rax
	mov	%rax, OVL_C_NR(%rsp)
	save_arguments OVL_C_ARG, %rsp
	movq	$0, OVL_C_TAIL(%rsp)
	mov	%rsp, %rdi
	mov	OVL_E_FLAVOR(%rcx), %esi
	cld
	call	ovl_lean_enter
	mov	%eax, %r11d
	mov	OVL_C_NR(%rsp), %rax
	cmp	$1, %r11d
	je	done
	jb	pass
	cmp	$OVL_LEAN_FREE, %r11d
	jb	tail

	/* As if nothing had been. */
	call	arguments
	mov	OFFSET(%rsp), %r11
	mov	ENTRY(%rsp), %rcx
	mov	RSP(%rsp), %rsp
	shr	$OVL_LEAN_STACK_SHIFT, %r11
	lock btrq %r11, ovl_lean_busy
	test	%r11, %r11
	jz	again
	/* OVL_LEAN_FREE: it is the program's own from here on. */
	jmp	*OVL_E_PASS(%rcx)

tail:
	mov	OVL_C_TAIL(%rsp), %r11
	mov	OVL_T_NR(%r11), %rax
	load_arguments OVL_T_ARG, %r11
	jmp	call_kernel
pass:
	call	arguments
call_kernel:
	call	ovl_key
	mov	OFFSET(%rsp), %r11
	mov	RSP(%rsp), %rsp
	shr	$OVL_LEAN_STACK_SHIFT - 4, %r11
	.if	OVL_LEAN_CALL_SIZE - 16
	.error	"a piece is 16 bytes"
	.endif
	lea	calls(%r11), %r11
	jmp	*%r11

	/* Each stack's own piece, by which it is found again. */
	.balign OVL_LEAN_CALL_SIZE
calls:
	.set	i, 0
	.rept	OVL_LEAN_STACKS
	.balign OVL_LEAN_CALL_SIZE, 0xcc
	syscall
	mov	$ovl_lean_stacks + OVL_LEAN_STACK_SIZE * i + OVL_LEAN_CALL, %ecx
	jmp	called
	.set	i, i + 1
	.endr

	.balign 16
called:
	mov	%rcx, %rsp
	mov	%rax, OVL_C_RET(%rsp)
	movq	$0, THREAD(%rsp)
	cmpq	$0, OVL_C_TAIL(%rsp)
	je	done
	mov	%rsp, %rdi
	call	ovl_after
done:
	mov	OVL_C_RET(%rsp), %rax
	call	arguments
	mov	OFFSET(%rsp), %r11
	mov	ENTRY(%rsp), %rcx
	mov	RSP(%rsp), %rsp
	shr	$OVL_LEAN_STACK_SHIFT, %r11
	lock btrq %r11, ovl_lean_busy
	jmp	*OVL_E_BACK(%rcx)

/* The program's argument registers from the call above our return address. */
arguments:
	load_arguments 8+OVL_C_ARG, %rsp
	ret

	.section .note.GNU-stack, "", @progbits
