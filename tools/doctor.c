/* SPDX-License-Identifier: MIT */
#include "doctor.h"

#include "covered.h"
#include "machine.h"
#include "place.h"

unsigned long ovl_doctor(struct ovl_run *run, FILE *out)
{
	struct ovl_facts facts = {.out = out};
	bool dispatch = true;

	ovl_run_check_layers(run);
	ovl_run_check_places(run);
	if (run->argv)
		dispatch = ovl_covered_tell(&facts, run);
	ovl_machine_tell(&facts, dispatch);
	ovl_place_tell(&facts, run);
	return facts.missing;
}
