/* SPDX-License-Identifier: MIT */
#include "image.h"

#include <linux/mman.h>

#include "ovl_hash.h"
#include "sys.h"

#define PAGE	 4096UL
#define PHDR_MAX (65536 / sizeof(Elf64_Phdr)) /* the kernel's limit: 64 KiB of them */
#define MACHINE	 EM_X86_64

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static uint64_t down(uint64_t v)
{
	return v & -PAGE;
}

static uint64_t up(uint64_t v)
{
	return (v + PAGE - 1) & -PAGE;
}

/* A file, and the first bytes of it, in which nearly always all is that is looked at. */
struct file {
	int fd;
	const char *head;
	size_t nhead;
};

static int read_all(const struct file *f, void *to, size_t n, uint64_t off)
{
	long r;

	if (off <= f->nhead && f->nhead - off >= n) {
		memcpy(to, f->head + off, n);
		return 0;
	}
	r = ovl_sys(__NR_pread64, f->fd, to, n, off);
	if (ovl_is_err(r))
		return (int)r;
	return r == (long)n ? 0 : -ENOEXEC;
}

static int prot_of(const Elf64_Phdr *ph)
{
	return (ph->p_flags & PF_R ? PROT_READ : 0) | (ph->p_flags & PF_W ? PROT_WRITE : 0) |
	       (ph->p_flags & PF_X ? PROT_EXEC : 0);
}

/* From the first to the last byte of all segments, and the largest alignment. */
static int measure(const Elf64_Phdr *ph, unsigned n, uint64_t *lo, uint64_t *hi, uint64_t *align)
{
	*lo = UINT64_MAX;
	*hi = 0;
	*align = PAGE;
	for (unsigned i = 0; i < n; i++) {
		uint64_t end = ph[i].p_vaddr + ph[i].p_memsz;

		if (ph[i].p_type != PT_LOAD || !ph[i].p_memsz)
			continue;
		if (end < ph[i].p_vaddr || up(end) < end || ph[i].p_filesz > ph[i].p_memsz ||
		    (ph[i].p_vaddr - ph[i].p_offset) % PAGE)
			return -ENOEXEC;
		*lo = down(ph[i].p_vaddr) < *lo ? down(ph[i].p_vaddr) : *lo;
		*hi = up(end) > *hi ? up(end) : *hi;
		if (!(ph[i].p_align & (ph[i].p_align - 1)) && ph[i].p_align > *align)
			*align = ph[i].p_align;
	}
	return *hi ? 0 : -ENOEXEC;
}

/* Room for a file that may lie anywhere: the first free place from @near on. */
static long reserve_near(uint64_t near, uint64_t len, uint64_t align)
{
	long r = -EEXIST;

	if (!near)
		return ovl_sys(__NR_mmap, 0, len, PROT_NONE, ANON, -1, 0);
	near = (near + align - 1) & -align;
	for (int i = 0; i < 64 && r == -EEXIST; i++) {
		r = ovl_sys(__NR_mmap, near, len, PROT_NONE, ANON | MAP_FIXED_NOREPLACE, -1, 0);
		near += (len + align - 1) & -align;
	}
	return r;
}

/* The file's pages and, behind them, zeros. */
static int map_segment(int fd, const Elf64_Phdr *ph, uint64_t bias)
{
	uint64_t start = down(bias + ph->p_vaddr);
	uint64_t file_end = bias + ph->p_vaddr + ph->p_filesz;
	uint64_t end = up(bias + ph->p_vaddr + ph->p_memsz);
	int prot = prot_of(ph);
	long r;

	if (ph->p_filesz) {
		r = ovl_sys(__NR_mmap, start, up(file_end) - start, prot, MAP_PRIVATE | MAP_FIXED,
			    fd, down(ph->p_offset));
		if (ovl_is_err(r))
			return (int)r;
		start = up(file_end);
		if ((prot & PROT_WRITE) && ph->p_memsz > ph->p_filesz)
			memset((void *)file_end, 0, start - file_end);
	}
	if (start >= end)
		return 0;
	r = ovl_sys(__NR_mmap, start, end - start, prot, ANON | MAP_FIXED, -1, 0);
	return ovl_is_err(r) ? (int)r : 0;
}

static void note_text(const Elf64_Phdr *ph, uint64_t bias, struct ovl_image *ret)
{
	if (!(ph->p_flags & PF_X) || !ph->p_memsz)
		return;
	if ((ph->p_flags & PF_W) || ret->ntexts == OVL_IMAGE_TEXTS) {
		ret->text_hidden = true;
		return;
	}
	ret->text[ret->ntexts].start = bias + ph->p_vaddr;
	ret->text[ret->ntexts].len = ph->p_filesz;
	ret->text[ret->ntexts].prot = prot_of(ph);
	ret->ntexts++;
}

/* Is the note that @ph tells of Go's build id? */
static bool is_go_note(const struct file *f, const Elf64_Phdr *ph)
{
	static const char name[] = "Go";
	struct {
		Elf64_Nhdr head;
		char name[sizeof(name)];
	} note;

	if (ph->p_filesz < sizeof(note) || read_all(f, &note, sizeof(note), ph->p_offset))
		return false;
	return note.head.n_namesz >= sizeof(name) && !memcmp(note.name, name, sizeof(name));
}

