/* SPDX-License-Identifier: MIT */
#include "elfkind.h"

#include <linux/elf.h>

#include "str.h"

#define MACHINE EM_X86_64 /* the only one so far: see sys_x86_64.c */

/* Does one of the @n program headers at @p name an interpreter? */
static bool has_interp(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		Elf64_Phdr ph;

		memcpy(&ph, p + i * sizeof(ph), sizeof(ph)); /* may lie unaligned in the file */
		if (ph.p_type == PT_INTERP)
			return true;
	}
	return false;
}

/* Go through the program headers, as many at a time as @buf holds. */
static enum ovl_elf scan(int fd, char *buf, size_t cap, uint64_t off, size_t left)
{
	size_t at_once = cap / sizeof(Elf64_Phdr);

	while (left) {
		size_t n = left < at_once ? left : at_once;
		size_t bytes = n * sizeof(Elf64_Phdr);
		long r = ovl_sys(__NR_pread64, fd, buf, bytes, off);

		if (r != (long)bytes)
			return OVL_ELF_NOT;
		if (has_interp(buf, n))
			return OVL_ELF_DYNAMIC;
		left -= n;
		off += bytes;
	}
	return OVL_ELF_STATIC;
}

enum ovl_elf ovl_elf_kind(int fd, char *buf, size_t cap, size_t n)
{
	Elf64_Ehdr eh;
	size_t bytes;

	if (n < sizeof(eh) || memcmp(buf, ELFMAG, SELFMAG))
		return OVL_ELF_NOT;
	memcpy(&eh, buf, sizeof(eh));
	if (eh.e_ident[EI_CLASS] == ELFCLASS32)
		return OVL_ELF_32BIT;
	if (eh.e_machine != MACHINE || eh.e_ident[EI_DATA] != ELFDATA2LSB)
		return OVL_ELF_FOREIGN;
	if (eh.e_type != ET_EXEC && eh.e_type != ET_DYN)
		return OVL_ELF_NOT;
	if (eh.e_phentsize != sizeof(Elf64_Phdr) || !eh.e_phnum)
		return OVL_ELF_NOT;
	bytes = eh.e_phnum * sizeof(Elf64_Phdr);
	if (eh.e_phoff <= n && n - eh.e_phoff >= bytes)
		return has_interp(buf + eh.e_phoff, eh.e_phnum) ? OVL_ELF_DYNAMIC : OVL_ELF_STATIC;
	return scan(fd, buf, cap, eh.e_phoff, eh.e_phnum);
}

bool ovl_elf_is_linker(const char *path)
{
	const char *base = path;

	for (const char *s = path; *s; s++) {
		if (*s == '/')
			base = s + 1;
	}
	if (!ovl_str_starts(base, "ld-"))
		return false;
	return ovl_str_starts(base, "ld-linux") || ovl_str_starts(base, "ld-musl") ||
	       ovl_str_has(base, ".so");
}
