/* SPDX-License-Identifier: MIT */
#include "symnext.h"

#include "objects.h"
#include "sym.h"

#include <linux/elf.h>

#define DT_GNU_HASH 0x6ffffef5
#define DT_VERSYM   0x6ffffff0
#define VERSYM_HIDDEN                                                              \
	0x8000 /* an old version of a name: not what who does not ask for one gets \
		*/

extern const Elf64_Ehdr __ehdr_start __attribute__((visibility("hidden")));

_Static_assert(OVL_NEXT_syscall == OVL_NEXT_INDEX_SYSCALL, "symnext.h");

void *ovl_next[OVL_NEXT_COUNT];

static const struct {
	const char *name;
	bool global;
} names[] = {
#define NEXT(name)   {#name, false},
#define GLOBAL(name) {#name, true},
#include "symnext.def"
#undef NEXT
#undef GLOBAL
};

/* A library's tables of names. */
struct tables {
	uint64_t base;
	const Elf64_Sym *sym;
	const char *str;
	const uint32_t *gnu;
	const uint32_t *sysv;
	const uint16_t *version;
};

/* glibc has made the addresses in it absolute, musl has not. */
static struct tables tables_of(uint64_t base, const Elf64_Dyn *d)
{
	struct tables t = {.base = base};

	for (; d->d_tag; d++) {
		uint64_t at = d->d_un.d_ptr < base ? base + d->d_un.d_ptr : d->d_un.d_ptr;

		switch (d->d_tag) {
		case DT_SYMTAB:
			t.sym = (const Elf64_Sym *)at;
			break;
		case DT_STRTAB:
			t.str = (const char *)at;
			break;
		case DT_GNU_HASH:
			t.gnu = (const uint32_t *)at;
			break;
		case DT_HASH:
			t.sysv = (const uint32_t *)at;
			break;
		case DT_VERSYM:
			t.version = (const uint16_t *)at;
			break;
		default:
			break;
		}
	}
	return t;
}

/* Is entry @i the definition of @name that programs linked today get? */
static bool is_it(const struct tables *t, uint32_t i, const char *name)
{
	const Elf64_Sym *s = &t->sym[i];
	size_t n = strlen(name) + 1;
	const char *is = t->str + s->st_name;

	if (!s->st_shndx || ELF64_ST_TYPE(s->st_info) != STT_FUNC)
		return false;
	if (t->version && t->version[i] & VERSYM_HIDDEN)
		return false;
	for (size_t k = 0; k < n; k++) {
		if (is[k] != name[k])
			return false;
	}
	return true;
}

static uint32_t gnu_hash(const char *name)
{
	uint32_t h = 5381;

	for (; *name; name++)
		h = h * 33 + (unsigned char)*name;
	return h;
}

static void *find_gnu(const struct tables *t, const char *name)
{
	uint32_t nbuckets = t->gnu[0];
	uint32_t first = t->gnu[1];
	const uint32_t *bucket = t->gnu + 4 + 2 * t->gnu[2]; /* behind the filter */
	const uint32_t *chain = bucket + nbuckets - first;
	uint32_t h = gnu_hash(name);
	uint32_t i = nbuckets ? bucket[h % nbuckets] : 0;

	if (i < first)
		return NULL;
	for (;; i++) {
		if ((chain[i] | 1) == (h | 1) && is_it(t, i, name))
			return (void *)(t->base + t->sym[i].st_value);
		if (chain[i] & 1)
			return NULL;
	}
}

/* The table is searched from end to end: only who has no other gets here. */
static void *find_sysv(const struct tables *t, const char *name)
{
	for (uint32_t i = 1; i < t->sysv[1]; i++) {
		if (is_it(t, i, name))
			return (void *)(t->base + t->sym[i].st_value);
	}
	return NULL;
}

/* @behind: the object is behind ours. */
static void look_in(const struct ovl_link_map *map, bool behind)
{
	struct tables t = tables_of(map->addr, map->ld);

	if (!t.sym || !t.str)
		return;
	for (size_t i = 0; i < OVL_NEXT_COUNT; i++) {
		if (ovl_next[i] || (!behind && !names[i].global))
			continue;
		if (t.gnu)
			ovl_next[i] = find_gnu(&t, names[i].name);
		else if (t.sysv)
			ovl_next[i] = find_sysv(&t, names[i].name);
	}
}

int ovl_next_init(const uint64_t *auxv)
{
	struct ovl_link_map room;
	const struct ovl_link_map *map = ovl_objects_first(auxv, &room);
	bool behind = map == &room; /* where the list has libc alone */

	for (; map; map = map->next) {
		if (map->addr == (uint64_t)&__ehdr_start)
			behind = true;
		else
			look_in(map, behind);
	}
	return ovl_next[OVL_NEXT___errno_location] && ovl_next[OVL_NEXT_malloc] ? 0 : -ENOENT;
}

void ovl_next_need(void)
{
	char **env = ovl_sym_environ();

	if (ovl_next[OVL_NEXT___errno_location] || !env)
		return;
	while (*env)
		env++;
	(void)ovl_next_init((uint64_t *)(env + 1)); /* init() tells, if there is an error */
}
