/* SPDX-License-Identifier: MIT */
/*
 * start_x86_64.S - the loader's first instruction, and the program's
 */
	.text
	.globl	_start
	.type	_start, @function
_start:
	xor	%ebp, %ebp
	mov	%rsp, %rdi
	mov	%rsp, %rbx		/* what the program starts with, too */
	and	$-16, %rsp
	call	ovl_load
	mov	%rbx, %rsp
	/* As the kernel leaves them: rdx is a function for atexit(), none. */
	xor	%ebx, %ebx
	xor	%ecx, %ecx
	xor	%edx, %edx
	xor	%esi, %esi
	xor	%edi, %edi
	xor	%r8d, %r8d
	xor	%r9d, %r9d
	xor	%r10d, %r10d
	mov	%rax, %r11
	xor	%eax, %eax
	jmp	*%r11
	.size	_start, . - _start

	.section .note.GNU-stack, "", @progbits
