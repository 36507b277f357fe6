/* SPDX-License-Identifier: MIT */
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "guard.h"
#include "run.h"
#include "say.h"

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#endif

static void tell_kernel(struct ovl_facts *facts)
{
	struct utsname u;

	if (uname(&u)) /* it cannot fail */
		return;
	if (strcmp(u.machine, "x86_64"))
		ovl_fact_tell(facts, OVL_FACT_NO, "kernel",
			      "%s %s: x86_64 is the only machine that is supported", u.sysname,
			      u.machine);
	else
		ovl_fact_tell(facts, OVL_FACT_OK, "kernel", "%s %s, %s", u.sysname, u.release,
			      u.machine);
}

static void tell_seccomp(struct ovl_facts *facts)
{
	int err = ovl_guard_probe();

	if (err)
		ovl_fact_tell(facts, OVL_FACT_NO, "seccomp",
			      "%s: system calls made past the view are not stopped: use a kernel "
			      "with CONFIG_SECCOMP_FILTER, or a container that allows seccomp(2)",
			      strerror(-err));
	else
		ovl_fact_tell(facts, OVL_FACT_OK, "seccomp",
			      "system calls made past the view are trapped");
}

/* Tried on ourselves: it never goes away, and we execute nothing. */
static void tell_privs(struct ovl_facts *facts)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		ovl_fact_tell(facts, OVL_FACT_NO, "no_new_privs",
			      "%s: no command is started without it: use Linux 3.5 or later",
			      strerror(errno));
	else
		ovl_fact_tell(facts, OVL_FACT_OK, "no_new_privs",
			      "setuid programs run without their privilege");
}

/* The page at @text, which was written to, from a file that has the same bytes. */
static bool run_copy(const void *text, size_t size)
{
	int fd = memfd_create("ovl-text", MFD_CLOEXEC);
	void *map = MAP_FAILED;

	if (fd >= 0 && write(fd, text, size) == (ssize_t)size)
		map = mmap(NULL, size, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	if (map != MAP_FAILED)
		munmap(map, size);
	if (fd >= 0)
		close(fd);
	return map != MAP_FAILED;
}

/*
 * To a page of ours is done what is done to those of libc. 0, *@ret_copy when it takes a copy; or
 * -errno.
 */
static int change_text(bool *ret_copy)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	volatile char *text;
	int err = 0;

	if (fd < 0)
		return -errno;
	text = mmap(NULL, size, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	if (text == MAP_FAILED || mprotect((void *)text, size, PROT_READ | PROT_WRITE))
		err = -errno;
	if (!err) {
		char first = *text;

		*text = first; /* the page is a copy from here on */
		if (mprotect((void *)text, size, PROT_READ | PROT_EXEC))
			err = -errno;
		*ret_copy = err && run_copy((void *)text, size);
	}
	if (text != MAP_FAILED)
		munmap((void *)text, size);
	close(fd);
	return *ret_copy ? 0 : err;
}

static void tell_text(struct ovl_facts *facts)
{
	bool copy = false;
	int err = change_text(&copy);

	if (err)
		ovl_fact_tell(facts, OVL_FACT_NO, "text",
			      "%s: changed text may not be executed here, nor a copy of it: "
			      "statically linked programs are refused, others come to the view by "
			      "libc's names: allow it, or start elsewhere",
			      strerror(-err));
	else if (copy)
		ovl_fact_tell(facts, OVL_FACT_SLOW, "text",
			      "changed text may not be executed here (PR_SET_MDWE, a seccomp "
			      "filter, or SELinux's execmod): programs run from a copy of it");
	else
		ovl_fact_tell(facts, OVL_FACT_OK, "text",
			      "system calls in it can be replaced at a program's start");
}

/* To switch off what is not on does nothing, where the kernel knows it. */
static void tell_dispatch(struct ovl_facts *facts, bool needed)
{
	if (!prctl(PR_SET_SYSCALL_USER_DISPATCH, 0, 0, 0, 0))
		ovl_fact_tell(facts, OVL_FACT_OK, "user-dispatch",
			      "system calls that cannot be replaced can be caught");
	else if (needed)
		ovl_fact_tell(facts, OVL_FACT_NO, "user-dispatch",
			      "%s: programs whose system calls are not understood, and those whose "
			      "start depends on UPPER, need it: use Linux 5.11 or later",
			      strerror(errno));
	else
		ovl_fact_tell(facts, OVL_FACT_BARE, "user-dispatch",
			      "%s: this command does not need it", strerror(errno));
}

static int map_executable(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *map;
	int err;

	if (fd < 0)
		return -errno;
	map = mmap(NULL, 1, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	err = map == MAP_FAILED ? -errno : 0;
	if (!err)
		munmap(map, 1);
	close(fd);
	return err;
}

/* The part @name: found, and can a process have it as its text? */
static void tell_part(struct ovl_facts *facts, const char *name)
{
	char *beside;
	char *path = ovl_run_part(name, &beside);
	int err = path ? map_executable(path) : 0;

	if (!path)
		ovl_fact_tell(facts, OVL_FACT_NO, name,
			      "not at %s, nor installed: run make, or make install", beside);
	else if (err)
		ovl_fact_tell(facts, OVL_FACT_NO, name,
			      "%s: %s: make it readable, on a file system not mounted noexec", path,
			      strerror(-err));
	else if (!ovl_run_preloadable(path))
		ovl_fact_tell(facts, OVL_FACT_NO, name,
			      "%s: LD_PRELOAD cannot name a path with a space or colon: move it",
			      path);
	else
		ovl_fact_tell(facts, OVL_FACT_OK, name, "%s", path);
}

void ovl_machine_tell(struct ovl_facts *facts, bool dispatch)
{
	tell_kernel(facts);
	tell_seccomp(facts);
	tell_privs(facts);
	tell_text(facts);
	tell_dispatch(facts, dispatch);
	tell_part(facts, "libovl.so");
	tell_part(facts, "libovlsym.so");
	tell_part(facts, "ovlload");
}
