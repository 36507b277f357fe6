/* SPDX-License-Identifier: MIT */
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#if defined(__x86_64__)
#define OUR_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define OUR_MACHINE EM_AARCH64
#endif

static bool is_ours(const GElf_Ehdr *head)
{
	return head->e_ident[EI_CLASS] == ELFCLASS64 && head->e_machine == OUR_MACHINE &&
	       (head->e_type == ET_EXEC || head->e_type == ET_DYN);
}

/* The program header of @type; false when there is none. */
static bool find_phdr(Elf *elf, GElf_Word type, GElf_Phdr *ret)
{
	size_t n = 0;

	if (elf_getphdrnum(elf, &n))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (gelf_getphdr(elf, (int)i, ret) && ret->p_type == type)
			return true;
	}
	return false;
}

/* Is it a dynamic linker, started as a program? It has no interpreter but takes a preload. */
static bool is_linker(Elf *elf)
{
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(elf, scn))) {
		GElf_Shdr head;
		Elf_Data *data = elf_getdata(scn, NULL);

		if (!gelf_getshdr(scn, &head) || head.sh_type != SHT_DYNAMIC || !data)
			continue;
		for (int i = 0; i < (int)(head.sh_size / head.sh_entsize); i++) {
			GElf_Dyn dyn;
			const char *name;

			if (!gelf_getdyn(data, i, &dyn) || dyn.d_tag != DT_SONAME)
				continue;
			name = elf_strptr(elf, head.sh_link, dyn.d_un.d_val);
			return name && (!strncmp(name, "ld-", 3) || !strncmp(name, "ld64", 4) ||
					!strncmp(name, "libc.musl", 9));
		}
	}
	return false;
}

static enum ovl_program_kind elf_kind_of(int fd, Elf *elf, struct ovl_program *ret)
{
	GElf_Ehdr head;
	GElf_Phdr interp;
	ssize_t n;

	if (!gelf_getehdr(elf, &head) || !is_ours(&head))
		return OVL_PROGRAM_FOREIGN;
	if (!find_phdr(elf, PT_INTERP, &interp))
		return is_linker(elf) ? OVL_PROGRAM_DYNAMIC : OVL_PROGRAM_STATIC;
	if (interp.p_filesz > sizeof(ret->interp))
		return OVL_PROGRAM_FOREIGN;
	n = pread(fd, ret->interp, interp.p_filesz, (off_t)interp.p_offset);
	ret->interp[n > 0 ? n - 1 : 0] = '\0';
	return OVL_PROGRAM_DYNAMIC;
}

/* "#! interp arg" as the kernel reads it: one argument, blanks at both ends cut. */
static void parse_script(char *line, struct ovl_program *ret)
{
	char *end = line + strcspn(line, "\n");
	size_t n;

	*end = '\0';
	while (end > line && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';
	line += 2;
	line += strspn(line, " \t");
	n = strcspn(line, " \t");
	memcpy(ret->interp, line, n);
	ret->interp[n] = '\0';
	line += n;
	line += strspn(line, " \t");
	memcpy(ret->arg, line, strlen(line) + 1);
}

int ovl_program_examine(const char *real, struct ovl_program *ret)
{
	char head[OVL_PROGRAM_HEAD + 1] = "";
	int fd = open(real, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	Elf *elf;

	if (fd < 0)
		return -errno;
	memset(ret, 0, sizeof(*ret));
	ret->kind = OVL_PROGRAM_OTHER;
	if (pread(fd, head, OVL_PROGRAM_HEAD, 0) < 0) {
		int err = -errno;

		close(fd);
		return err;
	}
	if (!strncmp(head, "#!", 2)) {
		parse_script(head, ret);
		if (*ret->interp)
			ret->kind = OVL_PROGRAM_SCRIPT;
	} else if (!memcmp(head, ELFMAG, SELFMAG)) {
		ret->kind = OVL_PROGRAM_FOREIGN;
		(void)elf_version(EV_CURRENT); /* the library we were built with knows it */
		elf = elf_begin(fd, ELF_C_READ, NULL);
		if (elf)
			ret->kind = elf_kind_of(fd, elf, ret);
		elf_end(elf);
	}
	close(fd);
	return 0;
}
