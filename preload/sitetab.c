/* SPDX-License-Identifier: MIT */
#include "sitetab.h"
#include "ovl_base.h"

static const struct ovl_lib *lookup(const struct ovl_session *ss, uint64_t id)
{
	uint32_t n = __atomic_load_n(&ss->nlibs, __ATOMIC_ACQUIRE);

	for (uint32_t i = 0; i < n && i < OVL_LIBS_MAX; i++) {
		const struct ovl_lib *lib = &ss->lib[i];

		if (!__atomic_load_n(&lib->ready, __ATOMIC_ACQUIRE) || lib->id != id)
			continue;
		if (lib->first > OVL_SITES_MAX || lib->nsites > OVL_SITES_MAX - lib->first)
			continue;
		return lib;
	}
	return NULL;
}

bool ovl_sitetab_find(const struct ovl_session *ss, uint64_t id, struct ovl_site_list *ret)
{
	const struct ovl_lib *lib = lookup(ss, id);

	if (lib)
		*ret = (struct ovl_site_list){&ss->site[lib->first], lib->nsites, lib->nunknown};
	return lib;
}

#define PLAIN_PROBES 8

bool ovl_sitetab_is_plain(const struct ovl_session *ss, uint64_t id)
{
	for (uint64_t i = 0; i < PLAIN_PROBES; i++) {
		if (__atomic_load_n(&ss->plain[(id + i) % OVL_PLAIN_MAX], __ATOMIC_RELAXED) == id)
			return true;
	}
	return false;
}

void ovl_sitetab_set_plain(struct ovl_session *ss, uint64_t id)
{
	for (uint64_t i = 0; i < PLAIN_PROBES; i++) {
		uint64_t none = 0;

		if (__atomic_compare_exchange_n(&ss->plain[(id + i) % OVL_PLAIN_MAX], &none, id,
						false, __ATOMIC_RELAXED, __ATOMIC_RELAXED) ||
		    none == id)
			return;
	}
}

void ovl_sitetab_add(struct ovl_session *ss, uint64_t id, const struct ovl_site_list *list)
{
	uint32_t slot, first;

	if (__atomic_load_n(&ss->nlibs, __ATOMIC_RELAXED) >= OVL_LIBS_MAX ||
	    __atomic_load_n(&ss->nsites, __ATOMIC_RELAXED) + list->n > OVL_SITES_MAX)
		return;
	first = __atomic_fetch_add(&ss->nsites, list->n, __ATOMIC_RELAXED);
	if (first + list->n > OVL_SITES_MAX)
		return;
	slot = __atomic_fetch_add(&ss->nlibs, 1, __ATOMIC_ACQ_REL);
	if (slot >= OVL_LIBS_MAX)
		return;
	memcpy(&ss->site[first], list->site, list->n * sizeof(*list->site));
	ss->lib[slot].id = id;
	ss->lib[slot].first = first;
	ss->lib[slot].nsites = list->n;
	ss->lib[slot].nunknown = list->nunknown;
	__atomic_store_n(&ss->lib[slot].ready, 1, __ATOMIC_RELEASE);
}
