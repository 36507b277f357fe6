/* SPDX-License-Identifier: MIT */
#include "sitefile.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../preload/sitetab.h"

#define MAGIC	  0x0a73657469736c76ULL /* "vlsites\n" */
#define SITES_MAX 1024
#define LIBS_MAX  4

struct sitefile {
	uint64_t magic;
	uint64_t engine; /* hash of libovl.so's build-id */
	uint64_t check;	 /* hash of what follows */
	uint32_t nlibs;
	uint32_t nsites;
	struct ovl_lib lib[LIBS_MAX];
	struct ovl_site site[SITES_MAX];
};

/* The build-id among the notes of @data, hashed; 0: none is there. */
static uint64_t hash_of_notes(Elf_Data *data)
{
	size_t name, desc, next;
	GElf_Nhdr head;

	for (size_t at = 0; (next = gelf_getnote(data, at, &head, &name, &desc)) > 0; at = next) {
		if (head.n_type == NT_GNU_BUILD_ID)
			return ovl_hash_push(OVL_HASH_ROOT, (const char *)data->d_buf + desc,
					     head.n_descsz);
	}
	return 0;
}

/* Names the build of @engine; 0: it has no name. */
static uint64_t build_of(const char *engine)
{
	int fd = open(engine, O_RDONLY | O_CLOEXEC);
	uint64_t hash = 0;
	GElf_Phdr head;
	size_t n = 0;
	Elf *elf;

	if (fd < 0)
		return 0;
	(void)elf_version(EV_CURRENT); /* the library we were built with knows it */
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (elf && elf_getphdrnum(elf, &n))
		n = 0;
	for (size_t i = 0; i < n && !hash; i++) {
		if (gelf_getphdr(elf, (int)i, &head) && head.p_type == PT_NOTE)
			hash = hash_of_notes(elf_getdata_rawchunk(elf, (int64_t)head.p_offset,
								  head.p_filesz, ELF_T_NHDR));
	}
	elf_end(elf);
	close(fd);
	return hash;
}

static uint64_t check_of(const struct sitefile *f)
{
	const char *from = (const char *)&f->nlibs;

	return ovl_hash_push(OVL_HASH_ROOT, from, (size_t)((const char *)(f + 1) - from));
}

int ovl_sitefile_write(const char *path, const char *engine, const struct ovl_session *ss)
{
	static struct sitefile f;
	FILE *to;

	f = (struct sitefile){.magic = MAGIC, .engine = build_of(engine)};
	if (!f.engine)
		return -ENODATA;
	if (ss->nlibs > LIBS_MAX || ss->nsites > SITES_MAX)
		return -E2BIG;
	f.nlibs = ss->nlibs;
	f.nsites = ss->nsites;
	memcpy(f.lib, ss->lib, sizeof(f.lib));
	memcpy(f.site, ss->site, sizeof(f.site));
	f.check = check_of(&f);
	to = fopen(path, "we");
	if (!to)
		return -errno;
	(void)fwrite(&f, sizeof(f), 1, to); /* an error is told at the end */
	return fclose(to) ? -errno : 0;
}

static bool is_whole(const struct sitefile *f)
{
	if (f->magic != MAGIC || f->nlibs > LIBS_MAX || f->nsites > SITES_MAX ||
	    f->check != check_of(f))
		return false;
	for (uint32_t i = 0; i < f->nlibs; i++) {
		if (f->lib[i].first > f->nsites || f->lib[i].nsites > f->nsites - f->lib[i].first)
			return false;
	}
	return true;
}

void ovl_sitefile_read(const char *path, const char *engine, struct ovl_session *ss)
{
	static struct sitefile f;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return;
	n = read(fd, &f, sizeof(f));
	close(fd);
	if (n != sizeof(f) || !is_whole(&f) || f.engine != build_of(engine))
		return;
	for (uint32_t i = 0; i < f.nlibs; i++) {
		const struct ovl_lib *lib = &f.lib[i];

		ovl_sitetab_add(
			ss, lib->id,
			&(struct ovl_site_list){&f.site[lib->first], lib->nsites, lib->nunknown});
	}
}
