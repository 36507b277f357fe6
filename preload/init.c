/* SPDX-License-Identifier: MIT */
/*
 * init.c - the one constructor: finds the session, starts the engine, opens the door
 *
 * Runs before every other constructor of the process (-z initfirst), before libc is
 * ready. Without OVL_SESSION the object does nothing at all.
 */
#include "objects.h"
#include "ovl.h"
#include "ovl_session.h"
#include "patch.h"
#include "die.h"
#include "sys.h"
#include "trace.h"
#include "watch.h"

#include <linux/mman.h>

#define SEEK_TO_END 2

static const char *env_value(char **envp, const char *name)
{
	size_t n = strlen(name);

	for (; *envp; envp++)
		if (!memcmp(*envp, name, n) && (*envp)[n] == '=')
			return *envp + n + 1;
	return NULL;
}

/* Was this object built for the session @ss, of which @size bytes are there? */
static bool is_ours(const struct ovl_session *ss, long size)
{
	return ss->magic == OVL_SESSION_MAGIC && ss->version == OVL_SESSION_VERSION &&
	       ss->head == sizeof(*ss) && ss->size == (uint64_t)size;
}

__attribute__((noreturn)) static void not_ours(const char *path)
{
	ovl_die(path, "no session of this libovl.so: it and ovlrun must be of one build", 0);
}

static struct ovl_session *open_session(const char *path)
{
	OVL_FD fd = (int)ovl_sys(__NR_open, path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	long size;
	long r;

	if (fd < 0)
		ovl_die(path, "the session is gone", -fd);
	size = ovl_sys(__NR_lseek, fd, 0, SEEK_TO_END);
	/* shorter than what is looked at, it must not be mapped */
	if (size < (long)sizeof(struct ovl_session))
		not_ours(path);
	r = ovl_sys(__NR_mmap, 0, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (ovl_is_err(r))
		ovl_die(path, "the session cannot be mapped", -r);
	if (!is_ours((struct ovl_session *)r, size))
		not_ours(path);
	return (struct ovl_session *)r;
}

/* The vector behind the environment. */
static const uint64_t *find_auxv(char **envp)
{
	while (*envp)
		envp++;
	return (const uint64_t *)(envp + 1);
}

static void patch_all(struct ovl_session *ss, const uint64_t *auxv)
{
	struct ovl_object o[OVL_OBJECTS_MAX];
	int n = ovl_objects_find(auxv, o);
	int r;

	if (n < 0)
		ovl_die("program", "the dynamic linker does not tell what is loaded", -n);
	r = ovl_patch_allowed();
	if (r)
		ovl_die("program", "the system does not let text be changed", -r);
	for (int i = 0; i < n; i++) {
		r = ovl_patch_object(ss, &o[i]);
		if (r < 0)
			ovl_die(o[i].name, "its system calls cannot be covered", -r);
		if (r > 0) {
			ovl_trace_text(o[i].name, "calls that cannot be covered:", (uint64_t)r);
			ovl_die(o[i].name, "some of its system calls cannot be covered", 0);
		}
	}
}

__attribute__((constructor)) static void init(int argc, char **argv, char **envp)
{
	struct ovl_session *ss;
	const char *path;

	(void)argc;
	(void)argv;
	path = env_value(envp, OVL_ENV_SESSION);
	if (!path)
		return;
	ss = open_session(path);
	ovl_init(ss);
	patch_all(ss, find_auxv(envp));
	ovl_watch_init(ss);
}
