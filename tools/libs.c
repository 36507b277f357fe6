/* SPDX-License-Identifier: MIT */
#include "libs.h"

#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "elffile.h"
#include "say.h"

#define CACHE_MAGIC "glibc-ld.so.cache1.1"
#define CACHE_OURS  0x0303 /* FLAG_ELF_LIBC6 | FLAG_X8664_LIB64 */

/* ld.so.cache since glibc 2.2, in the byte order of the machine. */
struct cache_entry {
	int32_t flags;
	uint32_t name; /* offsets from the start of the file */
	uint32_t path;
	uint32_t osversion;
	uint64_t hwcap;
};

struct cache_head {
	char magic[20];
	uint32_t n;
	uint32_t strings;
	uint32_t more[5];
	struct cache_entry entry[];
};

struct search {
	const struct ovl_view *view;
	struct ovl_libs *libs;
	const char *linker; /* its name, without directories */
	bool musl;
	char *rpath; /* the program's DT_RPATH, which counts for all; NULL: none */
	const char *program;
	const struct cache_head *cache; /* NULL: none */
	size_t cache_size;
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Is @path a library of this machine? Then @ret is where. */
static bool take(const struct search *s, const char *path, struct ovl_where *ret)
{
	struct ovl_program *prog;
	bool good;

	if (*path != '/' || ovl_where_find(s->view, path, ret))
		return false;
	prog = ovl_must(malloc(sizeof(*prog)));
	good = S_ISREG(ret->st.st_mode) && !ovl_program_examine(ret->real, prog) &&
	       (prog->kind == OVL_PROGRAM_DYNAMIC || prog->kind == OVL_PROGRAM_STATIC);
	free(prog);
	if (!good)
		ovl_where_free(ret);
	return good;
}

/* @dir with $ORIGIN, $LIB and $PLATFORM of the object at @by put in: ld.so(8). */
static char *expand(const char *dir, const char *by)
{
	static const char *const token[] = {"ORIGIN", "LIB", "PLATFORM"};
	char *origin = ovl_must(strndup(by, (size_t)(base_name(by) - by)));
	const char *value[] = {origin, "lib/x86_64-linux-gnu", "x86_64"};
	char *text = ovl_must(strdup(""));

	while (*dir) {
		size_t n = strcspn(dir + (*dir == '$'), "$") + (*dir == '$');
		size_t skip = 0;
		char *longer;

		for (int i = 0; i < 3 && *dir == '$' && !skip; i++) {
			size_t len = strlen(token[i]);
			bool brace = dir[1] == '{';

			if (strncmp(dir + 1 + brace, token[i], len) ||
			    (brace && dir[2 + len] != '}'))
				continue;
			longer = ovl_text("%s%s", text, value[i]);
			free(text);
			text = longer;
			skip = 1 + len + (brace ? 2 : 0);
		}
		if (!skip) {
			longer = ovl_text("%s%.*s", text, (int)n, dir);
			free(text);
			text = longer;
			skip = n;
		}
		dir += skip;
	}
	free(origin);
	return text;
}

/* Look for @name in each directory of @list, which an object at @by names. */
static bool look_along(const struct search *s, const char *list, const char *by, const char *name,
		       struct ovl_where *ret)
{
	bool found = false;

