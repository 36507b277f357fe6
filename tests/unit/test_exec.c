/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "ops.h"

#include "fault.h"
#include "fixture.h"

#define RAN 4321 /* the scripted kernel's answer to an exec, from which none comes back */

static char *argv[] = {(char *)"zero", (char *)"one", (char *)"two", NULL};
static char *envp[] = {(char *)"A=1", NULL};

static void put_program(const char *rel, const char *text)
{
	put(W_LOW(1), rel, text);
	cr_assert_eq(chmod(in(W_LOW(1), rel), 0755), 0);
}

/* A copy of a program of the machine's. */
static void put_copy(const char *rel, const char *of)
{
	char cmd[PATH_MAX];

	snprintf(cmd, sizeof(cmd), "cp %s %s", of, in(W_LOW(1), rel));
	cr_assert_eq(system(cmd), 0);
}

/* A script whose interpreter is @rel of the view, with the argument @arg. */
static void put_script(const char *name, const char *rel, const char *arg)
{
	char text[512];

	snprintf(text, sizeof(text), "#!%s %s\n", (char *)at(rel), arg);
	put_program(name, text);
}

static void put_elf(const char *rel, unsigned char class, unsigned machine)
{
	Elf64_Ehdr h = {.e_type = ET_EXEC,
			.e_machine = (Elf64_Half)machine,
			.e_version = EV_CURRENT,
			.e_ehsize = sizeof(h),
			.e_phoff = sizeof(h),
			.e_phnum = 1,
			.e_phentsize = sizeof(Elf64_Phdr)};
	static const Elf64_Phdr load = {.p_type = PT_LOAD, .p_flags = PF_R | PF_X};
	int fd;

	memcpy(h.e_ident, ELFMAG, SELFMAG);
	h.e_ident[EI_CLASS] = class;
	h.e_ident[EI_DATA] = ELFDATA2LSB;
	h.e_ident[EI_VERSION] = EV_CURRENT;
	put_program(rel, "");
	fd = open(in(W_LOW(1), rel), O_WRONLY);
	cr_assert_eq(write(fd, &h, sizeof(h)), (ssize_t)sizeof(h));
	cr_assert_eq(write(fd, &load, sizeof(load)), (ssize_t)sizeof(load));
	close(fd);
}

static void start(void)
{
	world_make(1);
	w.ss->preload = session_text(w.ss, "/nonexistent/libovl.so");
	w.ss->self = session_text(w.ss, "/nonexistent/session");
	put_dir(W_LOW(1), "d");
	put(W_LOW(1), "d/f", "low");
	put_program("p", "no program at all");
	put_copy("echo", "/bin/echo");
	fault_reset();
	fault_set(__NR_execve, FAULT_EACH, RAN);
	fault_set(__NR_execveat, FAULT_EACH, RAN);
}

TestSuite(exec, .init = start, .fini = world_end);

static long exec_(const char *rel)
{
	return view(SYS_execve, at(rel), argv, envp);
}

static unsigned execs(void)
{
	return fault_count(__NR_execve) + fault_count(__NR_execveat);
}

/* What the program that call @nr really executes writes. */
static char *output(long nr, long a, long b, long c, long d, long e)
{
	int fd = memfd_create("output", MFD_CLOEXEC);
	pid_t pid = fork();

	cr_assert(ge(int, pid, 0));
	if (!pid) {
		dup2(fd, 1);
		close(2);
		fault_reset();
		_exit((int)-view6(nr, a, b, c, d, e, 0));
	}
	waitpid(pid, NULL, 0);
	return text_fd(fd);
}

static char *output_of(const char *rel)
{
	return output(SYS_execve, at(rel), (long)argv, (long)envp, 0, 0);
}

Test(exec, what_is_not_there_or_not_executable_is_told)
{
	put_link(W_LOW(1), "loop", "loop");
	cr_expect(eq(long, exec_("none"), -ENOENT));
	cr_expect(eq(long, exec_("d"), -EACCES));
	cr_expect(eq(long, exec_("p/"), -ENOTDIR));
	cr_expect(eq(long, exec_("p/x"), -ENOTDIR));
	cr_expect(eq(long, exec_("loop"), -ELOOP));
	cr_expect(eq(long, view(SYS_execve, "", argv, envp), -ENOENT));
	cr_expect(eq(uint, execs(), 0));
	cr_expect(eq(long, view(SYS_unlink, at("p")), 0));
	cr_expect(eq(long, exec_("p"), -ENOENT));
	cr_expect(eq(uint, execs(), 0));
}

