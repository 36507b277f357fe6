/* SPDX-License-Identifier: MIT */
/*
 * ovlctl.c - what to do with an upper layer that is there, and with a machine
 */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "diff.h"
#include "doctor.h"
#include "flatten.h"
#include "layerlist.h"
#include "run.h"
#include "say.h"
#include "version.h"

const char *argp_program_version = "ovlctl " OVL_VERSION;

/* diff: no change, changes; doctor: nothing missing, something; anything else: 0 or trouble. */
enum { EXIT_NONE = 0, EXIT_CHANGES = 1, EXIT_MISSING = 1, EXIT_BAD = 2 };

struct args {
	struct ovl_layerlist lower;
	char *upper;
	char *root;
	char *work;
	char *chdir; /* doctor: where the command would start ... */
	char **argv; /* ... and the command */
};

struct command {
	const char *name;
	const char *what;
	int (*run)(int argc, char **argv);
};

static const struct argp_option layer_options[] = {
	{"lower", 'l', "DIR[:DIR]...", 0, "a lower layer, the first is the top one (default /)", 0},
	{"upper", 'u', "DIR", 0, "the upper layer", 0},
	{"mount", 'm', "DIR", 0, "where the view appeared (default: the first lower)", 0},
	{"work", 'w', "DIR", 0, "the work directory (default: .NAME.work beside upper)", 0},
	{0},
};

static const struct argp_option flatten_options[] = {
	{"lower", 'l', "DIR[:DIR]...", 0, "a lower layer, the first is the top one (default /)", 0},
	{"upper", 'u', "DIR", 0, "the upper layer", 0},
	{"work", 'w', "DIR", 0, "the work directory (default: .NAME.work beside upper)", 0},
	{0},
};

static const struct argp_option doctor_options[] = {
	{"lower", 'l', "DIR[:DIR]...", 0, "a lower layer, the first is the top one (default /)", 0},
	{"upper", 'u', "DIR", 0, "the upper layer, which need not exist (default: a new directory)",
	 0},
	{"mount", 'm', "DIR", 0, "where the view appears (default: the first lower)", 0},
	{"work", 'w', "DIR", 0, "the work directory (default: .NAME.work beside upper)", 0},
	{"chdir", 'C', "DIR", 0, "start in DIR of the view", 0},
	{0},
};

