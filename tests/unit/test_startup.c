/* SPDX-License-Identifier: MIT */
#include "startup.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <elf.h>

#define BEHIND 0x5555555555555555 /* what lies behind the vector */

static uint64_t stack[64];
static struct ovl_startup s;

/* A start with one argument, @env and two auxiliary values; what is behind is another's. */
static void start(char **env)
{
	uint64_t *to = stack;

	for (size_t i = 0; i < 64; i++)
		stack[i] = BEHIND;
	*to++ = 1;
	*to++ = (uint64_t) "program";
	*to++ = 0;
	while (*env)
		*to++ = (uint64_t)*env++;
	*to++ = 0;
	*to++ = AT_ENTRY;
	*to++ = 1000;
	*to++ = AT_HWCAP2;
	*to++ = 2;
	*to++ = AT_NULL;
	*to++ = 0;
	ovl_startup_read(stack, &s);
}

#define START(...) start((char *[]){__VA_ARGS__, NULL})

/* Is the start still whole, with these variables? */
static void expect(char **env)
{
	char **e = s.envp;

	cr_expect(eq(str, s.argv[0], "program"));
	for (; *env; env++, e++) {
		cr_assert(ne(ptr, *e, NULL), "missing: %s", *env);
		cr_expect(eq(str, *e, *env));
	}
	cr_expect(eq(ptr, *e, NULL));
	cr_expect(eq(ptr, s.auxv, (uint64_t *)(e + 1)));
	cr_expect(eq(u64, ovl_startup_aux_value(&s, AT_ENTRY), 1000));
	cr_expect(eq(u64, ovl_startup_aux_value(&s, AT_HWCAP2), 2));
	cr_expect(eq(u64, s.auxv[4], AT_NULL));
}

#define EXPECT(...) expect((char *[]){__VA_ARGS__, NULL})

Test(startup, what_the_kernel_left_is_found)
{
	START("A=1", "NAME=x", "NAMES=y");
	cr_expect(eq(ptr, s.argv, (char **)&stack[1]));
	cr_expect(eq(str, ovl_startup_env(&s, "NAME"), "x"));
	cr_expect(eq(str, ovl_startup_env(&s, "NAMES"), "y"));
	cr_expect(eq(ptr, ovl_startup_env(&s, "NAM"), NULL));
	EXPECT("A=1", "NAME=x", "NAMES=y");
}

Test(startup, a_variable_is_taken_out_wherever_it_is)
{
	START("NAME=x", "A=1", "B=2");
	ovl_startup_unset(&s, "NAME");
	EXPECT("A=1", "B=2");
	START("A=1", "NAME=x", "B=2");
	ovl_startup_unset(&s, "NAME");
	EXPECT("A=1", "B=2");
	START("A=1", "B=2", "NAME=x");
	ovl_startup_unset(&s, "NAME");
	EXPECT("A=1", "B=2");
}

Test(startup, all_of_one_name_are_taken_out)
{
	START("NAME=x", "NAME=", "A=1", "NAME=y");
	ovl_startup_unset(&s, "NAME");
	EXPECT("A=1");
}

Test(startup, the_only_variable_leaves_none)
{
	START("NAME=x");
	ovl_startup_unset(&s, "NAME");
	expect((char *[]){NULL});
}

Test(startup, what_is_not_there_is_not_taken_out)
{
	START("NAMES=x", "NAM=y", "NAME");
	ovl_startup_unset(&s, "NAME");
	EXPECT("NAMES=x", "NAM=y", "NAME");
}

Test(startup, what_lies_behind_stays)
{
	START("NAME=x", "A=1");
	ovl_startup_unset(&s, "NAME");
	/* argc, argv and its end, two variables and theirs, three pairs */
	cr_expect(eq(u64, stack[3 + 3 + 6], BEHIND));
	cr_expect(ne(u64, stack[3 + 3 + 5], BEHIND));
}

Test(startup, the_value_stays_readable_when_its_variable_is_gone)
{
	char *value;

	START("A=1", "NAME=x");
	value = ovl_startup_env(&s, "NAME");
	ovl_startup_unset(&s, "NAME");
	cr_expect(eq(str, value, "x"));
}

Test(startup, a_variable_is_replaced_in_its_place)
{
	static char var[] = "NAME=new";

	START("A=1", "NAME=x", "B=2");
	ovl_startup_replace(&s, "NAME", var);
	EXPECT("A=1", "NAME=new", "B=2");
	ovl_startup_replace(&s, "C", var);
	EXPECT("A=1", "NAME=new", "B=2");
}

Test(startup, auxiliary_values_are_set_if_there_are_any)
{
	START("A=1");
	ovl_startup_aux(&s, AT_ENTRY, 7);
	ovl_startup_aux(&s, AT_PHDR, 8);
	cr_expect(eq(u64, ovl_startup_aux_value(&s, AT_ENTRY), 7));
	cr_expect(eq(u64, ovl_startup_aux_value(&s, AT_PHDR), 0));
	ovl_startup_aux(&s, AT_ENTRY, 1000);
	EXPECT("A=1");
}