Test(exec, a_lower_program_runs_with_its_arguments)
{
	cr_expect(eq(str, output_of("echo"), (char *)"one two\n"));
}

Test(exec, a_program_changed_in_the_view_is_the_changed_one)
{
	put_program("q", "");
	cr_expect(eq(long, view(SYS_unlink, at("q")), 0));
	cr_expect(eq(long, view(SYS_rename, at("echo"), at("q")), 0));
	cr_expect(eq(str, output_of("q"), (char *)"one two\n"));
}

Test(exec, a_script_is_run_by_the_views_interpreter)
{
	char want[512];

	put_script("s", "echo", "with an argument");
	snprintf(want, sizeof(want), "with an argument %s one two\n", (char *)at("s"));
	cr_expect(eq(str, output_of("s"), want));
}

Test(exec, a_script_of_a_script_passes_all_names_on)
{
	char want[512];

	put_script("s", "echo", "first");
	put_script("t", "s", "second");
	snprintf(want, sizeof(want), "first %s second %s one two\n", (char *)at("s"),
		 (char *)at("t"));
	cr_expect(eq(str, output_of("t"), want));
}

Test(exec, scripts_without_end_are_a_loop)
{
	put_script("s", "s", "");
	cr_expect(eq(long, exec_("s"), -ELOOP));
	cr_expect(eq(uint, execs(), 0));
}

Test(exec, an_interpreter_that_is_missing_or_none_is_told)
{
	put_script("s", "none", "");
	cr_expect(eq(long, exec_("s"), -ENOENT));
	put_script("s", "d", "");
	cr_expect(eq(long, exec_("s"), -EACCES));
	cr_expect(eq(uint, execs(), 0));
}

Test(exec, the_new_program_gets_the_session)
{
	char want[512];

	put_copy("env", "/usr/bin/env");
	argv[1] = NULL;
	snprintf(want, sizeof(want), "A=1\nLD_PRELOAD=/nonexistent/libovl.so\nOVL_SESSION=%s\n",
		 "/nonexistent/session");
	cr_expect(eq(str, output_of("env"), want));
}

Test(exec, programs_that_cannot_be_covered_are_refused)
{
	put_elf("small", ELFCLASS32, EM_386);
	put_elf("foreign", ELFCLASS64, EM_AARCH64);
	fault_set(__NR_writev, FAULT_EACH, 1);
	cr_expect(eq(long, exec_("small"), -EACCES));
	cr_expect(eq(long, exec_("foreign"), -EACCES));
	cr_expect(eq(uint, execs(), 0));
	cr_expect(eq(uint, fault_count(__NR_writev), 2));
}

/* A loader that prints what it was told and its arguments. */
static void put_static(void)
{
	put_elf("d/static", ELFCLASS64, EM_X86_64);
	put("", "loader", "#!/bin/sh\necho \"$OVL_LOAD|$*\"\n");
	cr_assert_eq(chmod(in("", "loader"), 0755), 0);
	w.ss->loader = session_text(w.ss, in("", "loader"));
}

/* What the loader prints that is to open @rel of the view, executed by @execfn. */
static char *told(const char *execfn, const char *rel, const char *args)
{
	static char text[OVL_PATH_CAP * 16];

	snprintf(text, sizeof(text), "-:%zu:%s:%s|%s\n", strlen(execfn), execfn, (char *)at(rel),
		 args);
	return text;
}

Test(exec, a_static_program_is_for_the_loader)
{
	put_static();
	cr_expect(eq(str, output_of("d/static"),
		     told((char *)at("d/static"), "d/static", "one two")));
	/* without the right to execute it there is no exec */
	cr_assert_eq(chmod(in(W_LOW(1), "d/static"), 0644), 0);
	cr_expect(eq(long, exec_("d/static"), -EACCES));
	cr_expect(eq(uint, execs(), 0));
}

Test(exec, a_static_interpreter_is_for_the_loader_with_the_scripts_arguments)
{
	char args[PATH_MAX];

	put_static();
	put_script("s", "d/static", "option");
	snprintf(args, sizeof(args), "option %s one two", (char *)at("s"));
	cr_expect(eq(str, output_of("s"), told((char *)at("s"), "d/static", args)));
}

