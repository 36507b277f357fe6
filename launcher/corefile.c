/* SPDX-License-Identifier: MIT */
#include "corefile.h"

#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>

bool ovl_corefile_written(void)
{
	FILE *f = fopen("/proc/sys/kernel/core_pattern", "re");
	int first;

	if (!f)
		return true;
	first = getc(f);
	fclose(f);
	return first != '|' && first != '@';
}

int ovl_corefile_forbid(void)
{
	const struct rlimit none = {0, 0};

	return setrlimit(RLIMIT_CORE, &none) ? -errno : 0;
}
