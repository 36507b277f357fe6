/* SPDX-License-Identifier: MIT */
#include "execenv.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>

#include "session.h"

#define OBJECT "/usr/lib/ovlrun/libovl.so"
#define NAMES  "/usr/lib/ovlrun/libovlsym.so"
#define SELF   "/tmp/work/session.1"

static void start(void)
{
	struct ovl_session *ss = session_make();

	ss->preload = session_text(ss, OBJECT);
	ss->names = session_text(ss, NAMES);
	ss->self = session_text(ss, SELF);
}

TestSuite(execenv, .init = start);

static bool complete(char *const *envp)
{
	struct ovl_env env;

	ovl_env_scan(envp, &env);
	return env.complete;
}

/* Build from @envp in a room of exactly the size asked for, filled with a pattern behind. */
static char **build(char *const *envp)
{
	struct ovl_env env;
	size_t size;
	char *room;
	char **out;

	ovl_env_scan(envp, &env);
	size = ovl_env_size(&env);
	room = malloc(size + 16);
	memset(room, 0x55, size + 16);
	out = ovl_env_build(&env, envp, room);
	for (int i = 0; i < 16; i++)
		cr_expect(eq(int, room[size + (size_t)i], 0x55));
	cr_expect(eq(ptr, out, (char **)room));
	return out;
}

static void expect(char *const *envp, const char *const *want)
{
	char **got = build(envp);

	for (; *want; want++, got++) {
		cr_assert(ne(ptr, *got, NULL), "missing: %s", *want);
		cr_expect(eq(str, *got, (char *)*want));
	}
	cr_expect(eq(ptr, *got, NULL));
}

#define ENV(...)  ((char *[]){__VA_ARGS__, NULL})
#define WANT(...) ((const char *[]){__VA_ARGS__, NULL})

Test(execenv, ours_as_they_should_be_are_left_alone)
{
	cr_expect(complete(ENV("LD_PRELOAD=" OBJECT, "A=b", "OVL_SESSION=" SELF)));
	cr_expect(complete(ENV("OVL_SESSION=" SELF, "LD_PRELOAD=libx.so:" OBJECT)));
	cr_expect(complete(ENV("OVL_SESSION=" SELF, "LD_PRELOAD=libx.so " OBJECT)));
}

Test(execenv, anything_else_is_not_complete)
{
	cr_expect(not(complete(NULL)));
	cr_expect(not(complete(ENV("A=b"))));
	cr_expect(not(complete(ENV("LD_PRELOAD=" OBJECT))));
	cr_expect(not(complete(ENV("OVL_SESSION=" SELF))));
	cr_expect(not(complete(ENV("OVL_SESSION=" SELF, "LD_PRELOAD="))));
	cr_expect(not(complete(ENV("OVL_SESSION=" SELF, "LD_PRELOAD=" OBJECT ":libx.so"))));
	cr_expect(not(complete(ENV("OVL_SESSION=" SELF, "LD_PRELOAD=/x" OBJECT))));
	cr_expect(not(complete(ENV("OVL_SESSION=" SELF ".2", "LD_PRELOAD=" OBJECT))));
	cr_expect(not(complete(ENV("LD_PRELOAD=" OBJECT, "OVL_SESSION=" SELF, "LD_PRELOAD="))));
}

Test(execenv, an_empty_environment_gets_ours)
{
	expect(NULL, WANT("LD_PRELOAD=" OBJECT, "OVL_SESSION=" SELF));
	expect(ENV(NULL), WANT("LD_PRELOAD=" OBJECT, "OVL_SESSION=" SELF));
}

Test(execenv, the_programs_own_come_first_and_keep_their_order)
{
	expect(ENV("Z=1", "OVL_SESSION=/old", "A=", "LD_PRELOAD=libx.so", "odd"),
	       WANT("Z=1", "A=", "odd", "LD_PRELOAD=libx.so:" OBJECT, "OVL_SESSION=" SELF));
}

Test(execenv, our_object_is_named_once_and_last)
{
	expect(ENV("LD_PRELOAD=a.so " OBJECT "::b.so:"),
	       WANT("LD_PRELOAD=a.so:b.so:" OBJECT, "OVL_SESSION=" SELF));
	expect(ENV("LD_PRELOAD=" OBJECT), WANT("LD_PRELOAD=" OBJECT, "OVL_SESSION=" SELF));
}

