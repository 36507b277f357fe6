/* SPDX-License-Identifier: MIT */
#include "ownlibs.h"
#include "known.h"
#include "objsites.h"
#include "patch.h"
#include "peek.h"
#include "sitetab.h"
#include "wanted.h"

void ovl_ownlibs_look(struct ovl_session *ss, struct ovl_object *o)
{
	struct ovl_site_list list;
	char byte;

	if (!(ss->flags & OVL_S_GUARD) || ovl_sitetab_is_plain(ss, o->id))
		return;
	if (o->is_go || o->text_len > OVL_WANTED_TEXT_MAX || !ovl_object_may_call(o)) {
		ovl_sitetab_set_plain(ss, o->id);
		return;
	}
	/* a file with holes between its segments has no access there while it is being loaded */
	if (o->eh && ovl_peek((const char *)o->eh, &byte, sizeof(byte)) != sizeof(byte))
		return;
	o->is_own = true;
	if (ovl_object_sites(ss, o, &list) || !list.n) {
		ovl_sitetab_set_plain(ss, o->id);
		return;
	}
	/* What is left is left to the guard. */
	(void)ovl_patch_object(ss, o);
	ovl_known_off();
}

void ovl_ownlibs_init(struct ovl_session *ss, const uint64_t *auxv)
{
	const void *at = NULL;
	struct ovl_object o;

	while (ovl_object_next(auxv, &at, &o))
		ovl_ownlibs_look(ss, &o);
}
