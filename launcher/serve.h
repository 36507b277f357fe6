/* SPDX-License-Identifier: MIT */
/*
 * serve.h - ovlrun's part of shim/deputy.h: a thread that copies up for others
 */
#ifndef OVL_SERVE_H
#define OVL_SERVE_H

#include "run.h"

/*
 * From now on processes of @run that become another user are served. Nothing is started when there
 * are none: ovlrun runs as an ordinary user, or without an upper. What fails is said; the run goes
 * on without. Call once, with all signals blocked.
 */
void ovl_serve_start(const struct ovl_run *run);

/* Afterwards nobody is served any more, and nobody waits for it. */
void ovl_serve_end(void);

#endif