Test(exec, a_static_program_by_descriptor_is_named_or_handed_over)
{
	const char *text;
	char want[128];
	long dir, fd;

	put_static();
	dir = view(SYS_openat, AT_FDCWD, at("d"), O_RDONLY | O_DIRECTORY);
	fd = view(SYS_openat, AT_FDCWD, at("d/static"), O_RDONLY | O_CLOEXEC);
	cr_assert(ge(long, dir, 0));
	cr_assert(ge(long, fd, 0));
	cr_expect(eq(str, output(SYS_execveat, dir, (long)"static", (long)argv, (long)envp, 0),
		     told((char *)at("d/static"), "d/static", "one two")));
	/* a descriptor that exec closes is handed over under another number, no standard one */
	text = output(SYS_execveat, fd, (long)"", (long)argv, (long)envp, AT_EMPTY_PATH);
	cr_assert(ne(ptr, (void *)text, NULL));
	cr_expect(gt(int, atoi(text), 2));
	cr_expect(ne(int, atoi(text), (int)fd));
	snprintf(want, sizeof(want), "%d:%d:/dev/fd/%ld:/dev/fd/%ld|one two\n", atoi(text),
		 snprintf(NULL, 0, "/dev/fd/%ld", fd), fd, fd);
	cr_expect(eq(str, (char *)text, want));
}

Test(exec, an_exec_that_fails_leaves_nothing_behind)
{
	int before = fds_open();
	sigset_t mask;

	fault_reset();
	fault_set(__NR_execve, FAULT_EACH, -E2BIG);
	put_script("s", "echo", "");
	cr_expect(eq(long, exec_("s"), -E2BIG));
	cr_expect(eq(uint, fault_count(__NR_execve), 1));
	cr_expect(eq(uint, fault_count(__NR_mmap), fault_count(__NR_munmap)));
	cr_expect(ge(uint, fault_count(__NR_munmap), 1));
	cr_expect(eq(int, fds_open(), before));
	sigprocmask(SIG_SETMASK, NULL, &mask);
	cr_expect(eq(int, sigismember(&mask, SIGINT), 0));
	fault_set(__NR_mmap, FAULT_EACH, -ENOMEM);
	cr_expect(eq(long, exec_("s"), -ENOMEM));
}

Test(exec, a_descriptor_can_be_executed)
{
	long fd = view(SYS_open, at("echo"), O_RDONLY | O_CLOEXEC);
	long dir = view(SYS_open, at("d"), O_RDONLY | O_DIRECTORY);

	cr_expect(eq(str, output(SYS_execveat, fd, (long)"", (long)argv, (long)envp, AT_EMPTY_PATH),
		     (char *)"one two\n"));
	cr_expect(eq(str, output(SYS_execveat, dir, (long)"../echo", (long)argv, (long)envp, 0),
		     (char *)"one two\n"));
	cr_expect(eq(long, view(SYS_execveat, next_fd(), "x", argv, envp, 0), -EBADF));
	put_script("s", "echo", "");
	fd = view(SYS_open, at("s"), O_RDONLY | O_CLOEXEC);
	cr_expect(eq(long, view(SYS_execveat, fd, "", argv, envp, AT_EMPTY_PATH), -ENOENT));
}

Test(exec, a_symlink_is_not_executed_when_that_is_asked_for)
{
	put_link(W_LOW(1), "l", "echo");
	cr_expect(eq(str, output_of("l"), (char *)"one two\n"));
	cr_expect(eq(long, view(SYS_execveat, AT_FDCWD, at("l"), argv, envp, AT_SYMLINK_NOFOLLOW),
		     -ELOOP));
	cr_expect(eq(uint, execs(), 0));
}

Test(exec, what_only_the_kernel_can_judge_is_its_own)
{
	struct ovl_call c = {.nr = SYS_execve, .arg = {at("echo"), 8, 0}};

	cr_expect(eq(int, ovl_enter(&c), OVL_PASS)); /* no such array */
	c = (struct ovl_call){.nr = SYS_execveat, .arg = {AT_FDCWD, at("echo"), 0, 0, 1}};
	cr_expect(eq(int, ovl_enter(&c), OVL_PASS)); /* no such flag */
	cr_expect(eq(uint, execs(), 0));
}

Test(exec, what_may_not_be_executed_is_refused)
{
	if (geteuid())
		cr_skip_test("takes another user");
	put_script("s", "echo", "");
	cr_assert_eq(chmod(in(W_LOW(1), "s"), 0744), 0);
	cr_assert_eq(seteuid(65534), 0);
	cr_expect(eq(long, exec_("s"), -EACCES));
	cr_expect(eq(uint, execs(), 0));
}
