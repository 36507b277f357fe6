/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "insn.h"

static struct ovl_insn in;

static int length(const char *bytes, size_t n)
{
	return ovl_insn_read((const uint8_t *)bytes, n, &in) ? -1 : in.len;
}

#define LENGTH(bytes) length(bytes, sizeof(bytes) - 1)

Test(insn, lengths_are_the_processors)
{
	cr_expect(eq(int, LENGTH("\x90"), 1));
	cr_expect(eq(int, LENGTH("\x0f\x05"), 2));
	cr_expect(eq(int, LENGTH("\x48\xc7\xc0\x0f\x00\x00\x00"), 7)); /* mov $15,%rax */
	cr_expect(eq(int, LENGTH("\x48\xb8\x01\x02\x03\x04\x05\x06\x07\x08"), 10)); /* movabs */
	cr_expect(eq(int, LENGTH("\x66\xb8\x01\x02"), 4));			    /* mov $,%ax */
	cr_expect(eq(int, LENGTH("\x8b\x04\x25\x00\x00\x00\x00"), 7)); /* sib, no base */
	cr_expect(eq(int, LENGTH("\x8b\x05\x00\x00\x00\x00"), 6));     /* rip relative */
	cr_expect(eq(int, LENGTH("\x8b\x44\x24\x08"), 4));
	cr_expect(eq(int, LENGTH("\xf6\xc1\x01"), 3));		       /* test $1,%cl */
	cr_expect(eq(int, LENGTH("\xf6\xd1"), 2));		       /* not %cl */
	cr_expect(eq(int, LENGTH("\xc5\xf8\x77"), 3));		       /* vzeroupper */
	cr_expect(eq(int, LENGTH("\xc4\xe3\x75\x0f\xc2\x04"), 6));     /* vpalignr */
	cr_expect(eq(int, LENGTH("\x62\xf1\xfe\x48\x6f\x46\x01"), 7)); /* vmovdqu64 */
	cr_expect(eq(int, LENGTH("\x66\x2e\x0f\x1f\x84\x00\x00\x00\x00\x00"), 10));
	cr_expect(eq(int, LENGTH("\xc8\x10\x00\x00"), 4)); /* enter */
}

Test(insn, too_few_bytes_are_none)
{
	cr_expect(eq(int, length("\xb8\x01\x02\x03\x04", 4), -1));
	cr_expect(eq(int, length("\x0f", 1), -1));
	cr_expect(eq(int, length("\x8b", 1), -1));
	cr_expect(eq(int, length("", 0), -1));
}

Test(insn, what_64_bit_mode_lacks_is_none)
{
	cr_expect(eq(int, LENGTH("\x06\x00\x00"), -1));
	cr_expect(eq(int, LENGTH("\xea\x00\x00\x00\x00\x00\x00"), -1));
}

Test(insn, sixteen_prefixes_are_none)
{
	cr_expect(eq(int,
		     LENGTH("\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x90"),
		     -1));
}

Test(insn, branches_tell_where_they_go)
{
	cr_assert(eq(int, LENGTH("\x74\xfe"), 2));
	cr_expect(eq(int, in.what, OVL_INSN_BRANCH));
	cr_expect(eq(int, in.rel, -2));
	cr_assert(eq(int, LENGTH("\xe9\x00\x01\x00\x00"), 5));
	cr_expect(eq(int, in.what, OVL_INSN_LEAVES));
	cr_expect(eq(int, in.rel, 256));
	cr_assert(eq(int, LENGTH("\xe8\xff\xff\xff\xff"), 5));
	cr_expect(eq(int, in.what, OVL_INSN_CALLS));
	cr_expect(eq(int, in.rel, -1));
	cr_assert(eq(int, LENGTH("\xff\xe0"), 2)); /* jmp *%rax */
	cr_expect(eq(int, in.what, OVL_INSN_LEAVES));
	cr_expect(not(in.has_rel));
}

Test(insn, constants_are_followed)
{
	cr_assert(eq(int, LENGTH("\x41\xb9\xca\x00\x00\x00"), 6)); /* mov $202,%r9d */
	cr_expect(eq(int, in.what, OVL_INSN_SETS));
	cr_expect(eq(int, in.reg, 9));
	cr_expect(eq(u32, in.imm, 202));
	cr_assert(eq(int, LENGTH("\x44\x89\xc8"), 3)); /* mov %r9d,%eax */
	cr_expect(eq(int, in.what, OVL_INSN_COPIES));
	cr_expect(eq(int, in.reg, 0));
	cr_expect(eq(u32, in.imm, 9));
}

