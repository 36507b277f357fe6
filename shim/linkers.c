/* SPDX-License-Identifier: MIT */
#include "linkers.h"

#include "view.h"
#include "walked.h"

static uint64_t key_of(const char *path)
{
	return ovl_hash_push(OVL_HASH_ROOT, path, strlen(path)) | 1;
}

static bool is_hidden(const uint64_t *hash, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (ovl_filter_maybe(&ovl_ss->hidden, hash[i]))
			return true;
	}
	return false;
}

bool ovl_linkers_has(const char *path)
{
	uint64_t gen = ovl_walked_gen();
	uint64_t key = key_of(path);

	for (int i = 0; i < OVL_LINKERS_MAX; i++) {
		const struct ovl_linker *l = &ovl_ss->linker[i];

		if (__atomic_load_n(&l->key, __ATOMIC_ACQUIRE) == key && l->gen == gen)
			return !is_hidden(l->name, l->names);
	}
	return false;
}

void ovl_linkers_add(const char *path, const struct ovl_trail *t, uint64_t gen)
{
	struct ovl_linker *l;
	uint32_t i;

	if (t->n > OVL_LINKER_NAMES || is_hidden(t->hash, t->n) || ovl_linkers_has(path) ||
	    __atomic_load_n(&ovl_ss->nlinkers, __ATOMIC_RELAXED) >= OVL_LINKERS_MAX)
		return;
	i = __atomic_fetch_add(&ovl_ss->nlinkers, 1, __ATOMIC_RELAXED);
	if (i >= OVL_LINKERS_MAX)
		return;
	l = &ovl_ss->linker[i];
	l->gen = gen;
	l->names = t->n;
	memcpy(l->name, t->hash, t->n * sizeof(t->hash[0]));
	__atomic_store_n(&l->key, key_of(path), __ATOMIC_RELEASE);
}
