/* SPDX-License-Identifier: MIT */
/*
 * objsites.h - the sites of a loaded library, from the session or by a search
 */
#ifndef OVL_OBJSITES_H
#define OVL_OBJSITES_H

#include "objects.h"
#include "sitetab.h"

/*
 * The sites of @o, which the session knows from then on. 0; -E2BIG: more system calls than a
 * libc has; -ENOMEM. The list stays valid until the next call.
 * Context: init, or under ld.so's lock.
 */
int ovl_object_sites(struct ovl_session *ss, const struct ovl_object *o, struct ovl_site_list *ret);

#endif
