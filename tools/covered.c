/* SPDX-License-Identifier: MIT */
#include "covered.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "../preload/objects.h"
#include "calls.h"
#include "command.h"
#include "fill.h"
#include "guard.h"
#include "libs.h"
#include "linkindex.h"
#include "say.h"

/* Does upper have what a dynamic linker would look for? As the session will know it. */
static bool upper_has_libs(const struct ovl_run *run)
{
	struct ovl_session *ss;
	bool has;
	int index;

	if (!run->upper || access(run->upper, F_OK))
		return false;
	ss = mmap(NULL, sizeof(*ss), PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (ss == MAP_FAILED)
		ovl_must(NULL);
	index = ovl_linkindex_read(run->work, run->upper);
	if (ovl_fill_upper(ss, run->upper, run->root, index))
		ovl_trouble("%s: a part of it cannot be read: choose another upper with -u",
			    run->upper);
	has = ss->upper_libs;
	if (index >= 0)
		close(index);
	munmap(ss, sizeof(*ss));
	return has;
}

/* Each file on the way to the last. */
static void tell_steps(struct ovl_facts *facts, const struct ovl_chain *chain)
{
	static const char *const kind[] = {
		[OVL_PROGRAM_DYNAMIC] = "dynamically linked",
		[OVL_PROGRAM_STATIC] = "statically linked",
		[OVL_PROGRAM_FOREIGN] = "for another machine",
	};

	for (int i = 0; i < chain->n; i++) {
		const struct ovl_step *s = &chain->step[i];

		if (s->kind == OVL_PROGRAM_SCRIPT)
			ovl_fact_tell(facts, OVL_FACT_OK, "script", "%s: run by %s", s->view,
				      s->interp);
		else if (s->kind == OVL_PROGRAM_OTHER)
			ovl_fact_tell(facts, OVL_FACT_OK, "script",
				      "%s: no #! line: run by /bin/sh", s->view);
		else if (!chain->refused)
			ovl_fact_tell(facts, OVL_FACT_OK, "program", "%s: %s", s->view,
				      kind[s->kind]);
	}
}

/* What makes @program another user's or more than one's: it will not have it. */
static void tell_privilege(struct ovl_facts *facts, const struct ovl_step *program)
{
	struct stat st;
	const char *what = NULL;

	if (stat(program->real, &st))
		return;
	if (st.st_mode & S_ISUID && st.st_uid != geteuid())
		what = "setuid";
	else if ((st.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) &&
		 st.st_gid != getegid())
		what = "setgid";
	else if (geteuid() && getxattr(program->real, "security.capability", NULL, 0) > 0)
		what = "with capabilities";
	if (what)
		ovl_fact_tell(facts, OVL_FACT_NO, "privilege",
			      "%s: is %s, and runs without in the view: do that part outside",
			      program->view, what);
}

/* @path is libc or (@ldso) the dynamic linker: what it asks of the kernel is replaced. */
static void tell_libc(struct ovl_facts *facts, const char *what, const char *path, const char *real,
		      bool ldso)
{
	struct ovl_elffile f;
	struct ovl_calls calls;
	int err = ovl_elffile_open(real, &f);

	if (err) {
		ovl_fact_tell(facts, OVL_FACT_NO, what, "%s: %s", path, strerror(-err));
		return;
	}
	err = ovl_calls_in_libc(&f, ldso, &calls);
	if (err)
		ovl_fact_tell(facts, OVL_FACT_NO, what,
			      "%s: more system calls than a libc has: the command will be refused: "
			      "use another libc",
			      path);
	else if (calls.left && ovl_guard_probe())
		ovl_fact_tell(facts, OVL_FACT_NO, what,
			      "%s: %u of %u system calls are not understood, and without seccomp "
			      "the command will be refused: use another libc",
			      path, calls.left, calls.n);
	else if (calls.left)
		ovl_fact_tell(facts, OVL_FACT_BARE, what,
			      "%s: %u of %u system calls are not understood: those that change "
			      "something are trapped, those that read show the lower layer",
			      path, calls.left, calls.n);
	else
		ovl_fact_tell(facts, OVL_FACT_OK, what, "%s: %u system calls, all understood", path,
			      calls.n);
	ovl_elffile_close(&f);
}

/* System calls of a library's own, which is no libc. */
static void tell_calls_of_lib(struct ovl_facts *facts, const struct ovl_lib_found *lib)
{
	struct ovl_elffile f;
	struct ovl_calls calls;

	if (ovl_elffile_open(lib->real, &f))
		return; /* it was readable a moment ago */
	if (ovl_calls_in_library(&f, &calls))
		ovl_fact_tell(facts, OVL_FACT_BARE, "own-calls",
			      "%s: not known: too large to be searched", lib->view);
	else if (calls.sure && (f.go || ovl_calls_unsearched(&f)))
		ovl_fact_tell(facts, OVL_FACT_NO, "own-calls",
			      "%s: %u reading system calls past libc, in a library %s: they show "
			      "the lower layer: use one without",
			      lib->view, calls.n,
			      f.go ? "of Go's" : "of more text than is searched");
	else if (calls.sure && calls.left)
		ovl_fact_tell(facts, OVL_FACT_NO, "own-calls",
			      "%s: %u of %u reading system calls past libc, in a library, are not "
			      "understood: they show the lower layer: use one without",
			      lib->view, calls.left, calls.n);
	else if (calls.sure)
		ovl_fact_tell(facts, OVL_FACT_OK, "own-calls",
			      "%s: %u reading system calls past libc, in a library: replaced",
			      lib->view, calls.n);
	ovl_elffile_close(&f);
}

/* System calls of the program's own. */
static void tell_calls_of_program(struct ovl_facts *facts, const struct ovl_step *program)
{
	const char *path = program->view;
	struct ovl_elffile f;
	struct ovl_calls calls;

	if (ovl_elffile_open(program->real, &f))
		return; /* likewise */
	if (ovl_calls_that_read(&f, &calls))
		ovl_fact_tell(facts, OVL_FACT_BARE, "own-calls",
			      "%s: not known: too large to be searched", path);
	else if (calls.n && !calls.sure)
		ovl_fact_tell(facts, OVL_FACT_BARE, "own-calls",
			      "%s: %u places that may be reading system calls of its own, or data: "
			      "if so they show the lower layer",
			      path, calls.n);
	else if (calls.n && ovl_calls_unsearched(&f))
		ovl_fact_tell(facts, OVL_FACT_NO, "own-calls",
			      "%s: %u reading system calls of its own, in more text than is "
			      "searched: they show the lower layer: link it statically",
			      path, calls.n);
	else if (calls.left)
		ovl_fact_tell(facts, OVL_FACT_NO, "own-calls",
			      "%s: %u of %u reading system calls of its own are not understood: "
			      "they show the lower layer: link it statically",
			      path, calls.left, calls.n);
	else if (calls.n)
		ovl_fact_tell(facts, OVL_FACT_SLOW, "own-calls",
			      "%s: %u reading system calls of its own, all understood: "
			      "trapped, 2 to 4 us each",
			      path, calls.n);
	ovl_elffile_close(&f);
}

static void tell_libs(struct ovl_facts *facts, const struct ovl_view *view,
		      const struct ovl_step *program)
{
	struct ovl_libs libs;
	unsigned long lost = 0;

	ovl_libs_find(view, program, &libs);
	for (size_t i = 0; i < libs.n; i++) {
		const struct ovl_lib_found *lib = &libs.lib[i];

		lost += !lib->view;
		if (!lib->view)
			ovl_fact_tell(facts, OVL_FACT_NO, "library",
				      "%s: not found: %s needs it: install it, or set "
				      "LD_LIBRARY_PATH",
				      lib->name, lib->by);
		else if (ovl_object_is_libc(lib->name))
			tell_libc(facts, "libc", lib->view, lib->real, false);
		else
			tell_calls_of_lib(facts, lib);
	}
	if (libs.n && !lost)
		ovl_fact_tell(facts, OVL_FACT_OK, "libraries", "%zu, all found", libs.n);
}

/* True: by user dispatch. */
static bool tell_static(struct ovl_facts *facts, const struct ovl_step *program)
{
	struct ovl_elffile f;
	struct ovl_calls calls;
	bool dispatch;

	if (ovl_elffile_open(program->real, &f))
		return false; /* it was readable a moment ago */
	dispatch = ovl_calls_in_static(&f, &calls) || calls.left || !calls.sure;
	if (dispatch)
		ovl_fact_tell(facts, OVL_FACT_SLOW, "door",
			      "loader, with user dispatch: not all of its system calls are "
			      "understood, so those that are not are trapped, 2 to 3 us each: "
			      "a dynamically linked one is faster");
	else
		ovl_fact_tell(facts, OVL_FACT_OK, "door",
			      "loader: its system calls are replaced (%u of them)", calls.n);
	ovl_elffile_close(&f);
	return dispatch;
}

/* True: user dispatch is needed until the preloaded object is there. */
static bool tell_dynamic(struct ovl_facts *facts, const struct ovl_run *run,
			 const struct ovl_view *view, const struct ovl_step *program)
{
	bool libs = *program->interp && upper_has_libs(run);
	const char *linker = *program->interp ? program->interp : program->view;
	const char *why = NULL;
	const char *door =
		ovl_run_by_names()
			? "preload: by the names of libc, what that does by itself shows the "
			  "lower layer"
			: "preload: system calls of libc are replaced";
	struct ovl_where w;

	if (!ovl_where_find(view, linker, &w)) {
		tell_libc(facts, "linker", w.view, w.real, !ovl_libs_of_musl(program));
		ovl_where_free(&w);
	}
	tell_libs(facts, view, program);
	if (*program->interp) /* else it is the linker, told above */
		tell_calls_of_program(facts, program);
	if (run->load)
		why = "the view has another dynamic linker";
	else if (libs)
		why = "UPPER has libraries, which it may need at its start";
	else if (*program->interp && ovl_session_libs_first())
		why = "this machine's glibc, before 2.34, initialises libpthread first";
	if (why)
		ovl_fact_tell(facts, OVL_FACT_OK, "door", "loader, then preload: %s", why);
	else
		ovl_fact_tell(facts, OVL_FACT_OK, "door", "%s", door);
	return why;
}

bool ovl_covered_tell(struct ovl_facts *facts, struct ovl_run *run)
{
	struct ovl_chain chain;
	const struct ovl_step *last;
	struct ovl_view view;
	bool dispatch;

	ovl_command_find(run, &chain);
	tell_steps(facts, &chain);
	if (chain.refused) {
		ovl_fact_tell(facts, OVL_FACT_NO, "program", "%s", chain.refused);
		return false;
	}
	if (ovl_view_open(run, &view))
		ovl_trouble("%s: a layer cannot be read", run->lower.path[0]);
	last = &chain.step[chain.n - 1];
	tell_privilege(facts, last);
	if (last->kind == OVL_PROGRAM_STATIC)
		dispatch = tell_static(facts, last);
	else
		dispatch = tell_dynamic(facts, run, &view, last);
	ovl_view_close(&view);
	return dispatch;
}
