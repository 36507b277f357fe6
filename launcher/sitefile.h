/* SPDX-License-Identifier: MIT */
/*
 * sitefile.h - libovl.sites: where the system calls are in the libc that libovl.so was built beside
 *
 * To search a libc takes a run's first process more than ten milliseconds. `make` does it for the
 * libc of its machine, known by its build-id, and a run's session begins with that. Any other libc
 * is searched as ever, and so is this one where the file is missing, damaged or of another
 * libovl.so, which may look for other calls.
 * Context: launcher.
 */
#ifndef OVL_SITEFILE_H
#define OVL_SITEFILE_H

#include "ovl_session.h"

/*
 * ovl_sitefile_write - write to @path what @ss knows of libraries
 * @engine: the libovl.so that it is for
 *
 * Returns 0 or -errno. Without a build-id of @engine's, -ENODATA.
 */
int ovl_sitefile_write(const char *path, const char *engine, const struct ovl_session *ss);

/* Put into @ss what @path has for @engine, if anything. */
void ovl_sitefile_read(const char *path, const char *engine, struct ovl_session *ss);

#endif
