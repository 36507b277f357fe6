/* SPDX-License-Identifier: MIT */
/*
 * doctor.h - will a run work here, for this command and this upper, and by which door?
 *
 * One line per fact (fact.h): the command, if there is one, this machine, the place for upper.
 * Nothing is run, and nothing is left behind.
 * Context: launcher.
 */
#ifndef OVL_DOCTOR_H
#define OVL_DOCTOR_H

#include "fact.h"
#include "run.h"

/*
 * Tell it of @run as its options give it: lower, upper, work, root, and argv, NULL for no
 * command. Wrong use ends the program: ovl_trouble(). Returns how many things are missing
 * that are needed.
 */
unsigned long ovl_doctor(struct ovl_run *run, FILE *out);

#endif
