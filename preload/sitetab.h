/* SPDX-License-Identifier: MIT */
/*
 * sitetab.h - where the system calls of libraries and programs are, as the session knows it
 *
 * The first process of a session that meets a file searches it and shares what it found; two
 * that meet it at the same time both do, which is harmless. What the session has no room for
 * is searched every time.
 * Context: any.
 */
#ifndef OVL_SITETAB_H
#define OVL_SITETAB_H

#include "ovl_session.h"

struct ovl_site_list {
	const struct ovl_site *site;
	uint32_t n;
	uint32_t nunknown;
};

/* True: the session knows file @id, and *@ret is what was found; it stays valid. */
bool ovl_sitetab_find(const struct ovl_session *ss, uint64_t id, struct ovl_site_list *ret);

/* Share what was found in file @id, if there is room. */
void ovl_sitetab_add(struct ovl_session *ss, uint64_t id, const struct ovl_site_list *list);

/* Programs that are known to hold no system call: a full table costs a look at them each time. */
bool ovl_sitetab_is_plain(const struct ovl_session *ss, uint64_t id);
void ovl_sitetab_set_plain(struct ovl_session *ss, uint64_t id);

#endif
