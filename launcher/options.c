/* SPDX-License-Identifier: MIT */
#include "run.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "say.h"
#include "version.h"

/* options without a letter */
enum { NO_GUARD = 256 };

const char *argp_program_version = "ovlrun " OVL_VERSION;

static const char doc[] =
	"Run COMMAND, and every process it starts, in one merged tree: read-only layers under one "
	"writable directory that receives every change."
	"\vThe exit status is the command's; 125 trouble of ovlrun's own, 126 the command cannot "
	"be "
	"executed or cannot be covered, 127 it is not found.\n"
	"Not a security boundary against hostile code. See ovlrun(1).";

static const struct argp_option options[] = {
	{"lower", 'l', "DIR[:DIR]...", 0, "a read-only layer, the first is the top one (default /)",
	 0},
	{"upper", 'u', "DIR", 0, "the writable layer (default: a new directory, kept)", 0},
	{"work", 'w', "DIR", 0, "same file system as upper (default: beside upper)", 0},
	{"mount", 'm', "DIR", 0, "where the view appears (default: the first lower)", 0},
	{"pass", 'p', "DIR", 0, "leave DIR as it is", 0},
	{"read-only", 'r', NULL, 0, "no upper: changes fail with EROFS", 0},
	{"chdir", 'C', "DIR", 0, "start in DIR of the view", 0},
	{"report", 'R', NULL, 0, "tell on standard error what changed, at the end", 0},
	{"no-guard", NO_GUARD, NULL, 0,
	 "no filter against system calls that are made past the view", 0},
	{"quiet", 'q', NULL, 0, "say nothing but errors", 0},
	{0},
};

static char *once(const char *what, char *have, char *arg)
{
	if (have)
		ovl_die(OVL_EXIT_TROUBLE, "%s: %s given twice: give one", arg, what);
	return arg;
}

static void add_pass(struct ovl_run *run, char *arg)
{
	/* /proc, /sys and /dev may join them */
	if (run->npass == OVL_PASS_MAX - 3)
		ovl_die(OVL_EXIT_TROUBLE, "%s: more than %d -p: pass a directory above", arg,
			run->npass);
	run->pass[run->npass++] = arg;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct ovl_run *run = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		/* getopt says the one line; argp would add a second */
		state->err_stream = NULL;
		return 0;
	case 'l':
		if (!ovl_layerlist_add(&run->lower, arg))
			ovl_die(OVL_EXIT_TROUBLE, "%s: more than %d lower layers: merge some", arg,
				OVL_LOWER_MAX);
		return 0;
	case 'u':
		run->upper = once("-u", run->upper, arg);
		return 0;
	case 'w':
		run->work = once("-w", run->work, arg);
		return 0;
	case 'm':
		run->root = once("-m", run->root, arg);
		return 0;
	case 'C':
		run->chdir = once("-C", run->chdir, arg);
		return 0;
	case 'p':
		add_pass(run, arg);
		return 0;
	case 'r':
		run->read_only = true;
		return 0;
	case 'R':
		run->report = true;
		return 0;
	case NO_GUARD:
		run->no_guard = true;
		return 0;
	case 'q':
		run->quiet = true;
		return 0;
	case ARGP_KEY_ARG:
		/* the command's own options are not ours */
		run->argv = state->argv + state->next - 1;
		state->next = state->argc;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

void ovl_run_options(struct ovl_run *run, int argc, char **argv)
{
	static const struct argp argp = {options, parse_option, "COMMAND [ARG]...", doc, NULL,
					 NULL,	  NULL};

	argp_err_exit_status = OVL_EXIT_TROUBLE;
	if (argc > 0)
		argv[0] = program_invocation_short_name; /* getopt's prefix */
	if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, run))
		exit(OVL_EXIT_TROUBLE);
	if (!run->argv)
		ovl_die(OVL_EXIT_TROUBLE, "no command: say what to run: see --help");
	if (run->read_only && (run->upper || run->work))
		ovl_die(OVL_EXIT_TROUBLE, "%s: -r has no upper and no work: leave out -u and -w",
			run->upper ? run->upper : run->work);
}
