/* SPDX-License-Identifier: MIT */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fill.h"
#include "linkindex.h"
#include "ovl_session.h"
#include "say.h"
#include "sessionfile.h"
#include "sitefile.h"
#include "upmark.h"

/* The session while it is written: the mapped file and how much of its string area is used. */
struct draft {
	struct ovl_session *ss;
	uint64_t used;
};

/* Nothing has started yet: leave no traces. */
__attribute__((noreturn)) static void give_up(struct ovl_run *run, const char *path, int err)
{
	ovl_workdir_undo(run);
	ovl_die(OVL_EXIT_TROUBLE, "%s: %s: no session can be written", path, strerror(err));
}

static struct ovl_str put(struct draft *d, const char *s)
{
	struct ovl_str str = {.off = (uint32_t)d->used, .len = (uint32_t)strlen(s)};

	memcpy((char *)d->ss + d->used, s, str.len + 1);
	d->used += str.len + 1;
	return str;
}

/* What the engine opens in the work directory. */
static const char work_tmp[] = "tmp";
static const char work_index[] = "index";
static const char work_oplock[] = "oplock";
static const char work_whiteout[] = "tmp/whiteout"; /* and a digit */

static struct ovl_str put_in_work(const struct ovl_run *run, struct draft *d, const char *name)
{
	char *path = ovl_text("%s/%s", run->work, name);
	struct ovl_str s = put(d, path);

	free(path);
	return s;
}

/* Bytes that those paths take. */
static uint64_t work_bytes(const struct ovl_run *run)
{
	return 3 * (strlen(run->work) + 1) + sizeof(work_tmp) + sizeof(work_index) +
	       sizeof(work_oplock) +
	       OVL_WHITEOUTS * (strlen(run->work) + 1 + sizeof(work_whiteout) + 1);
}

/* Bytes that all strings of @run take. */
static uint64_t string_bytes(const struct ovl_run *run)
{
	const char *const single[] = {run->upper,  run->work,	 run->root,    run->upper,
				      run->work,   run->session, run->preload, run->trace,
				      run->loader, run->names};
	uint64_t n = work_bytes(run);

	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++)
		n += single[i] ? strlen(single[i]) + 1 : 0;
	for (int i = 0; i < run->lower.n; i++)
		n += strlen(run->lower.path[i]) + 1;
	for (int i = 0; i < run->npass; i++)
		n += strlen(run->pass[i]) + 1;
	for (int i = 0; i < run->nhide; i++)
		n += strlen(run->hide[i]) + 1;
	return n;
}

/*
 * The file of @size bytes, mapped. Its blocks are reserved now: a page that finds no room
 * later, on a full file system, would be a SIGBUS in any process of the run.
 */
static struct ovl_session *map_file(struct ovl_run *run, uint64_t size)
{
	int fd = ovl_sessionfile_make(run, size);
	struct ovl_session *ss;

	if (fd < 0)
		give_up(run, run->session, -fd);
	ss = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (ss == MAP_FAILED)
		give_up(run, run->session, errno);
	/* a page here and there: nothing around it is worth reading. Advice only. */
	(void)madvise(ss, size, MADV_RANDOM);
	close(fd);
	return ss;
}

static void put_layer(struct ovl_run *run, struct draft *d, int index, const char *path)
{
	struct ovl_layer *layer = &d->ss->layer[index];
	struct stat st;

	if (stat(path, &st))
		give_up(run, path, errno);
	layer->path = put(d, path);
	layer->dev = st.st_dev;
	layer->ino = st.st_ino;
}

static void put_paths(struct ovl_run *run, struct draft *d)
{
	struct ovl_session *ss = d->ss;

	if (run->upper)
		put_layer(run, d, 0, run->upper);
	for (int i = 0; i < run->lower.n; i++)
		put_layer(run, d, i + 1, run->lower.path[i]);
	ss->nlower = (uint32_t)run->lower.n;
	for (int i = 0; i < run->npass; i++)
		ss->pass[i] = put(d, run->pass[i]);
	ss->npass = (uint32_t)run->npass;
	if (run->upper)
		ss->hide[ss->nhide++] = put(d, run->upper);
	ss->hide[ss->nhide++] = put(d, run->work);
	for (int i = 0; i < run->nhide; i++)
		ss->hide[ss->nhide++] = put(d, run->hide[i]);
	ss->root = put(d, run->root);
	ss->work = put(d, run->work);
	ss->work_tmp = put_in_work(run, d, work_tmp);
	ss->work_index = put_in_work(run, d, work_index);
	ss->work_oplock = put_in_work(run, d, work_oplock);
	for (int i = 0; i < OVL_WHITEOUTS; i++) {
		char *name = ovl_text("%s%d", work_whiteout, i);

		ss->whiteout[i] = put_in_work(run, d, name);
		free(name);
	}
	ss->preload = put(d, run->preload);
	ss->loader = put(d, run->loader);
	if (run->names)
		ss->names = put(d, run->names);
	ss->self = put(d, run->session);
	if (run->trace)
		ss->trace_path = put(d, run->trace);
}

/* The layers whose marks are .wh. files. */
static uint64_t dots_of(const struct ovl_run *run)
{
	uint64_t mask = run->dot_wh;

	for (int i = 0; i < run->lower.n; i++) {
		if (ovl_upmark_dot_wh(AT_FDCWD, run->lower.path[i]))
			mask |= 2ULL << i;
	}
	return mask;
}

