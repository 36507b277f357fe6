/* SPDX-License-Identifier: MIT */
/*
 * command.c - which file the command is, in the view, and how to execute it from outside
 *
 * The command's first process is not in the view yet when it calls execve(): it gets real
 * files. A script whose parts the kernel would not find itself is taken apart here.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "program.h"
#include "run.h"
#include "say.h"
#include "where.h"

#define SCRIPTS_MAX 5 /* nested #! that the kernel allows */

struct plan {
	struct ovl_view view;
	struct ovl_run *run;
	char *cwd;	/* in the view */
	char *given;	/* the command's name as execve() would get it */
	bool untouched; /* the kernel would find the same files itself */
	bool load;	/* the last program is for the loader */
	bool dynamic;	/* it has a dynamic linker */
	char *real;	/* the last program's real file */
	char **argv;
	int nscripts;
};

/* The absolute form of @path in the view. */
static char *absolute(const struct plan *p, const char *path)
{
	return *path == '/' ? ovl_must(strdup(path)) : ovl_text("%s/%s", p->cwd, path);
}

/* 0: @path is a file to execute. -errno otherwise. */
static int find_executable(const struct plan *p, const char *path, struct ovl_where *ret)
{
	char *abs = absolute(p, path);
	int err = ovl_where_find(&p->view, abs, ret);

	free(abs);
	if (err)
		return err;
	if (S_ISDIR(ret->st.st_mode))
		err = -EISDIR;
	else if (!S_ISREG(ret->st.st_mode) || faccessat(AT_FDCWD, ret->real, X_OK, AT_EACCESS))
		err = -EACCES;
	if (err)
		ovl_where_free(ret);
	return err;
}

__attribute__((noreturn)) static void refuse(const char *path, int err)
{
	bool missing = err == -ENOENT || err == -ENOTDIR;

	ovl_die(missing ? OVL_EXIT_NOT_FOUND : OVL_EXIT_CANNOT, "%s: %s: cannot be executed", path,
		strerror(-err));
}

static bool is_there(const struct plan *p, const char *path)
{
	struct ovl_where w;
	char *abs = absolute(p, path);
	bool there = !ovl_where_find(&p->view, abs, &w);

	if (there)
		ovl_where_free(&w);
	free(abs);
	return there;
}

/* Look @name up along PATH, as execvp() does. */
static void search_path(struct plan *p, const char *name, struct ovl_where *ret)
{
	const char *path = getenv("PATH");
	int denied = 0;

	if (!path)
		path = "/bin:/usr/bin"; /* confstr(3), _CS_PATH */
	for (;;) {
		size_t n = strcspn(path, ":");
		char *try = ovl_text("%.*s%s%s", (int)n, path, n ? "/" : "", name);
		int err = find_executable(p, try, ret);

		if (!err) {
			p->given = try;
			return;
		}
		/* a directory of PATH that is closed to us is no reason to say so */
		if (err == -EACCES && is_there(p, try))
			denied = err;
		free(try);
		if (!path[n])
			break;
		path += n + 1;
	}
	if (denied)
		refuse(name, denied);
	ovl_die(OVL_EXIT_NOT_FOUND, "%s: command not found: give a path, or look at PATH", name);
}

static void find_command(struct plan *p, struct ovl_where *ret)
{
	const char *name = p->run->argv[0];
	int err;

	if (!strchr(name, '/')) {
		if (!*name)
			refuse("''", -ENOENT);
		search_path(p, name, ret);
		return;
	}
	err = find_executable(p, name, ret);
	if (err)
		refuse(name, err);
	p->given = ovl_must(strdup(name));
}

/* Put @interp and @arg ("" for none) before the arguments; the script is named @script. */
static void prepend(struct plan *p, const char *interp, const char *arg, char *script)
{
	size_t n = 0;
	size_t at = 0;
	char **longer;

	while (p->argv[n])
		n++;
	longer = ovl_must(calloc(n + 3, sizeof(*longer)));
	longer[at++] = ovl_must(strdup(interp));
	if (*arg)
		longer[at++] = ovl_must(strdup(arg));
	longer[at++] = script;
	for (size_t i = 1; i < n; i++)
		longer[at++] = p->argv[i];
	p->argv = longer;
}

/* The dynamic linker is the kernel's to find, if it is where the view has it. */
static bool kernel_finds(const struct plan *p, const char *name, const char *linker)
{
	struct ovl_where w;
	bool finds;
	int err;

	if (!*linker)
		return true;
	err = ovl_where_find(&p->view, linker, &w);
	if (err)
		ovl_die(OVL_EXIT_CANNOT, "%s: its dynamic linker %s: %s: cannot be executed", name,
			linker, strerror(-err));
	finds = !S_ISREG(w.st.st_mode) || ovl_where_untouched(&w);
	ovl_where_free(&w);
	return finds;
}

