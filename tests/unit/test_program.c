/* SPDX-License-Identifier: MIT */
#include "program.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char file[] = "/tmp/ovl-launch-unit-XXXXXX";
static int fd;

static void start(void)
{
	fd = mkstemp(file);
	cr_assert_geq(fd, 0);
}

static void end(void)
{
	close(fd);
	unlink(file);
}

TestSuite(program, .init = start, .fini = end);

static struct ovl_program examine(const char *text)
{
	struct ovl_program prog;

	cr_assert_eq(pwrite(fd, text, strlen(text), 0), (ssize_t)strlen(text));
	cr_assert_eq(ovl_program_examine(file, &prog), 0);
	return prog;
}

Test(program, a_script_has_an_interpreter_and_one_argument)
{
	struct ovl_program prog = examine("#! /bin/sh  -e x \t\necho\n");

	cr_assert_eq(prog.kind, OVL_PROGRAM_SCRIPT);
	cr_assert_str_eq(prog.interp, "/bin/sh");
	cr_assert_str_eq(prog.arg, "-e x");
}

Test(program, a_script_without_argument_or_newline)
{
	struct ovl_program prog = examine("#!/bin/sh");

	cr_assert_eq(prog.kind, OVL_PROGRAM_SCRIPT);
	cr_assert_str_eq(prog.interp, "/bin/sh");
	cr_assert_str_eq(prog.arg, "");
}

Test(program, an_empty_interpreter_is_no_script)
{
	cr_assert_eq(examine("#! \t\n").kind, OVL_PROGRAM_OTHER);
}

Test(program, text_and_emptiness_are_nothing_the_kernel_knows)
{
	cr_assert_eq(examine("").kind, OVL_PROGRAM_OTHER);
	cr_assert_eq(examine("echo\n").kind, OVL_PROGRAM_OTHER);
}

Test(program, a_truncated_elf_file_is_foreign)
{
	cr_assert_eq(examine("\177ELF\002\001\001").kind, OVL_PROGRAM_FOREIGN);
}

Test(program, this_test_is_dynamic)
{
	struct ovl_program prog;

	cr_assert_eq(ovl_program_examine("/proc/self/exe", &prog), 0);
	cr_assert_eq(prog.kind, OVL_PROGRAM_DYNAMIC);
	cr_assert_eq(access(prog.interp, X_OK), 0);
	/* the linker itself takes a preload, although it names none */
	cr_assert_eq(ovl_program_examine(strdup(prog.interp), &prog), 0);
	cr_assert_eq(prog.kind, OVL_PROGRAM_DYNAMIC);
	cr_assert_str_eq(prog.interp, "");
}

Test(program, what_is_not_there_is_an_error)
{
	struct ovl_program prog;

	cr_assert_eq(ovl_program_examine("/nowhere", &prog), -2);
}