static int read_interp(const struct file *f, const Elf64_Phdr *ph, char *to)
{
	int err;

	if (ph->p_filesz < 2 || ph->p_filesz > PATH_MAX)
		return -ENOEXEC;
	err = read_all(f, to, ph->p_filesz, ph->p_offset);
	return err ? err : to[ph->p_filesz - 1] ? -ENOEXEC : 0;
}

static int look_at_headers(const struct file *f, const Elf64_Ehdr *eh, const Elf64_Phdr *ph,
			   uint64_t bias, struct ovl_image *ret)
{
	int err = 0;

	for (unsigned i = 0; i < eh->e_phnum && !err; i++) {
		uint64_t at = ph[i].p_offset;

		if (ph[i].p_type == PT_LOAD) {
			if (eh->e_phoff >= at && eh->e_phoff - at < ph[i].p_filesz)
				ret->phdr = bias + ph[i].p_vaddr + (eh->e_phoff - at);
			note_text(&ph[i], bias, ret);
		} else if (ph[i].p_type == PT_INTERP) {
			err = read_interp(f, &ph[i], ret->interp);
		} else if (ph[i].p_type == PT_GNU_STACK) {
			ret->stack_exec = ph[i].p_flags & PF_X;
		} else if (ph[i].p_type == PT_NOTE) {
			ret->go |= is_go_note(f, &ph[i]);
		}
	}
	return err;
}

static int map_all(const struct file *f, const Elf64_Ehdr *eh, const Elf64_Phdr *ph, uint64_t near,
		   struct ovl_image *ret)
{
	uint64_t lo, hi, align;
	int err = measure(ph, eh->e_phnum, &lo, &hi, &align);
	long r;

	if (err)
		return err;
	if (eh->e_type == ET_DYN)
		r = reserve_near(near, hi - lo, align);
	else
		r = ovl_sys(__NR_mmap, lo, hi - lo, PROT_NONE, ANON | MAP_FIXED_NOREPLACE, -1, 0);
	if (ovl_is_err(r))
		return (int)r;
	ret->bias = (uint64_t)r - lo;
	for (unsigned i = 0; i < eh->e_phnum; i++) {
		err = ph[i].p_type == PT_LOAD && ph[i].p_memsz
			      ? map_segment(f->fd, &ph[i], ret->bias)
			      : 0;
		if (err)
			return err;
	}
	ret->entry = ret->bias + eh->e_entry;
	ret->end = ret->bias + hi;
	ret->phnum = eh->e_phnum;
	return look_at_headers(f, eh, ph, ret->bias, ret);
}

static bool is_ours(const Elf64_Ehdr *eh)
{
	return !memcmp(eh->e_ident, ELFMAG, SELFMAG) && eh->e_ident[EI_CLASS] == ELFCLASS64 &&
	       eh->e_machine == MACHINE && (eh->e_type == ET_EXEC || eh->e_type == ET_DYN) &&
	       eh->e_phentsize == sizeof(Elf64_Phdr) && eh->e_phnum && eh->e_phnum <= PHDR_MAX;
}

static uint64_t identity(int fd)
{
	uint64_t h = OVL_HASH_ROOT;
	struct statx st;

	if (ovl_sys(__NR_statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &st))
		return 0;
	h = ovl_hash_mix(h ^ st.stx_ino) + st.stx_dev_major;
	h = ovl_hash_mix(h ^ st.stx_size) + st.stx_dev_minor;
	h = ovl_hash_mix(h ^ (uint64_t)st.stx_mtime.tv_sec) + st.stx_mtime.tv_nsec;
	h = ovl_hash_mix(h ^ (uint64_t)st.stx_ctime.tv_sec) + st.stx_ctime.tv_nsec;
	return h | 1;
}

/* The headers of programs, in the file's first bytes or in memory of their own. */
static int map_file(const struct file *f, uint64_t near, struct ovl_image *ret)
{
	const Elf64_Ehdr *eh = (const Elf64_Ehdr *)f->head;
	size_t bytes;
	long room;
	int err;

	if (f->nhead < sizeof(*eh) || !is_ours(eh))
		return -ENOEXEC;
	bytes = eh->e_phnum * sizeof(Elf64_Phdr);
	if (eh->e_phoff <= f->nhead && f->nhead - eh->e_phoff >= bytes && !(eh->e_phoff & 7))
		return map_all(f, eh, (const Elf64_Phdr *)(f->head + eh->e_phoff), near, ret);
	room = ovl_sys(__NR_mmap, 0, bytes, PROT_READ | PROT_WRITE, ANON, -1, 0);
	if (ovl_is_err(room))
		return (int)room;
	err = read_all(f, (void *)room, bytes, eh->e_phoff);
	if (!err)
		err = map_all(f, eh, (Elf64_Phdr *)room, near, ret);
	(void)ovl_sys(__NR_munmap, room, bytes);
	return err;
}

int ovl_image_map(int fd, uint64_t near, struct ovl_image *ret)
{
	static OVL_LARGE _Alignas(Elf64_Ehdr) char head[PAGE];
	struct file f = {.fd = fd, .head = head};
	long n;

	memset(ret, 0, offsetof(struct ovl_image, interp));
	ret->interp[0] = '\0';
	ret->id = identity(fd);
	n = ovl_sys(__NR_pread64, fd, head, sizeof(head), 0);
	if (ovl_is_err(n))
		return (int)n;
	f.nhead = (size_t)n;
	return map_file(&f, near, ret);
}