Test(execenv, of_two_preloads_the_last_counts)
{
	expect(ENV("LD_PRELOAD=a.so", "LD_PRELOAD=b.so"),
	       WANT("LD_PRELOAD=b.so:" OBJECT, "OVL_SESSION=" SELF));
}

Test(execenv, of_our_two_objects_children_get_one)
{
	expect(ENV("LD_PRELOAD=" NAMES ":a.so"),
	       WANT("LD_PRELOAD=a.so:" OBJECT, "OVL_SESSION=" SELF));
	ovl_env_set_names();
	expect(ENV("LD_PRELOAD=" OBJECT ":a.so"),
	       WANT("LD_PRELOAD=a.so:" NAMES, "OVL_SESSION=" SELF));
	cr_expect(complete(ENV("LD_PRELOAD=a.so:" NAMES, "OVL_SESSION=" SELF)));
	cr_expect(not(complete(ENV("LD_PRELOAD=" OBJECT, "OVL_SESSION=" SELF))));
}

Test(execenv, what_was_built_is_complete)
{
	cr_expect(complete(build(ENV("LD_PRELOAD=a.so", "B=c"))));
}

static const char *load_value(int fd, const char *execfn, const char *path)
{
	static struct ovl_path p;

	cr_assert(eq(int, ovl_env_load(&p, fd, execfn, path), 0));
	return p.buf;
}

Test(execenv, what_to_load_is_told_by_descriptor_or_path)
{
	cr_expect(eq(str, (char *)load_value(-1, "s", "/bin/sh"), "-:1:s:/bin/sh"));
	cr_expect(eq(str, (char *)load_value(12, "./a:b", "x:y"), "12:5:./a:b:x:y"));
	cr_expect(eq(str, (char *)load_value(0, "", "x"), "0:0::x"));
}

Test(execenv, what_to_load_must_fit)
{
	static struct ovl_path p;
	static char name[OVL_PATH_CAP];

	memset(name, 'n', sizeof(name) - 1);
	cr_expect(eq(int, ovl_env_load(&p, 3, name, "x"), -ENAMETOOLONG));
	cr_expect(eq(int, ovl_env_load(&p, 3, "x", name), -ENAMETOOLONG));
	name[PATH_MAX] = '\0';
	cr_expect(eq(int, ovl_env_load(&p, 3, name, name), 0));
}

Test(execenv, what_to_load_stands_last_and_an_old_one_goes)
{
	struct ovl_env env;
	char **envp = ENV("OVL_LOAD=old", "A=b");
	char **out;
	size_t size;
	char *room;

	ovl_env_scan(envp, &env);
	cr_expect(not(env.complete));
	env.load = "-:1:s:/bin/sh";
	size = ovl_env_size(&env);
	room = malloc(size + 16);
	memset(room, 0x55, size + 16);
	out = ovl_env_build(&env, envp, room);
	cr_expect(eq(str, out[0], "A=b"));
	cr_expect(eq(str, out[3], "OVL_LOAD=-:1:s:/bin/sh"));
	cr_expect(eq(ptr, out[4], NULL));
	cr_expect(eq(int, room[size], 0x55));
	free(room);
}

Test(execenv, ours_with_something_to_load_is_not_complete)
{
	cr_expect(
		not(complete(ENV("LD_PRELOAD=" OBJECT, "OVL_SESSION=" SELF, "OVL_LOAD=-:1:s:x"))));
}

static bool searches(char *const *envp)
{
	struct ovl_env env;

	ovl_env_scan(envp, &env);
	return env.searches;
}

Test(execenv, directories_and_libraries_of_the_programs_own_are_seen)
{
	cr_expect(not(searches(ENV("A=b", "LD_PRELOAD=" OBJECT))));
	cr_expect(searches(ENV("LD_LIBRARY_PATH=/x")));
	cr_expect(searches(ENV("LD_PRELOAD=libx.so:" OBJECT)));
	cr_expect(not(searches(ENV("XLD_LIBRARY_PATH=/x"))));
}
