/* SPDX-License-Identifier: MIT */
#include "objects.h"
#include "ovl_hash.h"
#include "str.h"

#include <linux/auxvec.h>
#include <linux/elf.h>

#define NT_BUILD_ID 3
#define HEADERS_MAX 4096
#define PAGE	    4096UL
#ifndef PT_GNU_EH_FRAME
#define PT_GNU_EH_FRAME 0x6474e550
#endif

extern const Elf64_Ehdr __ehdr_start __attribute__((visibility("hidden")));

/* <link.h>, which belongs to libc. */
struct r_debug {
	int version;
	const struct ovl_link_map *map;
};

static uint64_t note_build_id(const uint8_t *p, uint64_t len)
{
	const uint8_t *end = p + len;

	while (end - p > (long)sizeof(Elf64_Nhdr)) {
		const Elf64_Nhdr *nh = (const Elf64_Nhdr *)p;
		const uint8_t *name = p + sizeof(*nh);
		const uint8_t *desc = name + ((nh->n_namesz + 3) & ~3u);

		if (nh->n_type == NT_BUILD_ID && nh->n_namesz == 4 && !memcmp(name, "GNU", 4))
			return ovl_hash_push(OVL_HASH_ROOT, (const char *)desc, nh->n_descsz) | 1;
		p = desc + ((nh->n_descsz + 3) & ~3u);
	}
	return 0;
}

static bool is_go_note(const Elf64_Phdr *ph, uint64_t base)
{
	const Elf64_Nhdr *nh = (const Elf64_Nhdr *)(base + ph->p_vaddr);
	const uint8_t *end = (const uint8_t *)nh + ph->p_filesz;

	while (end - (const uint8_t *)nh > (long)sizeof(*nh)) {
		if (nh->n_namesz == 3 && !memcmp(nh + 1, "Go", 3))
			return true;
		if (nh->n_namesz == 4 && !memcmp(nh + 1, "Go\0", 4))
			return true;
		nh = (const Elf64_Nhdr *)((const uint8_t *)(nh + 1) + ((nh->n_namesz + 3) & ~3u) +
					  ((nh->n_descsz + 3) & ~3u));
	}
	return false;
}

/*
 * Are the program headers, and then all that they place below *ret_limit, mapped? While
 * ld.so is loading a library only its first segment is certain to be.
 */
static bool has_first_segment(const Elf64_Ehdr *eh, const Elf64_Phdr *ph, uint64_t *ret_limit)
{
	if (memcmp(eh->e_ident, ELFMAG, SELFMAG) || eh->e_phentsize != sizeof(*ph) ||
	    eh->e_phoff + eh->e_phnum * sizeof(*ph) > HEADERS_MAX)
		return false;
	for (int i = 0; i < eh->e_phnum; i++) {
		if (ph[i].p_type != PT_LOAD)
			continue;
		*ret_limit = ph[i].p_filesz;
		return ph[i].p_vaddr == 0 && ph[i].p_offset == 0;
	}
	return false;
}

int ovl_object_read(uint64_t base, const char *name, struct ovl_object *ret)
{
	const Elf64_Ehdr *eh = (const Elf64_Ehdr *)base;
	const Elf64_Phdr *ph = (const Elf64_Phdr *)(base + eh->e_phoff);
	struct ovl_object o = {.base = base, .name = name};
	uint64_t limit;

	if (!has_first_segment(eh, ph, &limit))
		return -ENOEXEC;
	for (int i = 0; i < eh->e_phnum; i++) {
		if (ph[i].p_type == PT_LOAD && ph[i].p_flags & PF_X && !o.text) {
			o.text = (uint8_t *)(base + ph[i].p_vaddr);
			o.text_off = (uint32_t)ph[i].p_vaddr;
			o.text_len = (uint32_t)ph[i].p_filesz;
		} else if (ph[i].p_type == PT_NOTE && ph[i].p_vaddr + ph[i].p_filesz <= limit) {
			o.is_go |= is_go_note(&ph[i], base);
			if (!o.id)
				o.id = note_build_id((const uint8_t *)base + ph[i].p_vaddr,
						     ph[i].p_filesz);
		} else if (ph[i].p_type == PT_GNU_EH_FRAME && ph[i].p_vaddr == ph[i].p_offset) {
			/* ld.so maps the whole file first: it is there already */
			o.eh = (const uint8_t *)base + ph[i].p_vaddr;
			o.eh_len = (uint32_t)ph[i].p_filesz;
		} else if (ph[i].p_type == PT_INTERP) {
			o.has_interp = true;
		}
	}
	if (!o.text)
		return -ENOEXEC;
	if (!o.id) /* where sections are in the file differs from build to build */
		o.id = ovl_hash_push(ovl_hash_push(OVL_HASH_ROOT, (const char *)eh, sizeof(*eh)),
				     (const char *)ph, eh->e_phnum * sizeof(*ph)) |
		       1;
	*ret = o;
	return 0;
}