/* Does the kernel refuse to follow others' symlinks in sticky directories? proc(5) */
static bool links_careful(void)
{
	int fd = open("/proc/sys/fs/protected_symlinks", O_RDONLY | O_CLOEXEC);
	char value = '0';

	if (fd < 0 || read(fd, &value, 1) != 1)
		value = '0';
	if (fd >= 0)
		close(fd);
	return value != '0';
}

static uint32_t flags_of(const struct ovl_run *run, uint64_t dots)
{
	/* A lower's .wh. files do not show: then the kernel's own listing is not the view's. */
	bool same_root = run->lower.n == 1 && !strcmp(run->root, run->lower.path[0]) && !(dots & 2);

	return (run->read_only ? OVL_S_READ_ONLY : 0) | (run->trace ? OVL_S_TRACE : 0) |
	       (run->no_xattr ? OVL_S_NO_XATTR : 0) | (same_root ? OVL_S_SAME_ROOT : 0) |
	       (geteuid() && geteuid() == getuid() ? OVL_S_ONE_USER : 0) |
	       (run->quiet ? OVL_S_QUIET : 0) | (run->guard ? OVL_S_GUARD : 0) |
	       (run->no_core ? OVL_S_NO_CORE : 0) | (links_careful() ? OVL_S_LINKS_CAREFUL : 0);
}

/* @path exists in no view: not by its real name, nor where a lower that holds it appears. */
static void hide(const struct ovl_run *run, struct ovl_session *ss, const char *path)
{
	ovl_fill_hide(ss, path);
	for (int i = 0; i < run->lower.n; i++) {
		const char *lower = run->lower.path[i];
		size_t skip = lower[1] ? strlen(lower) : 0;
		char *seen;

		if (!ovl_path_within(path, lower))
			continue;
		seen = ovl_text("%s%s", run->root[1] ? run->root : "", path + skip);
		ovl_fill_hide(ss, seen);
		free(seen);
	}
}

static void fill_tables(struct ovl_run *run, struct ovl_session *ss)
{
	int index;
	int err;

	hide(run, ss, run->work);
	for (int i = 0; i < run->nhide; i++)
		ovl_fill_hide(ss, run->hide[i]);
	for (int i = 0; i < run->npass; i++)
		ovl_fill_pass(ss, run->pass[i]);
	if (!run->upper)
		return;
	hide(run, ss, run->upper);
	index = ovl_linkindex_read(run->work, run->upper);
	err = ovl_fill_upper(ss, run->upper, run->root, index);
	if (index >= 0)
		close(index);
	if (err)
		give_up(run, run->upper, -err);
	err = ovl_linkindex_open(run, ss);
	if (err)
		give_up(run, run->work, -err);
}

/* What was found with the guard in mind is too little without it. */
static void fill_sites(const struct ovl_run *run, struct ovl_session *ss)
{
	size_t dir = (size_t)(strrchr(run->preload, '/') - run->preload);
	char *path;

	if (!run->guard)
		return;
	path = ovl_text("%.*s/libovl.sites", (int)dir, run->preload);
	ovl_sitefile_read(path, run->preload, ss);
	free(path);
}

/* The trace is told by every process of the run, whoever it is by then. */
static void make_trace(struct ovl_run *run)
{
	int fd = open(run->trace, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY | O_CLOEXEC, 0666);

	if (fd < 0)
		give_up(run, run->trace, errno);
	close(fd);
}

/*
 * Before glibc 2.34 libpthread, loaded behind the preloaded object, takes its place as the first to
 * be initialised: constructors of libraries come before ours then.
 */
uint32_t ovl_session_libs_first(void)
{
	char name[32] = "";
	unsigned major, minor;

	if (!confstr(_CS_GNU_LIBC_VERSION, name, sizeof(name)) ||
	    sscanf(name, "glibc %u.%u", &major, &minor) != 2)
		return 0;
	return major == 2 && minor < 34 ? OVL_LIBS_FIRST : 0;
}

void ovl_session_write(struct ovl_run *run)
{
	struct draft d;
	uint64_t size;

	if (getrandom(&run->cookie, sizeof(run->cookie), 0) != sizeof(run->cookie))
		give_up(run, "getrandom", errno);
	ovl_sessionfile_name(run);
	size = sizeof(*d.ss) + string_bytes(run) + OVL_SESSIONFILE_PATH;
	d.ss = map_file(run, size);
	d.used = sizeof(*d.ss);

	d.ss->version = OVL_SESSION_VERSION;
	d.ss->dot_wh = dots_of(run);
	d.ss->flags = flags_of(run, d.ss->dot_wh);
	d.ss->size = size;
	d.ss->head = sizeof(*d.ss);
	d.ss->cookie = run->cookie;
	put_paths(run, &d);
	fill_tables(run, d.ss);
	d.ss->upper_libs |= ovl_session_libs_first();
	fill_sites(run, d.ss);
	run->load |= run->dynamic && d.ss->upper_libs;
	if (run->trace)
		make_trace(run);
	/* last: from here on it is valid */
	__atomic_store_n(&d.ss->magic, OVL_SESSION_MAGIC, __ATOMIC_RELEASE);
	munmap(d.ss, size);
}
