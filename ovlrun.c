/* SPDX-License-Identifier: MIT */
/*
 * ovlrun.c - the launcher: options, checks, session, command, and what is left at the end
 */
#include <stdio.h>
#include <stdlib.h>

#include "diff.h"
#include "run.h"
#include "say.h"

static void report(const struct ovl_run *run)
{
	struct ovl_diff diff = {.out = stderr, .root = run->root, .work = run->work};

	ovl_diff_run(&diff, &run->lower, run->upper);
}

/* What the user should know of what is left behind. */
static void farewell(const struct ovl_run *run, bool live)
{
	if (run->quiet)
		return;
	if (live)
		ovl_say("%s: processes that the command started still use it: it stays",
			run->session);
	if (run->own_upper)
		ovl_say("changes are in %s", run->shown ? run->shown : run->upper);
}

int main(int argc, char **argv)
{
	static struct ovl_run run = {.upper_lock = -1, .work_lock = -1};
	bool live = false;
	int status;

	ovl_run_options(&run, argc, argv);
	ovl_run_check(&run);
	ovl_command_plan(&run);
	ovl_workdir_make(&run);
	ovl_session_write(&run);
	status = ovl_child_run(&run, &live);
	if (run.report && run.upper)
		report(&run);
	farewell(&run, live);
	ovl_workdir_end(&run, live);
	ovl_child_end_like(status);
}
