/* SPDX-License-Identifier: MIT */
/*
 * sitegen.c - sitegen LIBOVL FILE: what `make` knows of the libc that it runs with, see sitefile.h
 *
 * Inside of a view our own libc is not as its file is: nothing is told of it then.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../preload/objsites.h"
#include "say.h"
#include "sitefile.h"

static void search(struct ovl_session *ss)
{
	struct ovl_object o[OVL_OBJECTS_MAX];
	struct ovl_site_list list;
	char **end = environ;
	int n;

	while (*end)
		end++;
	n = ovl_objects_find((const uint64_t *)(end + 1), o);
	for (int i = 0; i < n; i++)
		(void)ovl_object_sites(ss, &o[i], &list); /* not found: searched by each run */
}

int main(int argc, char **argv)
{
	struct ovl_session *ss = ovl_must(calloc(1, sizeof(*ss)));
	int err;

	if (argc != 3)
		ovl_die(OVL_EXIT_TROUBLE, "usage: sitegen LIBOVL FILE");
	ss->flags = OVL_S_GUARD;
	if (!getenv(OVL_ENV_SESSION))
		search(ss);
	err = ovl_sitefile_write(argv[2], argv[1], ss);
	if (err)
		ovl_say("%s: %s: each run will search libc", argv[2], strerror(-err));
	free(ss);
	return 0;
}
