/* SPDX-License-Identifier: MIT */
#include "elffile.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <string.h>
#include <unistd.h>

static void note_text(struct ovl_elffile *f, const GElf_Phdr *ph)
{
	size_t size = 0;
	const char *raw = elf_rawfile(f->elf, &size);

	if (!(ph->p_flags & PF_X) || !ph->p_memsz)
		return;
	if (ph->p_flags & PF_W || f->ntexts == OVL_ELFFILE_TEXTS || !raw || ph->p_offset > size ||
	    ph->p_filesz > size - ph->p_offset) {
		f->text_hidden = true;
		return;
	}
	f->text[f->ntexts].at = (const uint8_t *)raw + ph->p_offset;
	f->text[f->ntexts].len = ph->p_filesz;
	f->text[f->ntexts].vaddr = ph->p_vaddr;
	f->ntexts++;
}

static void note_eh(struct ovl_elffile *f, const GElf_Phdr *ph)
{
	const uint8_t *at;
	size_t size = 0;
	const char *raw = elf_rawfile(f->elf, &size);

	if (!raw || !f->ntexts || ph->p_offset > size || ph->p_filesz > size - ph->p_offset)
		return;
	at = (const uint8_t *)raw + ph->p_offset;
	if ((uint64_t)(at - f->text[0].at) != ph->p_vaddr - f->text[0].vaddr)
		return;
	f->eh = at;
	f->eh_len = (uint32_t)ph->p_filesz;
}

static void look_at_notes(struct ovl_elffile *f, const GElf_Phdr *ph)
{
	Elf_Data *data = elf_getdata_rawchunk(f->elf, (int64_t)ph->p_offset, ph->p_filesz,
					      ph->p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
	size_t at = 0;
	size_t next;
	size_t name;
	size_t desc;
	GElf_Nhdr nh;

	for (; data && (next = gelf_getnote(data, at, &nh, &name, &desc)); at = next) {
		if (nh.n_namesz >= 3 && !memcmp((const char *)data->d_buf + name, "Go", 3))
			f->go = true;
	}
}

int ovl_elffile_open(const char *real, struct ovl_elffile *ret)
{
	struct ovl_elffile f = {.fd = open(real, O_RDONLY | O_CLOEXEC | O_NOCTTY)};
	GElf_Phdr ph;
	size_t n = 0;

	if (f.fd < 0)
		return -errno;
	(void)elf_version(EV_CURRENT); /* the library we were built with knows it */
	f.elf = elf_begin(f.fd, ELF_C_READ_MMAP, NULL);
	if (!f.elf || elf_kind(f.elf) != ELF_K_ELF || elf_getphdrnum(f.elf, &n)) {
		ovl_elffile_close(&f);
		return -ENOEXEC;
	}
	for (size_t i = 0; i < n; i++) {
		if (!gelf_getphdr(f.elf, (int)i, &ph))
			continue;
		if (ph.p_type == PT_LOAD)
			note_text(&f, &ph);
		else if (ph.p_type == PT_NOTE)
			look_at_notes(&f, &ph);
		else if (ph.p_type == PT_GNU_EH_FRAME) /* the loaded segments come before */
			note_eh(&f, &ph);
	}
	*ret = f;
	return 0;
}

void ovl_elffile_close(struct ovl_elffile *f)
{
	elf_end(f->elf);
	close(f->fd);
}

/* The bytes from address @vaddr to the end of its segment; *@ret_n: how many there are. */
static const char *bytes_at(const struct ovl_elffile *f, uint64_t vaddr, size_t *ret_n)
{
	size_t size = 0;
	size_t n = 0;
	const char *raw = elf_rawfile(f->elf, &size);
	GElf_Phdr ph;

	if (!raw || elf_getphdrnum(f->elf, &n))
		return NULL;
	for (size_t i = 0; i < n; i++) {
		if (!gelf_getphdr(f->elf, (int)i, &ph) || ph.p_type != PT_LOAD ||
		    vaddr < ph.p_vaddr || vaddr - ph.p_vaddr >= ph.p_filesz || ph.p_offset > size ||
		    ph.p_filesz > size - ph.p_offset)
			continue;
		*ret_n = ph.p_filesz - (vaddr - ph.p_vaddr);
		return raw + ph.p_offset + (vaddr - ph.p_vaddr);
	}
	return NULL;
}

/* The @i-th value of @tag in the dynamic section. */
static bool find_value(const struct ovl_elffile *f, int64_t tag, unsigned i, uint64_t *ret)
{
	Elf_Data *data = NULL;
	GElf_Phdr ph;
	GElf_Dyn dyn;
	size_t n = 0;

	if (elf_getphdrnum(f->elf, &n))
		return false;
	for (size_t k = 0; k < n && !data; k++) {
		if (gelf_getphdr(f->elf, (int)k, &ph) && ph.p_type == PT_DYNAMIC)
			data = elf_getdata_rawchunk(f->elf, (int64_t)ph.p_offset, ph.p_filesz,
						    ELF_T_DYN);
	}
	for (int k = 0; data && gelf_getdyn(data, k, &dyn) && dyn.d_tag != DT_NULL; k++) {
		if (dyn.d_tag != tag || i--)
			continue;
		*ret = dyn.d_un.d_val;
		return true;
	}
	return false;
}

const char *ovl_elffile_string(const struct ovl_elffile *f, int64_t tag, unsigned i)
{
	uint64_t table;
	uint64_t at;
	size_t n = 0;
	const char *text;

	if (!find_value(f, tag, i, &at) || !find_value(f, DT_STRTAB, 0, &table))
		return NULL;
	text = bytes_at(f, table, &n);
	return text && at < n && memchr(text + at, '\0', n - at) ? text + at : NULL;
}
