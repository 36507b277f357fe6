/* SPDX-License-Identifier: MIT */
/*
 * elffile.h - an ELF file of this machine, read with libelf: its text, and what it needs
 * Context: launcher.
 */
#ifndef OVL_ELFFILE_H
#define OVL_ELFFILE_H

#include <libelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OVL_ELFFILE_TEXTS 8

struct ovl_elffile {
	int fd;
	Elf *elf;
	bool go;	  /* made by the Go tool chain */
	bool text_hidden; /* executable memory that text[] does not have: writable, or too many */
	uint32_t eh_len;
	const uint8_t *eh; /* .eh_frame_hdr, as far from text[0] as in memory; NULL: it is not */
	int ntexts;	   /* executable segments */
	struct {
		const uint8_t *at;
		uint64_t len;
		uint64_t vaddr;
	} text[OVL_ELFFILE_TEXTS];
};

/* Open @real. 0; -ENOEXEC: no ELF file; -errno. Close it with ovl_elffile_close(). */
int ovl_elffile_open(const char *real, struct ovl_elffile *ret);
void ovl_elffile_close(struct ovl_elffile *f);

/*
 * The string that the @i-th entry DT_* @tag names, DT_NEEDED for one. NULL: there is none. It lives
 * as long as @f.
 */
const char *ovl_elffile_string(const struct ovl_elffile *f, int64_t tag, unsigned i);

#endif