static error_t parse_layers(int key, char *arg, struct argp_state *state)
{
	struct args *args = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->err_stream = NULL; /* getopt says the one line */
		return 0;
	case 'l':
		if (!ovl_layerlist_add(&args->lower, arg))
			ovl_die(EXIT_BAD, "%s: more than %d lower layers: merge some", arg,
				OVL_LOWER_MAX);
		return 0;
	case 'u':
		args->upper = arg;
		return 0;
	case 'm':
		args->root = arg;
		return 0;
	case 'w':
		args->work = arg;
		return 0;
	case ARGP_KEY_ARG:
		ovl_die(EXIT_BAD, "%s: not an option: see --help", arg);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse_doctor(int key, char *arg, struct argp_state *state)
{
	struct args *args = state->input;

	if (key == 'C') {
		args->chdir = arg;
		return 0;
	}
	if (key != ARGP_KEY_ARG)
		return parse_layers(key, arg, state);
	/* the command's own options are not ours */
	args->argv = state->argv + state->next - 1;
	state->next = state->argc;
	return 0;
}

/* Make the paths real; wrong use ends here. */
static void settle(struct args *args)
{
	struct stat st;
	int bad = ovl_layerlist_settle(&args->lower);

	if (bad >= 0)
		ovl_die(EXIT_BAD, "%s: %s: give an existing directory with -l",
			args->lower.path[bad], strerror(errno));
	if (!args->upper)
		ovl_die(EXIT_BAD, "no upper layer: give it with -u");
	if (stat(args->upper, &st) || !S_ISDIR(st.st_mode))
		ovl_die(EXIT_BAD, "%s: no such directory: give an existing one with -u",
			args->upper);
	args->root = args->root ? ovl_path_settle(args->root) : args->lower.path[0];
	if (!args->root)
		ovl_die(EXIT_BAD, "%s: give another directory with -m", strerror(errno));
}

/* As ovlrun's own default; what is not there tells nothing. */
static char *default_work(const char *upper)
{
	char *real = ovl_path_settle(upper);
	char *slash = real ? strrchr(real, '/') : NULL;

	return slash ? ovl_text("%.*s/.%s.work", (int)(slash - real), real, slash + 1) : NULL;
}

static int run_diff(int argc, char **argv)
{
	static const struct argp argp = {
		layer_options, parse_layers, "",  "Tell what an upper layer changes.",
		NULL,	       NULL,	     NULL};
	static struct args args;
	struct ovl_diff diff = {.out = stdout};

	if (argp_parse(&argp, argc, argv, 0, NULL, &args))
		return EXIT_BAD;
	settle(&args);
	diff.root = args.root;
	diff.work = args.work ? args.work : default_work(args.upper);
	ovl_diff_run(&diff, &args.lower, args.upper);
	if (fflush(stdout) || ferror(stdout) || diff.troubles)
		return EXIT_BAD;
	return diff.changes ? EXIT_CHANGES : EXIT_NONE;
}

static int run_flatten(int argc, char **argv)
{
	static const struct argp argp = {flatten_options,
					 parse_layers,
					 "",
					 "Make an upper layer one that the kernel mounts.",
					 NULL,
					 NULL,
					 NULL};
	static struct args args;
	static struct ovl_run run = {.upper_lock = -1, .work_lock = -1};
	unsigned long troubles;
	bool poor;

	if (argp_parse(&argp, argc, argv, 0, NULL, &args))
		return EXIT_BAD;
	settle(&args);
	ovl_trouble_exits(EXIT_BAD);
	run.lower = args.lower;
	run.upper = args.upper;
	run.work = args.work;
	ovl_run_check_upper(&run);
	ovl_workdir_make(&run);
	poor = run.no_nodes || run.no_xattr;
	if (poor)
		ovl_say("%s: its file system cannot hold what the kernel needs", run.upper);
	troubles = poor ? 1 : ovl_flatten(&run);
	ovl_workdir_end(&run, false);
	return troubles ? EXIT_BAD : EXIT_NONE;
}

static int run_doctor(int argc, char **argv)
{
	static const struct argp argp = {doctor_options,
					 parse_doctor,
					 "[COMMAND [ARG]...]",
					 "Tell whether a run works here, by which door COMMAND "
					 "gets into the view, and what is "
					 "missing.",
					 NULL,
					 NULL,
					 NULL};
	static struct args args;
	static struct ovl_run run = {.upper_lock = -1, .work_lock = -1};
	unsigned long missing;

	if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &args))
		return EXIT_BAD;
	ovl_trouble_exits(EXIT_BAD);
	run.lower = args.lower;
	run.upper = args.upper;
	run.work = args.work;
	run.root = args.root;
	run.chdir = args.chdir;
	run.argv = args.argv;
	missing = ovl_doctor(&run, stdout);
	if (fflush(stdout) || ferror(stdout))
		return EXIT_BAD;
	return missing ? EXIT_MISSING : EXIT_NONE;
}

static const struct command commands[] = {
	{"diff", "tell what an upper layer changes", run_diff},
	{"flatten", "make an upper layer one that the kernel mounts", run_flatten},
	{"doctor", "tell whether a run works here, and what is missing", run_doctor},
};

static int help(FILE *out)
{
	fprintf(out, "Usage: ovlctl COMMAND [OPTION]...\n\n");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].what);
	fprintf(out, "\n\"ovlctl COMMAND --help\" tells the options. See ovlctl(1).\n");
	return EXIT_NONE;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	argp_err_exit_status = EXIT_BAD;
	if (!strcmp(name, "--help") || !strcmp(name, "-?"))
		return help(stdout);
	if (!strcmp(name, "--version") || !strcmp(name, "-V"))
		return puts(argp_program_version) < 0;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (!strcmp(name, commands[i].name)) {
			argv[1] = ovl_text("ovlctl %s", name);
			return commands[i].run(argc - 1, argv + 1);
		}
	}
	if (*name)
		ovl_die(EXIT_BAD, "%s: no such command: see ovlctl --help", name);
	ovl_die(EXIT_BAD, "no command: see ovlctl --help");
}
