/* SPDX-License-Identifier: MIT */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "corefile.h"
#include "guard.h"
#include "nested.h"
#include "say.h"

#define refuse(...) ovl_trouble(__VA_ARGS__)

/* The directory that holds absolute @path, as a new string. */
static char *parent_of(const char *path)
{
	char *dir = ovl_must(strdup(path));
	char *slash = strrchr(dir, '/');

	slash[slash == dir] = '\0';
	return dir;
}

static bool writable(const char *dir)
{
	return !faccessat(AT_FDCWD, dir, R_OK | W_OK | X_OK, AT_EACCESS);
}

/* Can an object move from directory @a to directory @b? One file system is not enough. */
static bool same_mount(const char *a, const char *b)
{
	struct statx x;
	struct statx y;

	if (statx(AT_FDCWD, a, 0, STATX_MNT_ID, &x) || statx(AT_FDCWD, b, 0, STATX_MNT_ID, &y))
		return false;
	return x.stx_dev_major == y.stx_dev_major && x.stx_dev_minor == y.stx_dev_minor &&
	       x.stx_mnt_id == y.stx_mnt_id;
}

static void check_lowers(struct ovl_run *run)
{
	int bad = ovl_layerlist_settle(&run->lower);

	if (bad >= 0)
		refuse("%s: %s: give an existing directory with -l", run->lower.path[bad],
		       strerror(errno));
}

/* @path settled; an existing one must be a directory, a missing one must be easy to make. */
static char *settle_dir(const char *path, const char *option, bool *ret_exists)
{
	char *real = ovl_path_settle(path);
	struct stat st;

	if (!real)
		refuse("%s: %s: give another directory with %s", path, strerror(errno), option);
	*ret_exists = !stat(real, &st);
	if (*ret_exists && !S_ISDIR(st.st_mode))
		refuse("%s: not a directory: give another with %s", path, option);
	if (!*ret_exists) {
		char *parent = parent_of(real);

		if (access(parent, F_OK))
			refuse("%s: %s does not exist: make it first", path, parent);
		if (!writable(parent))
			refuse("%s: %s is not writable: give another directory with %s", path,
			       parent, option);
		free(parent);
	}
	return real;
}

