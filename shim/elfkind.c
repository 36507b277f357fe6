/* SPDX-License-Identifier: MIT */
#include "elfkind.h"

#include <linux/elf.h>

#include "str.h"

#ifndef DT_RUNPATH
#define DT_RUNPATH 29
#endif

#define MACHINE EM_X86_64 /* the only one so far: see sys_x86_64.c */

/* Is one of the @n program headers at @p of type @type? *ret becomes that header. */
static bool find(const char *p, size_t n, uint32_t type, Elf64_Phdr *ret)
{
	for (size_t i = 0; i < n; i++) {
		memcpy(ret, p + i * sizeof(*ret), sizeof(*ret)); /* may lie unaligned */
		if (ret->p_type == type)
			return true;
	}
	return false;
}

/*
 * The same of all that @eh tells of, as many at a time as @buf holds. 1: there is one, 0: none;
 * -ENOEXEC: they cannot be read.
 */
static int scan(int fd, char *buf, size_t cap, const Elf64_Ehdr *eh, uint32_t type, Elf64_Phdr *ret)
{
	uint64_t off = eh->e_phoff;
	size_t left = eh->e_phnum;
	size_t at_once = cap / sizeof(Elf64_Phdr);

	while (left) {
		size_t n = left < at_once ? left : at_once;
		size_t bytes = n * sizeof(Elf64_Phdr);
		long r = ovl_sys(__NR_pread64, fd, buf, bytes, off);

		if (r != (long)bytes)
			return -ENOEXEC;
		if (find(buf, n, type, ret))
			return 1;
		left -= n;
		off += bytes;
	}
	return 0;
}

/* The interpreter's name that @ph tells of; the first @n bytes of the file are in @buf. */
static void read_interp(int fd, const char *buf, size_t n, const Elf64_Phdr *ph, char *ret)
{
	size_t len = ph->p_filesz;

	*ret = '\0';
	if (len < 2 || len > OVL_ELF_INTERP_MAX)
		return; /* ENOEXEC: the kernel's to say */
	if (ph->p_offset <= n && n - ph->p_offset >= len)
		memcpy(ret, buf + ph->p_offset, len);
	else if (ovl_sys(__NR_pread64, fd, ret, len, ph->p_offset) != (long)len)
		len = 1;
	ret[len - 1] = '\0';
}

enum ovl_elf ovl_elf_kind(int fd, char *buf, size_t cap, size_t n, char *interp)
{
	Elf64_Ehdr eh;
	Elf64_Phdr ph;
	size_t bytes;
	int found;

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
	if (eh.e_phoff > n || n - eh.e_phoff < bytes) {
		found = scan(fd, buf, cap, &eh, PT_INTERP, &ph);
		n = 0; /* overwritten */
	} else {
		found = find(buf + eh.e_phoff, eh.e_phnum, PT_INTERP, &ph);
	}
	if (found < 0)
		return OVL_ELF_NOT;
	if (!found)
		return OVL_ELF_STATIC;
	read_interp(fd, buf, n, &ph, interp);
	return OVL_ELF_DYNAMIC;
}

bool ovl_elf_has_runpath(int fd, char *buf, size_t cap)
{
	size_t at_once = cap / sizeof(Elf64_Dyn) * sizeof(Elf64_Dyn);
	uint64_t at, end;
	Elf64_Ehdr eh;
	Elf64_Phdr ph;

	if (ovl_sys(__NR_pread64, fd, &eh, sizeof(eh), 0) != sizeof(eh) ||
	    scan(fd, buf, cap, &eh, PT_DYNAMIC, &ph) <= 0)
		return true;
	end = ph.p_offset + ph.p_filesz;
	for (at = ph.p_offset; at < end; at += at_once) {
		size_t want = end - at < at_once ? end - at : at_once;
		const Elf64_Dyn *d = (const Elf64_Dyn *)buf;

		if (ovl_sys(__NR_pread64, fd, buf, want, at) != (long)want)
			return true;
		for (size_t i = 0; i < want / sizeof(*d); i++) {
			if (d[i].d_tag == DT_RPATH || d[i].d_tag == DT_RUNPATH)
				return true;
			if (d[i].d_tag == DT_NULL)
				return false;
		}
	}
	return false;
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
