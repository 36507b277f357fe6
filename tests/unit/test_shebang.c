/* SPDX-License-Identifier: MIT */
#include "shebang.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ECHO "/bin/echo"

static char line[OVL_SHEBANG_LINE];
static char *name;
static char *arg;

static int parse(const char *text, size_t n)
{
	memset(line, 0, sizeof(line));
	memcpy(line, text, n < sizeof(line) ? n : sizeof(line));
	name = arg = NULL;
	return ovl_shebang_parse(line, &name, &arg);
}

#define PARSE(text) parse(text, sizeof(text) - 1)

Test(shebang, blanks_around_the_name_are_dropped)
{
	cr_assert(eq(int, PARSE("#! \t/bin/sh \t \nexit"), 0));
	cr_expect(eq(str, name, (char *)"/bin/sh"));
	cr_expect(eq(ptr, arg, NULL));
}

Test(shebang, all_words_behind_the_name_are_one_argument)
{
	cr_assert(eq(int, PARSE("#!/usr/bin/env -S a  b\t\n"), 0));
	cr_expect(eq(str, name, (char *)"/usr/bin/env"));
	cr_expect(eq(str, arg, (char *)"-S a  b"));
}

Test(shebang, no_name_is_no_script)
{
	cr_expect(eq(int, PARSE("#!\n"), -ENOEXEC));
	cr_expect(eq(int, PARSE("#! \t \n/bin/sh\n"), -ENOEXEC));
}

Test(shebang, a_name_of_255_bytes_less_the_mark_is_whole_and_one_more_is_cut)
{
	char text[400];

	memset(text, 'x', sizeof(text));
	memcpy(text, "#!/", 3);
	text[255] = '\n';
	cr_assert(eq(int, parse(text, sizeof(text)), 0));
	cr_expect(eq(sz, strlen(name), 253));
	text[255] = 'x';
	text[256] = '\n';
	cr_expect(eq(int, parse(text, sizeof(text)), -ENOEXEC));
}

Test(shebang, a_long_argument_is_cut)
{
	char text[400];

	memset(text, 'x', sizeof(text));
	memcpy(text, "#!/bin/sh ", 10);
	cr_assert(eq(int, parse(text, sizeof(text)), 0));
	cr_expect(eq(str, name, (char *)"/bin/sh"));
	cr_expect(eq(sz, strlen(arg), 245));
}

/* Execute script @path; what it printed, or -errno of the exec. */
static int kernel_says(char *path, char *out, size_t cap)
{
	int fds[2], err = 0, status;
	ssize_t n = 0, r;
	pid_t pid;

	cr_assert_eq(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	if (!pid) {
		char *argv[] = {"script", NULL};

		dup2(fds[1], 1);
		execv(path, argv);
		_exit(errno);
	}
	close(fds[1]);
	while ((r = read(fds[0], out + n, cap - 1 - (size_t)n)) > 0)
		n += r;
	out[n] = '\0';
	close(fds[0]);
	waitpid(pid, &status, 0);
	if (WIFEXITED(status))
		err = -WEXITSTATUS(status);
	return err;
}

/* "#!", blanks, the name, then bytes that matter to the parser; ends anywhere. */
static size_t make_up(char *text, size_t cap)
{
	static const char bytes[] = {' ', ' ', '\t', 'x', 'x', 'y', '\n', '\0'};
	size_t n = 2;
	size_t total = rand() % 4 ? (size_t)rand() % 40 + 2 : 240 + (size_t)rand() % 40;

	memcpy(text, "#!", 2);
	while (rand() % 2)
		text[n++] = rand() % 2 ? ' ' : '\t';
	if (rand() % 8) {
		memcpy(text + n, ECHO, sizeof(ECHO) - 1);
		n += sizeof(ECHO) - 1;
	}
	if (rand() % 4 && n < cap)
		text[n++] = ' ';
	for (; n < total && n < cap; n++) {
		if (total > 200 && n < 235) /* a long line: seldom a word before its end */
			text[n] = rand() % 9 ? ' ' : 'z';
		else
			text[n] = bytes[(size_t)rand() % sizeof(bytes)];
	}
	return n;
}

Test(shebang, agrees_with_the_kernel)
{
	char path[] = "/tmp/ovl-shebang-XXXXXX";
	char text[300], out[600], want[600];
	int fd = mkstemp(path);

	close(fd);
	srand(7);
	for (int i = 0; i < 1500; i++) {
		size_t n = make_up(text, sizeof(text));
		int err, got;

		fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
		cr_assert_eq(write(fd, text, n), (ssize_t)n);
		cr_assert_eq(fchmod(fd, 0755), 0);
		close(fd);
		got = kernel_says(path, out, sizeof(out));
		err = parse(text, n);
		if (!err && strcmp(name, ECHO))
			err = *name ? -ENOENT : -EACCES; /* "" is the cwd here */
		cr_assert(eq(int, got, err), "round %d: \"%.*s\"", i, (int)n, text);
		if (err)
			continue;
		snprintf(want, sizeof(want), "%s%s%s\n", arg ? arg : "", arg ? " " : "", path);
		cr_assert(eq(str, out, want), "round %d: \"%.*s\"", i, (int)n, text);
	}
	unlink(path);
}
