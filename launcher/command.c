/* SPDX-License-Identifier: MIT */
/*
 * command.c - which file the command is, in the view, and how to execute it from outside
 *
 * The command's first process is not in the view yet when it calls execve(): it gets real
 * files. A script whose parts the kernel would not find itself is taken apart here.
 */
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "say.h"
#include "where.h"

struct plan {
	struct ovl_view view;
	struct ovl_run *run;
	struct ovl_chain *chain;
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

/* The command is refused with exit @status and the text @why. False, for the caller to return. */
static bool refuse(struct plan *p, int status, char *why)
{
	p->chain->refused = why;
	p->chain->status = status;
	return false;
}

static bool refuse_path(struct plan *p, const char *path, int err)
{
	bool missing = err == -ENOENT || err == -ENOTDIR;

	return refuse(p, missing ? OVL_EXIT_NOT_FOUND : OVL_EXIT_CANNOT,
		      ovl_text("%s: %s: cannot be executed", path, strerror(-err)));
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
static bool search_path(struct plan *p, const char *name, struct ovl_where *ret)
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
			return true;
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
		return refuse_path(p, name, denied);
	return refuse(p, OVL_EXIT_NOT_FOUND,
		      ovl_text("%s: command not found: give a path, or look at PATH", name));
}

static bool find_command(struct plan *p, struct ovl_where *ret)
{
	const char *name = p->run->argv[0];
	int err;

	if (!strchr(name, '/'))
		return *name ? search_path(p, name, ret) : refuse_path(p, "''", -ENOENT);
	err = find_executable(p, name, ret);
	if (err)
		return refuse_path(p, name, err);
	p->given = ovl_must(strdup(name));
	return true;
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

/* Load, unless the dynamic linker is the kernel's to find: it is where the view has it. */
static bool look_for_linker(struct plan *p, const char *name, const char *linker)
{
	struct ovl_where w;
	int err;

	if (!*linker)
		return true;
	err = ovl_where_find(&p->view, linker, &w);
	if (err)
		return refuse(p, OVL_EXIT_CANNOT,
			      ovl_text("%s: its dynamic linker %s: %s: cannot be executed", name,
				       linker, strerror(-err)));
	p->load = S_ISREG(w.st.st_mode) && !ovl_where_untouched(&w);
	ovl_where_free(&w);
	return true;
}

static bool examine(struct plan *p, const struct ovl_where *w, char *name);

/* @script needs @interp: that one is executed. */
static bool take_interpreter(struct plan *p, char *script, const char *interp, const char *arg)
{
	struct ovl_where w;
	bool good;
	int err = find_executable(p, interp, &w);

	if (err)
		return refuse(p, err == -ENOENT ? OVL_EXIT_NOT_FOUND : OVL_EXIT_CANNOT,
			      ovl_text("%s: its interpreter %s: %s: cannot be executed", script,
				       interp, strerror(-err)));
	if (++p->nscripts > OVL_SCRIPTS_MAX)
		return refuse_path(p, script, -ELOOP);
	prepend(p, interp, arg, script);
	good = examine(p, &w, p->argv[0]);
	ovl_where_free(&w);
	return good;
}

/* @w, which is @prog, is one of the files on the way. */
static void add_step(struct plan *p, const struct ovl_where *w, const struct ovl_program *prog)
{
	p->chain->step[p->chain->n++] = (struct ovl_step){
		.view = ovl_must(strdup(w->view)),
		.real = ovl_must(strdup(w->real)),
		.kind = prog->kind,
		.interp = ovl_must(strdup(prog->interp)),
	};
}

/* @w, called @name, is @prog: refuse it, execute it or go on with its interpreter. */
static bool judge(struct plan *p, const struct ovl_where *w, char *name,
		  const struct ovl_program *prog)
{
	switch (prog->kind) {
	case OVL_PROGRAM_STATIC:
		p->load = true;
		return true;
	case OVL_PROGRAM_SCRIPT:
		return take_interpreter(p, name, prog->interp, prog->arg);
	case OVL_PROGRAM_OTHER:
		/* what execvp() does after ENOEXEC; the kernel alone would not */
		p->untouched = false;
		return take_interpreter(p, name, "/bin/sh", "");
	case OVL_PROGRAM_DYNAMIC:
		p->dynamic = *prog->interp;
		p->real = ovl_must(strdup(w->real));
		return look_for_linker(p, w->view, prog->interp);
	default:
		return refuse(
			p, OVL_EXIT_CANNOT,
			ovl_text("%s: not a program of this machine: cannot be covered", w->view));
	}
}

static bool examine(struct plan *p, const struct ovl_where *w, char *name)
{
	struct ovl_program *prog = ovl_must(malloc(sizeof(*prog)));
	int err = ovl_program_examine(w->real, prog);
	bool good;

	if (err) {
		free(prog);
		return refuse(p, OVL_EXIT_CANNOT,
			      ovl_text("%s: not readable (%s): cannot be covered", w->view,
				       strerror(-err)));
	}
	p->untouched = p->untouched && ovl_where_untouched(w);
	add_step(p, w, prog);
	good = judge(p, w, name, prog);
	free(prog);
	return good;
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
		ovl_trouble("%s: %s: give a directory of the view with -C", p->cwd,
			    strerror(err ? -err : ENOENT));
	run->dir_view = ovl_must(strdup(w.view));
	free(p->cwd);
	p->cwd = ovl_must(strdup(w.view));
	ovl_where_free(&w);
}

void ovl_command_find(struct ovl_run *run, struct ovl_chain *ret)
{
	struct plan p = {.run = run, .chain = ret, .untouched = true, .argv = run->argv};
	struct ovl_where w;
	int err = ovl_view_open(run, &p.view);

	if (err)
		ovl_trouble("%s: %s: a layer cannot be read", run->lower.path[0], strerror(-err));
	*ret = (struct ovl_chain){0};
	plan_dir(&p);
	if (find_command(&p, &w)) {
		(void)examine(&p, &w, p.given); /* a refusal is in @ret */
		ovl_where_free(&w);
	}
	run->file = p.untouched ? p.given : p.real;
	run->file_argv = p.untouched ? run->argv : p.argv;
	run->load = p.load;
	run->dynamic = p.dynamic;
	run->execfn = p.given;
	run->program = p.nscripts ? p.argv[0] : p.given;
	run->program_argv = p.argv;
	ovl_view_close(&p.view);
}

void ovl_command_plan(struct ovl_run *run)
{
	struct ovl_chain chain;

	ovl_command_find(run, &chain);
	if (chain.refused)
		ovl_die(chain.status, "%s", chain.refused);
}
