/* SPDX-License-Identifier: MIT */
/*
 * sitetab.h - the sites of a library, from the session or by a search
 */
#ifndef OVL_SITETAB_H
#define OVL_SITETAB_H

#include "objects.h"
#include "ovl_session.h"

struct ovl_site_list {
	const struct ovl_site *site;
	uint32_t n;
	uint32_t nunknown;
};

/*
 * ovl_sitetab_get - the sites of @o
 *
 * The first process of a session that meets a library searches it and shares what it
 * found; two that meet it at the same time both do, which is harmless. What the session
 * has no room for is searched every time. The list stays valid until the next call.
 *
 * Returns 0, or -E2BIG: more system calls than a libc has.
 * Context: init, or under ld.so's lock.
 */
int ovl_sitetab_get(struct ovl_session *ss, const struct ovl_object *o, struct ovl_site_list *ret);

/* Does the session know library @id? Context: any. */
bool ovl_sitetab_knows(const struct ovl_session *ss, uint64_t id);

#endif