static const char *last_component(const char *path)
{
	const char *name = path;

	for (; *path; path++)
		if (*path == '/')
			name = path + 1;
	return name;
}

bool ovl_object_is_libc(const char *path)
{
	static const char names[][16] = {"libc.so.6", "libpthread.so.0"};
	const char *name = last_component(path);
	size_t n = strlen(name) + 1;

	for (size_t i = 0; i < OVL_ARRAY_SIZE(names); i++)
		if (n == strlen(names[i]) + 1 && !memcmp(name, names[i], n))
			return true;
	return false;
}

/* musl is one object, both libc and dynamic linker. */
static bool is_musl(const char *name)
{
	return ovl_str_starts(name, "ld-musl") || ovl_str_starts(name, "libc.musl") ||
	       (ovl_str_starts(name, "libc.so") && !name[7]);
}

/* By name where the kernel did not load it: `ld.so PROGRAM`. */
static bool is_ldso(const struct ovl_link_map *map, uint64_t at_base)
{
	const char *name;

	if (at_base)
		return map->addr == at_base;
	name = last_component(map->name);
	return ovl_str_starts(name, "ld-linux") || is_musl(name);
}

static uint64_t aux_value(const uint64_t *auxv, uint64_t type)
{
	for (; auxv[0] != AT_NULL; auxv += 2)
		if (auxv[0] == type)
			return auxv[1];
	return 0;
}

/* What the kernel executed, by its program headers. */
struct executed {
	const Elf64_Phdr *ph;
	uint64_t n;
	uint64_t base;
	const Elf64_Phdr *dynamic;
	bool has_interp;
};

/* Where headers do not tell their own address: they are on the first page. */
static uint64_t base_of_first(const Elf64_Phdr *ph, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		if (ph[i].p_type == PT_LOAD)
			return ((uint64_t)ph & -PAGE) - ph[i].p_vaddr;
	}
	return 0;
}

static struct executed executed(const uint64_t *auxv)
{
	struct executed e = {
		.ph = (const Elf64_Phdr *)aux_value(auxv, AT_PHDR),
		.n = aux_value(auxv, AT_PHNUM),
	};
	bool told = false;

	if (!e.ph)
		e.n = 0;
	for (uint64_t i = 0; i < e.n; i++) {
		if (e.ph[i].p_type == PT_PHDR) {
			e.base = (uint64_t)e.ph - e.ph[i].p_vaddr;
			told = true;
		} else if (e.ph[i].p_type == PT_DYNAMIC) {
			e.dynamic = &e.ph[i];
		} else if (e.ph[i].p_type == PT_INTERP) {
			e.has_interp = true;
		}
	}
	if (!told)
		e.base = base_of_first(e.ph, e.n);
	return e;
}

/* The dynamic linker's list, by way of the main program's DT_DEBUG. */
static const struct ovl_link_map *first_object(const struct executed *e)
{
	if (!e->dynamic)
		return NULL;
	for (const Elf64_Dyn *d = (const Elf64_Dyn *)(e->base + e->dynamic->p_vaddr); d->d_tag; d++)
		if (d->d_tag == DT_DEBUG && d->d_un.d_ptr)
			return ((const struct r_debug *)d->d_un.d_ptr)->map;
	return NULL;
}

const struct ovl_link_map *ovl_objects_first(const uint64_t *auxv, struct ovl_link_map *room)
{
	const struct executed e = executed(auxv);
	const struct ovl_link_map *map = first_object(&e);

	if (map || e.has_interp || !e.dynamic)
		return map;
	*room = (struct ovl_link_map){
		.addr = e.base,
		.name = "libc",
		.ld = (const Elf64_Dyn *)(e.base + e.dynamic->p_vaddr),
	};
	return room;
}