Test(insn, writes_are_never_missed)
{
	LENGTH("\x31\xff"); /* xor %edi,%edi */
	cr_expect(eq(int, in.writes, 1 << 7));
	LENGTH("\x4c\x8b\x4c\x24\x08"); /* mov 8(%rsp),%r9 */
	cr_expect(eq(int, in.writes, 1 << 9));
	LENGTH("\x48\x89\x07"); /* mov %rax,(%rdi) */
	cr_expect(eq(int, in.writes, 0));
	LENGTH("\x3d\x00\x00\x41\x00"); /* cmp $,%eax */
	cr_expect(eq(int, in.writes, 0));
	LENGTH("\x25\x00\x00\x41\x00"); /* and $,%eax */
	cr_expect(eq(int, in.writes, 1));
	LENGTH("\x0f\xa2"); /* cpuid: not known, so all */
	cr_expect(eq(int, in.writes, 0xffff));
}

/* As far as ovl_insn_step() tells anything, ovl_insn_read() tells the same. */
static bool steps_alike(const uint8_t *p, size_t n)
{
	struct ovl_insn step = {.len = 0};
	int err = ovl_insn_read(p, n, &in);

	if (ovl_insn_step(p, n, &step) != err)
		return false;
	return err || (step.len == in.len && step.has_rel == in.has_rel && step.rel == in.rel);
}

Test(insn, a_step_is_as_long_as_what_is_read)
{
	uint8_t bytes[16];
	uint32_t seed = 1;

	for (int i = 0; i < 1000000; i++) {
		for (size_t k = 0; k < sizeof(bytes); k++) {
			seed = seed * 1664525 + 1013904223;
			bytes[k] = (uint8_t)(seed >> 24);
		}
		bytes[0] = (uint8_t)i; /* each first byte, each second one behind 0f and REX */
		bytes[1] = (uint8_t)(i >> 8);
		cr_assert(steps_alike(bytes, sizeof(bytes)), "%02x %02x %02x %02x", bytes[0],
			  bytes[1], bytes[2], bytes[3]);
		cr_assert(steps_alike(bytes, (size_t)(i % 16)));
	}
}

static bool moves(const char *bytes, size_t n)
{
	cr_assert_eq(length(bytes, n), (int)n);
	return in.moves;
}

#define MOVES(bytes) moves(bytes, sizeof(bytes) - 1)

Test(insn, what_does_the_same_elsewhere_can_be_moved)
{
	cr_expect(MOVES("\x89\xf8"));			      /* mov %edi,%eax */
	cr_expect(MOVES("\xb8\x01\x00\x00\x00"));	      /* mov $1,%eax */
	cr_expect(MOVES("\x31\xc0"));			      /* xor %eax,%eax */
	cr_expect(MOVES("\x48\x8b\x44\x24\x08"));	      /* mov 8(%rsp),%rax */
	cr_expect(MOVES("\x48\x8d\x7d\x08"));		      /* lea 8(%rbp),%rdi */
	cr_expect(MOVES("\x50"));			      /* push %rax */
	cr_expect(MOVES("\x90"));			      /* nop */
	cr_expect(MOVES("\x8b\x04\x25\x00\x00\x00\x10"));     /* mov 0x10000000,%eax */
	cr_expect(MOVES("\x64\x8b\x04\x25\x08\x00\x00\x00")); /* mov %fs:8,%eax */
}

Test(insn, what_depends_on_its_address_stays)
{
	cr_expect(not(MOVES("\x8b\x05\x00\x00\x00\x00")));	   /* mov 0(%rip),%eax */
	cr_expect(not(MOVES("\x48\x8d\x35\x00\x01\x00\x00")));	   /* lea 256(%rip),%rsi */
	cr_expect(not(MOVES("\xc5\xfa\x6f\x05\x00\x00\x00\x00"))); /* vmovdqu 0(%rip) */
	cr_expect(not(MOVES("\xff\x25\x00\x00\x00\x00")));	   /* jmp *0(%rip) */
}

Test(insn, what_goes_elsewhere_or_stands_for_a_way_back_stays)
{
	cr_expect(not(MOVES("\x74\x02")));		   /* je */
	cr_expect(not(MOVES("\x0f\x84\x02\x00\x00\x00"))); /* je, near */
	cr_expect(not(MOVES("\xe2\xfe")));		   /* loop */
	cr_expect(not(MOVES("\xe3\x02")));		   /* jrcxz */
	cr_expect(not(MOVES("\xeb\x02")));		   /* jmp */
	cr_expect(not(MOVES("\xe8\x00\x00\x00\x00")));	   /* call */
	cr_expect(not(MOVES("\xff\xd0")));		   /* call *%rax */
	cr_expect(not(MOVES("\xff\xe0")));		   /* jmp *%rax */
	cr_expect(not(MOVES("\xc3")));			   /* ret */
	cr_expect(not(MOVES("\x0f\x05")));		   /* syscall */
	cr_expect(not(MOVES("\x0f\x0b")));		   /* ud2 */
	cr_expect(not(MOVES("\xc7\xf8\x00\x00\x00\x00"))); /* xbegin */
}
