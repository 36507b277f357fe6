/* SPDX-License-Identifier: MIT */
/*
 * image.h - an ELF file in memory, as the kernel's execve() would have put it there
 * Context: the loader, before the program runs.
 */
#ifndef OVL_IMAGE_H
#define OVL_IMAGE_H

#include "ovl_base.h"

#include <linux/elf.h>

#define OVL_IMAGE_TEXTS 8

struct ovl_image {
	uint64_t bias;	/* what is added to the addresses in the file */
	uint64_t entry; /* where it starts */
	uint64_t phdr;	/* the program headers in memory, 0 when no segment holds them */
	uint16_t phnum;
	uint64_t end;	  /* behind its last byte */
	uint64_t id;	  /* of the file as it is now: a hash of number, size and times */
	bool stack_exec;  /* PT_GNU_STACK asks for an executable stack */
	bool go;	  /* made by the Go tool chain: its stacks are tiny */
	bool text_hidden; /* executable memory that text[] does not have: writable, or too many */
	int ntexts;	  /* executable segments ... */
	struct {
		uint64_t start, len; /* ... without padding */
		int prot;
	} text[OVL_IMAGE_TEXTS];
	char interp[PATH_MAX]; /* PT_INTERP, "" when it has none */
};

/*
 * Map the program open as @fd. @near: a file that may lie anywhere is put at that address or
 * behind it; 0: where the kernel likes, whatever alignment it asks for. 0; -ENOEXEC: no ELF file of
 * this machine; -EEXIST: memory it asks for is taken; what pread() and mmap() say. The descriptor
 * stays open.
 */
int ovl_image_map(int fd, uint64_t near, struct ovl_image *ret);

#endif
