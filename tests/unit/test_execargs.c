/* SPDX-License-Identifier: MIT */
#include "execargs.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#define ARGV(...) ((char *[]){__VA_ARGS__, NULL})

static struct ovl_scripts s;

/* The arguments are @want, and no more room was written to than was asked for. */
static void expect(char **argv, char **want)
{
	char *room[32];
	size_t n = ovl_args_size(&s, argv);
	size_t i = 0;

	for (size_t k = 0; k < 32; k++)
		room[k] = "behind";
	ovl_args_build(&s, argv, room);
	for (; want[i]; i++) {
		cr_assert(ne(ptr, room[i], NULL), "missing: %s", want[i]);
		cr_expect(eq(str, room[i], want[i]));
	}
	cr_expect(eq(ptr, room[i], NULL));
	cr_expect(lt(sz, i, n));
	cr_expect(eq(str, room[n], "behind"));
}

static void script(char *interp, char *arg)
{
	s.interp[s.n] = interp;
	s.arg[s.n++] = arg;
}

Test(execargs, the_scripts_name_takes_the_place_of_argv_0)
{
	s.name = "./script";
	script("/bin/sh", NULL);
	expect(ARGV("lost", "a", "b"), ARGV("/bin/sh", "./script", "a", "b"));
}

Test(execargs, an_interpreters_argument_stands_before_the_script)
{
	s.name = "./script";
	script("/usr/bin/env", "-S x y");
	expect(ARGV("lost", "a"), ARGV("/usr/bin/env", "-S x y", "./script", "a"));
}

Test(execargs, the_last_interpreter_comes_first)
{
	s.name = "one";
	script("two", "for one");
	script("three", NULL);
	script("/bin/sh", "for three");
	expect(ARGV("lost", "a"),
	       ARGV("/bin/sh", "for three", "three", "two", "for one", "one", "a"));
}

Test(execargs, no_arguments_at_all)
{
	s.name = "script";
	script("/bin/sh", NULL);
	expect(NULL, ARGV("/bin/sh", "script"));
	expect(ARGV(NULL), ARGV("/bin/sh", "script"));
	expect(ARGV("lost"), ARGV("/bin/sh", "script"));
}
