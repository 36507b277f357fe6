/* SPDX-License-Identifier: MIT */
#include "fact.h"

#include <criterion/criterion.h>
#include <string.h>

static struct ovl_facts facts;
static char *text;
static size_t size;

static void begin(void)
{
	facts = (struct ovl_facts){.out = open_memstream(&text, &size)};
}

/* What was told; the stream is closed. */
static const char *told(void)
{
	fclose(facts.out);
	return text;
}

TestSuite(fact, .init = begin);

Test(fact, the_word_comes_first_and_columns_are_aligned)
{
	ovl_fact_tell(&facts, OVL_FACT_OK, "a", "one %d", 1);
	ovl_fact_tell(&facts, OVL_FACT_SLOW, "longer-word", "two");
	ovl_fact_tell(&facts, OVL_FACT_NO, "b", "three");
	cr_assert_str_eq(told(), "ok    a              one 1\n"
				 "slow  longer-word    two\n"
				 "no    b              three\n");
}

Test(fact, only_what_is_needed_counts_as_missing)
{
	ovl_fact_tell(&facts, OVL_FACT_OK, "a", "x");
	ovl_fact_tell(&facts, OVL_FACT_SLOW, "b", "x");
	ovl_fact_tell(&facts, OVL_FACT_BARE, "c", "x");
	cr_expect_eq(facts.missing, 0);
	ovl_fact_tell(&facts, OVL_FACT_NO, "d", "x");
	ovl_fact_tell(&facts, OVL_FACT_NO, "e", "x");
	cr_expect_eq(facts.missing, 2);
	cr_expect(!strncmp(told() + 2 * strlen("ok    a              x\n"), "no    c", 7));
}

Test(fact, a_name_stays_in_its_line)
{
	ovl_name_put(facts.out, "a\nb\\c\x1b\x7f\xc3\xa9");
	cr_assert_str_eq(told(), "a\\nb\\\\c\\033\\177\xc3\xa9");
}