static bool same_dir(const char *a, const char *b)
{
	struct stat x;
	struct stat y;

	return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Is @dir a lower layer or above one, also where a bind mount gives it two names? */
static const char *lower_within(const struct ovl_run *run, const char *dir)
{
	for (int i = 0; i < run->lower.n; i++) {
		const char *lower = run->lower.path[i];

		if (ovl_path_within(lower, dir) || same_dir(lower, dir))
			return lower;
	}
	return NULL;
}

/*
 * Which lower layer holds @dir, if any, also under another name by a bind mount? What is written
 * there would change that layer. All directories lie below "/", so that one does not count:
 * there upper is hidden from the view. A nested run's upper is a change of the run around.
 */
static const char *lower_around(const struct ovl_run *run, const char *dir)
{
	char *parent;
	const char *lower = NULL;

	if (!dir[1] || run->nested)
		return NULL;
	parent = parent_of(dir);
	for (int i = 0; i < run->lower.n && !lower; i++) {
		if (parent[1] && same_dir(run->lower.path[i], parent))
			lower = run->lower.path[i];
	}
	if (!lower)
		lower = lower_around(run, parent);
	free(parent);
	return lower;
}

static void check_upper(struct ovl_run *run, bool *ret_exists)
{
	const char *given = run->upper;
	const char *lower;

	run->upper = settle_dir(given, "-u", ret_exists);
	lower = lower_within(run, run->upper);
	if (lower)
		refuse("%s: is lower layer %s or above it: choose an upper elsewhere", given,
		       lower);
	lower = lower_around(run, run->upper);
	if (lower)
		refuse("%s: is inside lower layer %s: choose an upper elsewhere", given, lower);
	if (*ret_exists && !writable(run->upper))
		refuse("%s: upper is not writable: change that or choose another with -u", given);
}

/* Beside upper: on the same file system, unless upper is the root of one. */
static void default_work(struct ovl_run *run, bool upper_exists)
{
	char *parent = parent_of(run->upper);
	const char *name = strrchr(run->upper, '/') + 1;
	const char *sep = parent[1] ? "/" : "";

	run->work = ovl_text("%s%s.%s.work", parent, sep, name);
	if (upper_exists && !same_mount(parent, run->upper))
		refuse("%s: no place beside it on its file system for work: "
		       "give -w, or a directory inside as upper",
		       run->upper);
	if (!writable(parent) && access(run->work, F_OK))
		refuse("%s: %s is not writable, work cannot be made there: give -w", run->upper,
		       parent);
	free(parent);
}

static void check_work(struct ovl_run *run, bool upper_exists)
{
	bool exists;
	char *place;
	char *upper_place;
	const char *given = run->work;

	if (!given) {
		default_work(run, upper_exists);
		given = run->work;
	}
	run->work = settle_dir(given, "-w", &exists);
	if (ovl_path_within(run->work, run->upper) || ovl_path_within(run->upper, run->work))
		refuse("%s: work and upper %s are nested: give -w beside it", given, run->upper);
	if (lower_within(run, run->work))
		refuse("%s: work is lower layer %s or above it: choose another with -w", given,
		       lower_within(run, run->work));
	if (lower_around(run, run->work))
		refuse("%s: work is inside lower layer %s: choose another with -w", given,
		       lower_around(run, run->work));
	place = exists ? ovl_must(strdup(run->work)) : parent_of(run->work);
	upper_place = upper_exists ? ovl_must(strdup(run->upper)) : parent_of(run->upper);
	if (!same_mount(place, upper_place))
		refuse("%s: not on the file system of upper %s: give -w beside it", given,
		       run->upper);
	if (exists && !writable(run->work))
		refuse("%s: work is not writable: give another with -w", given);
	free(place);
	free(upper_place);
}

/* Nothing given: a fresh directory holds upper and work, or work alone. */
static void check_temp(struct ovl_run *run)
{
	const char *tmp = getenv("TMPDIR");
	char *real;

	if (!tmp || !*tmp)
		tmp = "/tmp";
	real = realpath(tmp, NULL);
	if (!real || !writable(real))
		refuse("%s: cannot make a directory there: set TMPDIR, or give -u", tmp);
	if (lower_around(run, real))
		refuse("%s: is inside lower layer %s: set TMPDIR to a directory elsewhere", tmp,
		       lower_around(run, real));
	run->own_upper = !run->read_only;
	run->temp = ovl_text("%s/ovlrun.XXXXXX", real[1] ? real : "");
	free(real);
}

static void check_root(struct ovl_run *run)
{
	struct stat st;
	char *real;

	if (!run->root) {
		run->root = run->lower.path[0];
		return;
	}
	real = ovl_path_settle(run->root);
	if (!real || (!stat(real, &st) && !S_ISDIR(st.st_mode)))
		refuse("%s: not a directory: give another with -m", run->root);
	run->root = real;
}

static void check_pass(struct ovl_run *run)
{
	static const char *const always[] = {"/proc", "/sys", "/dev"};

	for (int i = 0; i < run->npass; i++) {
		char *real = ovl_path_settle(run->pass[i]);

		if (!real)
			refuse("%s: %s: give another with -p", run->pass[i], strerror(errno));
		run->pass[i] = real;
	}
	for (size_t i = 0; i < 3 && !strcmp(run->root, "/"); i++)
		run->pass[run->npass++] = ovl_must(strdup(always[i]));
}

/* Beside the executable, as in a build tree, or where it was installed. */
char *ovl_run_part(const char *name, char **ret_beside)
{
	char *self = realpath("/proc/self/exe", NULL);
	char *dir = self ? parent_of(self) : ovl_must(strdup(OVL_LIBDIR));
	char *beside = ovl_text("%s/%s", dir, name);
	char *installed = ovl_text(OVL_LIBDIR "/%s", name);
	char *found = realpath(beside, NULL);

	if (!found)
		found = realpath(installed, NULL);
	*ret_beside = beside;
	free(self);
	free(dir);
	free(installed);
	return found;
}

static char *find_part(const char *name)
{
	char *beside;
	char *found = ovl_run_part(name, &beside);

	if (!found)
		refuse("%s: not found, nor in " OVL_LIBDIR ": run make, or make install", beside);
	free(beside);
	return found;
}

bool ovl_run_preloadable(const char *path)
{
	return !strpbrk(path, " :\t\n");
}

bool ovl_run_by_names(void)
{
	const char *door = getenv("OVL_DOOR");

	if (!door || !*door)
		return false;
	if (strcmp(door, "symbols"))
		refuse("%s: no such door: set OVL_DOOR to symbols, or not at all", door);
	return true;
}

static void check_parts(struct ovl_run *run)
{
	char *beside;

	run->names = ovl_run_part("libovlsym.so", &beside);
	free(beside);
	run->preload = find_part(ovl_run_by_names() ? "libovlsym.so" : "libovl.so");
	run->loader = find_part("ovlload");
	if (!ovl_run_preloadable(run->preload))
		refuse("%s: LD_PRELOAD cannot name a path with a space or colon: move it",
		       run->preload);
}

static void check_trace(struct ovl_run *run)
{
	const char *given = getenv("OVL_TRACE");
	struct stat st;
	char *parent;

	if (!given || !*given)
		return;
	run->trace = ovl_path_settle(given);
	if (!run->trace)
		refuse("%s: %s: set OVL_TRACE to another file", given, strerror(errno));
	parent = parent_of(run->trace);
	if (stat(run->trace, &st) ? !writable(parent)
				  : S_ISDIR(st.st_mode) || access(run->trace, W_OK))
		refuse("%s: cannot be written: set OVL_TRACE to another file", given);
	free(parent);
}

void ovl_run_check_places(struct ovl_run *run)
{
	bool exists;

	if (run->upper) {
		check_upper(run, &exists);
		check_work(run, exists);
	} else if (run->work) {
		refuse("%s: work without upper: give -u", run->work);
	} else {
		check_temp(run);
	}
}

void ovl_run_check_upper(struct ovl_run *run)
{
	ovl_run_check_places(run);
	if (run->upper)
		ovl_workdir_check(run);
}

/* The guard is a belt besides: a run can do without. */
static void check_guard(struct ovl_run *run)
{
	int err = run->no_guard ? 0 : ovl_guard_probe();

	run->guard = !run->no_guard && !err;
	if (err && !run->quiet)
		ovl_say("seccomp: %s: system calls made past the view are not stopped",
			strerror(-err));
}

void ovl_run_check_layers(struct ovl_run *run)
{
	check_lowers(run);
	check_root(run);
	check_pass(run);
}

/* It tells everybody, us too, what descriptors and programs are. */
static void check_proc(void)
{
	if (access("/proc/self/exe", F_OK))
		refuse("/proc: not mounted: mount -t proc proc /proc");
}

void ovl_run_check(struct ovl_run *run)
{
	check_proc();
	/* our own view of the layers would be the outer run's, not the real one */
	ovl_nested_leave(run);
	if (ovl_nested_join(run))
		check_pass(run);
	else
		ovl_run_check_layers(run);
	check_parts(run);
	check_trace(run);
	check_guard(run);
	run->no_core = ovl_corefile_written();
	ovl_run_check_upper(run);
}