	while (list && *list && !found) {
		size_t n = strcspn(list, ":;");
		char *dir = ovl_must(strndup(list, n));
		char *real = expand(dir, by);
		char *path = ovl_text("%s/%s", real, name);

		found = n && take(s, path, ret);
		free(path);
		free(real);
		free(dir);
		list += n;
		list += *list != '\0';
	}
	return found;
}

static const char *cache_text(const struct search *s, uint32_t at)
{
	const char *start = (const char *)s->cache;

	return at < s->cache_size && memchr(start + at, '\0', s->cache_size - at) ? start + at : "";
}

static bool look_in_cache(const struct search *s, const char *name, struct ovl_where *ret)
{
	for (uint32_t i = 0; s->cache && i < s->cache->n; i++) {
		const struct cache_entry *e = &s->cache->entry[i];

		if (e->flags == CACHE_OURS && !e->hwcap && !strcmp(cache_text(s, e->name), name) &&
		    take(s, cache_text(s, e->path), ret))
			return true;
	}
	return false;
}

static bool look_for(const struct search *s, const struct ovl_elffile *f, const char *by,
		     const char *name, struct ovl_where *ret)
{
	static const char usual[] = "/lib/x86_64-linux-gnu:/usr/lib/x86_64-linux-gnu:/lib64:"
				    "/usr/lib64:/lib:/usr/lib";
	const char *rpath = ovl_elffile_string(f, DT_RPATH, 0);
	const char *runpath = ovl_elffile_string(f, DT_RUNPATH, 0);

	if (strchr(name, '/'))
		return take(s, name, ret);
	return (!runpath && look_along(s, rpath, by, name, ret)) ||
	       (!runpath && look_along(s, s->rpath, s->program, name, ret)) ||
	       look_along(s, getenv("LD_LIBRARY_PATH"), by, name, ret) ||
	       look_along(s, runpath, by, name, ret) || look_in_cache(s, name, ret) ||
	       look_along(s, s->musl ? "/lib:/usr/local/lib:/usr/lib" : usual, by, name, ret);
}

/* Is @name the linker itself, or one of the names that musl's answers to? */
static bool is_linker(const struct search *s, const char *name)
{
	static const char *const own[] = {"libc.",  "libpthread.", "librt.",  "libm.",
					  "libdl.", "libutil.",	   "libxnet."};

	for (size_t i = 0; s->musl && i < sizeof(own) / sizeof(own[0]); i++) {
		if (!strncmp(name, own[i], strlen(own[i])))
			return true;
	}
	return !strcmp(base_name(name), s->linker);
}

static bool is_known(const struct ovl_libs *libs, const char *name)
{
	for (size_t i = 0; i < libs->n; i++) {
		if (!strcmp(libs->lib[i].name, name))
			return true;
	}
	return false;
}

/* Add what the object @real, called @by, needs. */
static void add_needed(struct search *s, const char *real, const char *by)
{
	struct ovl_libs *libs = s->libs;
	struct ovl_elffile f;
	const char *name;

	if (ovl_elffile_open(real, &f))
		return; /* it was one a moment ago */
	if (!strcmp(by, s->program) && !ovl_elffile_string(&f, DT_RUNPATH, 0) &&
	    ovl_elffile_string(&f, DT_RPATH, 0))
		s->rpath = ovl_must(strdup(ovl_elffile_string(&f, DT_RPATH, 0)));
	for (unsigned i = 0; (name = ovl_elffile_string(&f, DT_NEEDED, i)); i++) {
		struct ovl_where w = {0};

		if (is_linker(s, name) || is_known(libs, name))
			continue;
		if (!look_for(s, &f, by, name, &w))
			w = (struct ovl_where){0};
		libs->lib = ovl_must(realloc(libs->lib, (libs->n + 1) * sizeof(*libs->lib)));
		libs->lib[libs->n++] = (struct ovl_lib_found){
			.name = ovl_must(strdup(name)),
			.view = w.view,
			.real = w.real,
			.by = ovl_must(strdup(by)),
		};
	}
	ovl_elffile_close(&f);
}

static void open_cache(struct search *s)
{
	struct ovl_where w;
	int fd;
	void *map;

	if (s->musl || ovl_where_find(s->view, "/etc/ld.so.cache", &w))
		return;
	fd = open(w.real, O_RDONLY | O_CLOEXEC);
	s->cache_size = (size_t)w.st.st_size;
	map = mmap(NULL, s->cache_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (fd >= 0)
		close(fd);
	ovl_where_free(&w);
	if (map == MAP_FAILED)
		return;
	s->cache = map;
	if (s->cache_size < sizeof(*s->cache) || memcmp(s->cache->magic, CACHE_MAGIC, 20) ||
	    s->cache->n > (s->cache_size - sizeof(*s->cache)) / sizeof(s->cache->entry[0])) {
		munmap(map, s->cache_size);
		s->cache = NULL;
	}
}

bool ovl_libs_of_musl(const struct ovl_step *program)
{
	const char *linker = *program->interp ? program->interp : program->view;

	return !strncmp(base_name(linker), "ld-musl", 7);
}

void ovl_libs_find(const struct ovl_view *view, const struct ovl_step *program,
		   struct ovl_libs *ret)
{
	struct search s = {.view = view, .libs = ret, .linker = base_name(program->interp)};

	*ret = (struct ovl_libs){0};
	s.program = program->view;
	s.musl = ovl_libs_of_musl(program);
	open_cache(&s);
	add_needed(&s, program->real, program->view);
	for (size_t i = 0; i < ret->n; i++) {
		if (ret->lib[i].real)
			add_needed(&s, ret->lib[i].real, ret->lib[i].view);
	}
	free(s.rpath);
	if (s.cache)
		munmap((void *)s.cache, s.cache_size);
}