static void examine(struct plan *p, const struct ovl_where *w, char *name);

/* @script needs @interp: that one is executed. */
static void take_interpreter(struct plan *p, char *script, const char *interp, const char *arg)
{
	struct ovl_where w;
	int err = find_executable(p, interp, &w);

	if (err)
		ovl_die(err == -ENOENT ? OVL_EXIT_NOT_FOUND : OVL_EXIT_CANNOT,
			"%s: its interpreter %s: %s: cannot be executed", script, interp,
			strerror(-err));
	if (++p->nscripts > SCRIPTS_MAX)
		refuse(script, -ELOOP);
	prepend(p, interp, arg, script);
	examine(p, &w, p->argv[0]);
	ovl_where_free(&w);
}

/* @w, called @name, is what comes next: refuse it, execute it or go on with its interpreter. */
static void examine(struct plan *p, const struct ovl_where *w, char *name)
{
	struct ovl_program *prog = ovl_must(malloc(sizeof(*prog)));
	int err = ovl_program_examine(w->real, prog);

	if (err)
		ovl_die(OVL_EXIT_CANNOT, "%s: not readable (%s): cannot be covered", w->view,
			strerror(-err));
	p->untouched = p->untouched && ovl_where_untouched(w);
	switch (prog->kind) {
	case OVL_PROGRAM_STATIC:
		p->load = true;
		break;
	case OVL_PROGRAM_FOREIGN:
		ovl_die(OVL_EXIT_CANNOT, "%s: not a program of this machine: cannot be covered",
			w->view);
	case OVL_PROGRAM_SCRIPT:
		take_interpreter(p, name, prog->interp, prog->arg);
		break;
	case OVL_PROGRAM_OTHER:
		/* what execvp() does after ENOEXEC; the kernel alone would not */
		p->untouched = false;
		take_interpreter(p, name, "/bin/sh", "");
		break;
	case OVL_PROGRAM_DYNAMIC:
		p->load = !kernel_finds(p, w->view, prog->interp);
		p->dynamic = *prog->interp;
		p->real = ovl_must(strdup(w->real));
		break;
	}
	free(prog);
}

/* Where we are, or where -C says: its name in the view, and the real directory to be in. */
static void plan_dir(struct plan *p)
{
	struct ovl_run *run = p->run;
	struct ovl_where w;
	int err;

	p->cwd = getcwd(NULL, 0);
	if (!p->cwd && !(run->chdir && *run->chdir == '/')) {
		p->cwd = ovl_must(strdup("/")); /* it was removed: stay in it */
		return;
	}
	if (run->chdir) {
		char *abs = absolute(p, run->chdir);

		free(p->cwd);
		p->cwd = abs;
	} else if (!ovl_view_has(&p->view, p->cwd)) {
		return;
	}
	err = ovl_where_find(&p->view, p->cwd, &w);
	if (!err && !S_ISDIR(w.st.st_mode))
		err = -ENOTDIR;
	run->dir = err ? NULL : ovl_view_dir(&p->view, w.view);
	if (!run->dir)
		ovl_die(OVL_EXIT_TROUBLE, "%s: %s: give a directory of the view with -C", p->cwd,
			strerror(err ? -err : ENOENT));
	run->dir_view = ovl_must(strdup(w.view));
	free(p->cwd);
	p->cwd = ovl_must(strdup(w.view));
	ovl_where_free(&w);
}

void ovl_command_plan(struct ovl_run *run)
{
	struct plan p = {.run = run, .untouched = true, .argv = run->argv};
	struct ovl_where w;
	int err = ovl_view_open(run, &p.view);

	if (err)
		ovl_die(OVL_EXIT_TROUBLE, "%s: %s: a layer cannot be read", run->lower.path[0],
			strerror(-err));
	plan_dir(&p);
	find_command(&p, &w);
	examine(&p, &w, p.given);
	run->file = p.untouched ? p.given : p.real;
	run->file_argv = p.untouched ? run->argv : p.argv;
	run->load = p.load;
	run->dynamic = p.dynamic;
	run->execfn = p.given;
	run->program = p.nscripts ? p.argv[0] : p.given;
	run->program_argv = p.argv;
	ovl_where_free(&w);
	ovl_view_close(&p.view);
}
