/* SPDX-License-Identifier: MIT */
#include "walked.h"

#include "maps.h"
#include "view.h"

static bool in_view(const struct ovl_name *n)
{
	return n->zone == OVL_Z_VIEW;
}

uint64_t ovl_walked_gen(void)
{
	return __atomic_load_n(&ovl_ss->outside_gen, __ATOMIC_ACQUIRE);
}

void ovl_walked_outside(const struct ovl_name *n, uint64_t gen)
{
	uint64_t known;

	if (!ovl_dirs_find(n->hash, &known) || known != (OVL_DIRS_OUTSIDE | gen))
		ovl_dirs_add(n->hash, OVL_DIRS_OUTSIDE | gen);
}

void ovl_walked_missing(const struct ovl_name *n)
{
	if (in_view(n) && !n->in_upper && !n->marked && n->plowers && !n->moved && !n->deep)
		ovl_dirs_add(n->hash, OVL_DIRS_LOWER | OVL_DIRS_MISSING);
}

void ovl_walked_file(const struct ovl_name *n)
{
	if (!n->known || (n->st.stx_mode & S_IFMT) != S_IFREG || n->st.stx_nlink > 1)
		return;
	if (in_view(n) && (n->moved || n->deep || n->in_upper || n->linked))
		return;
	if (in_view(n))
		ovl_dirs_add(n->hash, OVL_DIRS_FILE | (unsigned)n->layer);
	else if (n->zone == OVL_Z_OUTSIDE && !ovl_maps_is(n))
		ovl_dirs_add(n->hash, OVL_DIRS_FILE | OVL_DIRS_OUTSIDE | ovl_walked_gen());
}

int ovl_walked_base(const struct ovl_ctx *ctx, const struct ovl_name *n)
{
	int layer = ctx->fd_layer;

	if (!in_view(n))
		return n->zone == OVL_Z_OUTSIDE ? OVL_NONE : OVL_KNOWN_ODD;
	if (layer == OVL_UPPER)
		return n->lowers ? OVL_KNOWN_ODD : OVL_UPPER;
	return layer > OVL_UPPER && (n->lowers >> layer & 1) && !n->moved && !n->deep
		       ? layer
		       : OVL_KNOWN_ODD;
}
