/* SPDX-License-Identifier: MIT */
/*
 * nested.h - a run in a run
 *
 * ovlrun was started in the view of another run. The view of the new one is that run's, upper
 * and all, under an upper of its own: the outer layers are lower layers of the inner session.
 * To write that takes real paths, which nobody sees who is in a view. So it goes in two steps:
 *   leave   in the view: what the arguments mean there is found out, the inner upper and work
 *           are made there, so that the outer run knows of them; then ovlrun executes itself
 *           past the outer engine;
 *   join    outside: the outer session is read, its layers and passes become ours.
 * What the outer upper says in ways that only an upper may (renamed directories, recorded
 * owners) is refused: as a lower layer it would be misread.
 * Context: launcher.
 */
#ifndef OVL_NESTED_H
#define OVL_NESTED_H

#include "run.h"

/* First of all checks: nothing happens to a run that is not inside another. */
void ovl_nested_leave(struct ovl_run *run);

/*
 * The second step, in place of the checks of lowers and root. False: this run is not inside
 * another. run->hide and the outer layers are filled in; upper and work are real paths.
 */
bool ovl_nested_join(struct ovl_run *run);

#endif
