/* SPDX-License-Identifier: MIT */
/*
 * relay_x86_64.S - calls made in the program's own context after a trap: see trap.h
 *
 * A relay is a piece of text and, at the same index of ovl_relays, its memory: where the program
 * goes on, and its call. The registers are those of the call to be made; rcx and r11 are
 * scratch behind the system call, the stack is not touched, but to finish a tail.
 */
#include "entry.h"
#include "trap.h"

#define DW_CFA_val_expression 0x16
#define DW_RIP 16
/* Return address = *(uint64_t *)rcx: rcx is the relay's memory, whose first field is back. */
#define CFI_BACK_BY_RCX .cfi_escape DW_CFA_val_expression, DW_RIP, 3, 0x72, 0, 0x06

#define CALL(field) (OVL_RELAY_CALL + (field))

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
	.section .eh_frame, "a", @progbits
	.balign	8
cie:
	.long	cie_end - cie_start
cie_start:
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
cie_end:
	.long	fde_end - fde_start
fde_start:
	.long	fde_start - cie
	.long	ovl_relay_text - .
	.long	relays_end - ovl_relay_text
	.uleb128 0
	.byte	DW_CFA_val_expression, DW_RIP
	.uleb128 expr_end - expr_start
expr_start:
	.byte	0x80, 0			/* breg16 (rip) + 0 */
	.byte	0x08, 0x7f, 0x20, 0x1a	/* const1u 127, not, and */
	.byte	0x0d			/* const4s */
expr_relays:
	.long	ovl_relays - .
	.byte	0x22			/* plus */
	.byte	0x0d			/* const4s */
expr_text:
	.long	ovl_relay_text - .
	.byte	0x1c			/* minus */
	/* each constant is relative to its own place: 6 bytes apart */
	.byte	0x36, 0x1c		/* lit6, minus */
	.byte	0x06			/* deref */
expr_end:
	.balign	8
fde_end:
	.if	expr_text - expr_relays - 6
	.error	"the constants of the relays' unwind expression moved"
	.endif

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
	mov	CALL(OVL_C_ARG + 0)(%rcx), %rdi
	mov	CALL(OVL_C_ARG + 8)(%rcx), %rsi
	mov	CALL(OVL_C_ARG + 16)(%rcx), %rdx
	mov	CALL(OVL_C_ARG + 24)(%rcx), %r10
	mov	CALL(OVL_C_ARG + 32)(%rcx), %r8
	mov	CALL(OVL_C_ARG + 40)(%rcx), %r9
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
