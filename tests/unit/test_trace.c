/* SPDX-License-Identifier: MIT */
#include "trace.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ops.h"
#include "session.h"

static struct ovl_ctx ctx;
static struct ovl_call call;
static char file[] = "/tmp/ovl-trace-XXXXXX";
static char got[2048];

static void lies_in(enum ovl_zone zone, int layer)
{
	struct ovl_name *n = &ctx.name[0];

	n->zone = zone;
	n->layer = layer;
}

static void start(void)
{
	struct ovl_session *ss = session_make();

	close(mkstemp(file));
	ss->flags = OVL_S_TRACE;
	ss->trace_path = session_text(ss, file);
	ctx.call = &call;
	lies_in(OVL_Z_OUTSIDE, OVL_NONE);
}

static void end(void)
{
	unlink(file);
}

TestSuite(trace, .init = start, .fini = end);

/* What was traced, without the pid. */
static char *line(void)
{
	int fd = open(file, O_RDONLY);
	ssize_t n = read(fd, got, sizeof(got) - 1);
	char own[16];
	size_t k;

	close(fd);
	if (n <= 0)
		return NULL;
	got[n] = '\0';
	k = (size_t)snprintf(own, sizeof(own), "%d ", (int)getpid());
	cr_assert(eq(int, strncmp(got, own, k), 0));
	return got + k;
}

static char *traced(long ret)
{
	cr_assert_eq(truncate(file, 0), 0);
	ovl_trace_call(&ctx, ret);
	return line();
}

#define CALL(...) (call = (struct ovl_call){__VA_ARGS__})

Test(trace, arguments_are_decoded_by_their_kinds)
{
	CALL(.nr = SYS_openat, .arg = {AT_FDCWD, (long)"a/b", O_RDWR});
	cr_expect(eq(str, traced(3), (char *)"openat(AT_FDCWD, \"a/b\", O_RDWR) = 3\n"));
	CALL(.nr = SYS_openat, .arg = {7, (long)"x", O_WRONLY | O_CREAT | O_NONBLOCK, 0644});
	cr_expect(
		eq(str, traced(3), (char *)"openat(7, \"x\", O_WRONLY|O_CREAT|04000, 0644) = 3\n"));
	CALL(.nr = SYS_newfstatat, .arg = {AT_FDCWD, (long)"", 0, AT_EMPTY_PATH});
	cr_expect(eq(str, traced(0), (char *)"newfstatat(AT_FDCWD, \"\", NULL, 0x1000) = 0\n"));
	CALL(.nr = SYS_chown, .arg = {(long)"f", -1, 5});
	cr_expect(eq(str, traced(0), (char *)"chown(\"f\", -1, 5) = 0\n"));
	CALL(.nr = SYS_fchdir, .arg = {9});
	cr_expect(eq(str, traced(0), (char *)"fchdir(9) = 0\n"));
}

Test(trace, results_have_names)
{
	CALL(.nr = SYS_unlink, .arg = {(long)"f"});
	cr_expect(eq(str, traced(-ENOENT), (char *)"unlink(\"f\") = -ENOENT\n"));
	cr_expect(eq(str, traced(-4000), (char *)"unlink(\"f\") = -4000\n"));
	cr_expect(eq(str, traced(OVL_R_PASS), (char *)"unlink(\"f\") = passed\n"));
	cr_expect(eq(str, traced(OVL_R_TAIL), (char *)"unlink(\"f\") = continued\n"));
}

Test(trace, layer_and_note_follow)
{
	CALL(.nr = SYS_rmdir, .arg = {(long)"d"});
	lies_in(OVL_Z_VIEW, OVL_UPPER);
	ctx.note = "copied_up";
	cr_expect(eq(str, traced(0), (char *)"rmdir(\"d\") = 0 upper copied_up\n"));
	ctx.note = NULL;
	lies_in(OVL_Z_VIEW, 12);
	cr_expect(eq(str, traced(0), (char *)"rmdir(\"d\") = 0 lower12\n"));
	lies_in(OVL_Z_VIEW, OVL_NONE);
	cr_expect(eq(str, traced(0), (char *)"rmdir(\"d\") = 0 none\n"));
	lies_in(OVL_Z_OUTSIDE, 1);
	cr_expect(eq(str, traced(0), (char *)"rmdir(\"d\") = 0 outside\n"));
}

Test(trace, a_line_stays_one_line)
{
	CALL(.nr = SYS_rmdir, .arg = {(long)"a\nb\"c\\d\x01\xff\t"});
	cr_expect(eq(str, traced(0), (char *)"rmdir(\"a\\nb\\\"c\\\\d\\001\\377\\011\") = 0\n"));
}

Test(trace, long_strings_are_cut_and_the_result_still_told)
{
	static char path[4000];
	char *text;

	memset(path, 1, sizeof(path) - 1);
	CALL(.nr = SYS_rename, .arg = {(long)path, (long)path});
	lies_in(OVL_Z_VIEW, OVL_UPPER);
	ctx.note = "whiteout";
	text = traced(-EXDEV);
	cr_expect(le(sz, strlen(got), 512));
	cr_expect(ne(ptr, strstr(text, "..."), NULL));
	cr_expect(ne(ptr, strstr(text, ") = -EXDEV upper whiteout\n"), NULL));
	memset(path, 'a', sizeof(path) - 1);
	path[160] = '\0';
	CALL(.nr = SYS_rmdir, .arg = {(long)path});
	cr_expect(eq(ptr, strstr(traced(0), "..."), NULL));
	path[160] = 'a';
	cr_expect(ne(ptr, strstr(traced(0), "a\"...)"), NULL));
}

Test(trace, pointers_to_nowhere_are_told_as_numbers)
{
	char *map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CALL(.nr = SYS_rmdir, .arg = {0x10});
	cr_expect(eq(str, traced(-EFAULT), (char *)"rmdir(0x10) = -EFAULT\n"));
	CALL(.nr = SYS_rmdir, .arg = {0});
	cr_expect(eq(str, traced(-EFAULT), (char *)"rmdir(NULL) = -EFAULT\n"));
	mprotect(map + 4096, 4096, PROT_NONE);
	strcpy(map + 4096 - 4, "end");
	CALL(.nr = SYS_rmdir, .arg = {(long)(map + 4096 - 4)});
	cr_expect(eq(str, traced(0), (char *)"rmdir(\"end\") = 0\n"));
}

Test(trace, nothing_is_written_when_off)
{
	ovl_ss->flags = 0;
	CALL(.nr = SYS_rmdir, .arg = {(long)"d"});
	cr_expect(eq(ptr, traced(0), NULL));
	ovl_trace_text("libc.so.6", "unknown sites", 4);
	cr_expect(eq(ptr, line(), NULL));
}

Test(trace, a_door_tells_text_and_number)
{
	ovl_trace_text("libc.so.6", "unknown sites", 4);
	cr_expect(eq(str, line(), (char *)"libc.so.6: unknown sites 4\n"));
}

Test(trace, lines_are_appended_and_no_descriptor_stays)
{
	int before = dup(0);
	int after;

	close(before);
	CALL(.nr = SYS_rmdir, .arg = {(long)"d"});
	ovl_trace_call(&ctx, 0);
	ovl_trace_call(&ctx, 0);
	after = dup(0);
	close(after);
	cr_expect(eq(int, before, after));
	cr_expect(ne(ptr, strstr(line(), "rmdir(\"d\") = 0\n"), NULL));
	cr_expect(ne(ptr, strstr(strchr(got, '\n'), "rmdir(\"d\") = 0\n"), NULL));
}