int ovl_objects_find(const uint64_t *auxv, struct ovl_object *ret)
{
	const struct executed e = executed(auxv);
	const struct ovl_link_map *map = first_object(&e);
	uint64_t at_base = aux_value(auxv, AT_BASE);
	int n = 0;

	/* `ld-musl-x86_64.so.1 PROGRAM`: musl leaves it at that, glibc's puts the program here. */
	if (!map && !e.has_interp && !ovl_object_read(e.base, "libc", &ret[0]))
		return 1;
	if (!map)
		return -ENOENT;
	for (; map && n < OVL_OBJECTS_MAX; map = map->next) {
		bool ldso = is_ldso(map, at_base);

		if (!ldso && !ovl_object_is_libc(map->name))
			continue;
		if (ovl_object_read(map->addr, map->name, &ret[n]))
			continue;
		ret[n++].is_ldso = ldso && !is_musl(last_component(map->name));
	}
	return n;
}

/* The kernel's, and ours. */
static bool is_nobodys(const struct ovl_link_map *map, const uint64_t *auxv)
{
	return map->addr == aux_value(auxv, AT_SYSINFO_EHDR) ||
	       map->addr == (uint64_t)&__ehdr_start;
}

bool ovl_object_next(const uint64_t *auxv, const void **at, struct ovl_object *ret)
{
	const struct executed e = executed(auxv);
	const struct ovl_link_map *map = *at ? *at : first_object(&e);
	uint64_t at_base = aux_value(auxv, AT_BASE);

	/* the first is the program */
	while (map && (map = map->next)) {
		if (is_nobodys(map, auxv) || is_ldso(map, at_base) ||
		    is_musl(last_component(map->name)) || ovl_object_is_libc(map->name) ||
		    ovl_object_read(map->addr, map->name, ret))
			continue;
		*at = map;
		return true;
	}
	return false;
}

bool ovl_object_may_call(const struct ovl_object *o)
{
	const uint64_t ones = 0x0101010101010101;
	const uint8_t *p = o->text;
	uint32_t i;

	for (i = 0; i + 8 < o->text_len; i += 8) {
		uint64_t v;

		memcpy(&v, p + i + 1, sizeof(v));
		v ^= ones * 5;
		if (!((v - ones) & ~v & ones << 7))
			continue;
		for (int k = 0; k < 8; k++) {
			if (p[i + k] == 0x0f && p[i + k + 1] == 0x05)
				return true;
		}
	}
	for (; i + 1 < o->text_len; i++) {
		if (p[i] == 0x0f && p[i + 1] == 0x05)
			return true;
	}
	return false;
}

int ovl_object_program(const uint64_t *auxv, struct ovl_object *ret)
{
	const struct executed e = executed(auxv);
	const Elf64_Phdr *ph = e.ph;
	struct ovl_object o = {.base = e.base, .name = "program", .is_program = true};

	if (!e.has_interp)
		return -ENOEXEC;
	for (uint64_t i = 0; i < e.n; i++) {
		if (ph[i].p_type == PT_LOAD && ph[i].p_flags & PF_X && ph[i].p_flags & PF_R &&
		    !o.text) {
			o.text = (uint8_t *)(o.base + ph[i].p_vaddr);
			o.text_off = (uint32_t)ph[i].p_vaddr;
			o.text_len = (uint32_t)ph[i].p_filesz;
		} else if (ph[i].p_type == PT_GNU_EH_FRAME) {
			o.eh = (const uint8_t *)o.base + ph[i].p_vaddr;
			o.eh_len = (uint32_t)ph[i].p_filesz;
		} else if (ph[i].p_type == PT_NOTE) {
			o.is_go |= is_go_note(&ph[i], o.base);
			if (!o.id)
				o.id = note_build_id((const uint8_t *)o.base + ph[i].p_vaddr,
						     ph[i].p_filesz);
		}
	}
	if (!o.text)
		return -ENOEXEC;
	if (!o.id)
		o.id = ovl_hash_push(aux_value(auxv, AT_ENTRY), (const char *)ph,
				     e.n * sizeof(*ph)) |
		       1;
	*ret = o;
	return 0;
}
