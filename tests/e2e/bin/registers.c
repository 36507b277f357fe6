/* SPDX-License-Identifier: MIT */
/*
 * registers FILE - does access() change anything but rax, rcx and r11?
 *
 * libc's access() is `mov; syscall; cmp; ret`: what differs afterwards, the door did.
 * Prints "kept" or what is wrong.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define YMM_SIZE 32
#define RED_ZONE 128

static struct {
	uint64_t general[12]; /* rbx rbp rdi rsi rdx r8 r9 r10 r12 r13 r14 r15 */
	uint8_t vector[16][YMM_SIZE];
	uint8_t red[RED_ZONE];
	uint64_t rax;
	uint64_t rsp_moved;
} before, after;

#define EACH_VECTOR(DO) \
	DO(0)           \
	DO(1)           \
	DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11) DO(12) DO(13) DO(14) DO(15)
#define LOAD_YMM(n)  "vmovdqu 96+32*" #n "(%%rax), %%ymm" #n "\n\t"
#define STORE_YMM(n) "vmovdqu %%ymm" #n ", 96+32*" #n "(%%rax)\n\t"
#define LOAD_XMM(n)  "movdqu 96+32*" #n "(%%rax), %%xmm" #n "\n\t"
#define STORE_XMM(n) "movdqu %%xmm" #n ", 96+32*" #n "(%%rax)\n\t"

/*
 * rsp is kept in a global while rbp is under test. The callee's red zone is the 128
 * bytes below the return address that the call pushes.
 */
uint64_t saved_rsp, saved_rbp, saved_rbx;
int (*target)(const char *, int) = access;

#define BODY(LOAD, STORE)                                                                       \
	__asm__ volatile("mov %%rsp, saved_rsp(%%rip)\n\t"                                      \
			 "mov %%rbp, saved_rbp(%%rip)\n\t"                                      \
			 "mov %%rbx, saved_rbx(%%rip)\n\t"                                      \
			 "sub $512, %%rsp\n\t"                                                  \
			 "and $-64, %%rsp\n\t"                                                  \
			 "lea before(%%rip), %%rax\n\t" EACH_VECTOR(                            \
				 LOAD) "lea 608(%%rax), %%rsi\n\t"                              \
				       "lea -136(%%rsp), %%rdi\n\t"                             \
				       "mov $128, %%ecx\n\t"                                    \
				       "rep movsb\n\t"                                          \
				       "mov 0(%%rax), %%rbx\n\t"                                \
				       "mov 8(%%rax), %%rbp\n\t"                                \
				       "mov 16(%%rax), %%rdi\n\t"                               \
				       "mov 24(%%rax), %%rsi\n\t"                               \
				       "mov 32(%%rax), %%rdx\n\t"                               \
				       "mov 40(%%rax), %%r8\n\t"                                \
				       "mov 48(%%rax), %%r9\n\t"                                \
				       "mov 56(%%rax), %%r10\n\t"                               \
				       "mov 64(%%rax), %%r12\n\t"                               \
				       "mov 72(%%rax), %%r13\n\t"                               \
				       "mov 80(%%rax), %%r14\n\t"                               \
				       "mov 88(%%rax), %%r15\n\t"                               \
				       "call *target(%%rip)\n\t"                                \
				       "mov %%rax, 736+after(%%rip)\n\t"                        \
				       "lea after(%%rip), %%rax\n\t"                            \
				       "mov %%rbx, 0(%%rax)\n\t"                                \
				       "mov %%rbp, 8(%%rax)\n\t"                                \
				       "mov %%rdi, 16(%%rax)\n\t"                               \
				       "mov %%rsi, 24(%%rax)\n\t"                               \
				       "mov %%rdx, 32(%%rax)\n\t"                               \
				       "mov %%r8, 40(%%rax)\n\t"                                \
				       "mov %%r9, 48(%%rax)\n\t"                                \
				       "mov %%r10, 56(%%rax)\n\t"                               \
				       "mov %%r12, 64(%%rax)\n\t"                               \
				       "mov %%r13, 72(%%rax)\n\t"                               \
				       "mov %%r14, 80(%%rax)\n\t"                               \
				       "mov %%r15, 88(%%rax)\n\t" EACH_VECTOR(                  \
					       STORE) "lea 608(%%rax), %%rdi\n\t"               \
						      "lea -136(%%rsp), %%rsi\n\t"              \
						      "mov $128, %%ecx\n\t"                     \
						      "rep movsb\n\t"                           \
						      "mov saved_rsp(%%rip), %%rsp\n\t"         \
						      "mov saved_rbp(%%rip), %%rbp\n\t"         \
						      "mov saved_rbx(%%rip), %%rbx\n\t"         \
			 :                                                                      \
			 :                                                                      \
			 : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12",  \
			   "r13", "r14", "r15", "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", \
			   "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",    \
			   "xmm12", "xmm13", "xmm14", "xmm15")

__attribute__((noinline, target("avx2"))) static void call_with_ymm(void)
{
	BODY(LOAD_YMM, STORE_YMM);
}

__attribute__((noinline)) static void call_with_xmm(void)
{
	BODY(LOAD_XMM, STORE_XMM);
}

static void fill(const char *path)
{
	uint8_t *p = (uint8_t *)&before;

	for (size_t i = 0; i < sizeof(before); i++)
		p[i] = (uint8_t)(i * 7 + 3);
	before.general[2] = (uint64_t)path;
	before.general[3] = R_OK;
	after = before;
}

static int compare(long want)
{
	int bad = 0;

	for (int i = 0; i < 12; i++)
		if (before.general[i] != after.general[i])
			bad += printf("general %d\n", i);
	for (int i = 0; i < 16; i++)
		if (memcmp(before.vector[i], after.vector[i], YMM_SIZE))
			bad += printf("vector %d\n", i);
	if (memcmp(before.red, after.red, RED_ZONE))
		bad += printf("red zone\n");
	if ((int)after.rax != want)
		bad += printf("result %d\n", (int)after.rax);
	return bad;
}

int main(int argc, char **argv)
{
	int bad = 0;

	_Static_assert(sizeof(before.general) == 96, "BODY");
	if (argc != 2)
		return 2;
	for (int i = 0; i < 3; i++) {
		fill(argv[1]);
		if (__builtin_cpu_supports("avx2"))
			call_with_ymm();
		else
			call_with_xmm();
		bad |= compare(0);
	}
	if (!bad)
		puts("kept");
	return bad != 0;
}
