/* SPDX-License-Identifier: MIT */
#include "nested.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "guard.h"
#include "ovl_guard.h"
#include "ovl_session.h"
#include "say.h"
#include "tree.h"
#include "upmark.h"

/* From the first step to the second: the outer session, and upper's name in the outer view. */
#define ENV_OUTER "OVL_OUTER"
#define ENV_SHOWN "OVL_OUTER_UPPER"

#define ARGS_MAX (OVL_PASS_MAX * 2 + 16)

#define refuse(...) ovl_trouble(__VA_ARGS__)

/* The outer session, mapped; with the key, because no process inside sees the file. */
static const struct ovl_session *open_outer(const char *path)
{
	int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0, OVL_GUARD_PAST,
			      OVL_GUARD_KEY);
	const struct ovl_session *ss = MAP_FAILED;
	struct stat st;

	if (fd >= 0 && !fstat(fd, &st) && (size_t)st.st_size >= sizeof(*ss))
		ss = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	if (ss == MAP_FAILED || !ovl_session_is_ours(ss, (uint64_t)st.st_size))
		refuse("%s: the session of the run around cannot be read: is it of another ovlrun?",
		       path);
	return ss;
}

/* The real path of what is open as @fd: past the engine, which would tell the view's. */
static char *real_of(int fd)
{
	char *link = ovl_text("/proc/self/fd/%d", fd);
	char text[PATH_MAX];
	long n = syscall(SYS_readlinkat, AT_FDCWD, link, text, sizeof(text), OVL_GUARD_PAST,
			 OVL_GUARD_KEY);

	free(link);
	if (n < 0 || n == sizeof(text))
		refuse("/proc: %s: needed to start a run in a run", strerror(errno));
	return ovl_must(strndup(text, (size_t)n));
}

static bool in_layer(const struct ovl_session *ss, const char *path, unsigned first, unsigned last)
{
	for (unsigned i = first; i <= last; i++) {
		if (ss->layer[i].path.len &&
		    ovl_path_within(path, ovl_session_str(ss, ss->layer[i].path)))
			return true;
	}
	return false;
}

/*
 * The outer run learns names by being asked for each. What the inner run makes in directory
 * @path it is not asked for: so the directory is put in its place whole, by a rename.
 */
static void put_whole(const char *path)
{
	char *aside = ovl_text("%s.ovlrun", path);

	if (rename(path, aside) || rename(aside, path))
		refuse("%s: %s: choose an upper that does not exist yet", path, strerror(errno));
	free(aside);
}

/* Make directory @path of the view, if it is missing. Its real path. */
static char *make_inside(const struct ovl_session *ss, const char *path, const char *option)
{
	char *real;
	int fd;

	if (mkdir(path, 0777) && errno != EEXIST)
		refuse("%s: %s: give another directory with %s", path, strerror(errno), option);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		refuse("%s: %s: give another directory with %s", path, strerror(errno), option);
	real = real_of(fd);
	close(fd);
	if (in_layer(ss, real, 0, 0))
		put_whole(path);
	else if (in_layer(ss, real, 1, ss->nlower))
		refuse("%s: lies in a lower layer of the run around: choose one that does not "
		       "exist "
		       "yet, with %s",
		       path, option);
	return real;
}

/* The same for the trace: a file. */
static void make_trace(const struct ovl_session *ss)
{
	const char *given = getenv("OVL_TRACE");
	char *real;
	int fd;

	if (!given || !*given ||
	    (ss->trace_path.len && !strcmp(given, ovl_session_str(ss, ss->trace_path))))
		return;
	fd = open(given, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY | O_CLOEXEC, 0666);
	if (fd < 0)
		refuse("%s: %s: set OVL_TRACE to another file", given, strerror(errno));
	real = real_of(fd);
	close(fd);
	setenv("OVL_TRACE", real, 1);
	free(real);
}

/* The lower layer can only be what the run around shows. */
static void check_lowers(struct ovl_run *run, const struct ovl_session *ss)
{
	const char *root = ovl_session_str(ss, ss->root);
	char *at;

	if (ovl_layerlist_settle(&run->lower) >= 0 || run->lower.n != 1 ||
	    strcmp(run->lower.path[0], root))
		refuse("%s: inside a run the lower layer has to be that run's view: -l %s",
		       run->lower.path[0], root);
	at = run->root ? ovl_path_settle(run->root) : NULL;
	if (run->root && (!at || strcmp(at, root)))
		refuse("%s: inside a run the view appears where that run's does: leave out -m",
		       run->root);
	if (run->read_only)
		refuse("-r: not inside a run: give an upper");
	free(at);
}

/* Absolute in the view, where nothing has to exist. */
static char *absolute(const char *path, const char *option)
{
	char *real = ovl_path_settle(path);

	if (!real)
		refuse("%s: %s: give another with %s", path, strerror(errno), option);
	return real;
}

/* Nothing given: a fresh directory holds upper and work. */
static void choose_upper(struct ovl_run *run)
{
	const char *tmp = getenv("TMPDIR");

	if (!run->upper) {
		char *dir = ovl_text("%s/ovlrun.XXXXXX", tmp && *tmp ? tmp : "/tmp");

		if (!mkdtemp(dir))
			refuse("%s: %s: set TMPDIR, or give -u", dir, strerror(errno));
		run->upper = ovl_text("%s/upper", dir);
		run->work = ovl_text("%s/work", dir);
		run->own_upper = true;
	}
	run->upper = absolute(run->upper, "-u");
	if (!run->work) {
		char *name = strrchr(run->upper, '/');

		run->work =
			ovl_text("%.*s/.%s.work", (int)(name - run->upper), run->upper, name + 1);
	}
	run->work = absolute(run->work, "-w");
}

/* LD_PRELOAD without the outer run's objects. */
static void strip_preload(const struct ovl_session *ss)
{
	const char *preload = ovl_session_str(ss, ss->preload);
	const char *names = ovl_session_str(ss, ss->names);
	char *all = ovl_must(strdup(getenv("LD_PRELOAD") ? getenv("LD_PRELOAD") : ""));
	char *left = ovl_must(strdup(""));

	for (char *p = strtok(all, ": "); p; p = strtok(NULL, ": ")) {
		char *more = ovl_text("%s%s%s", left, *left ? ":" : "", p);

		if (strcmp(p, preload) && strcmp(p, names)) {
			free(left);
			left = more;
		} else {
			free(more);
		}
	}
	if (*left)
		setenv("LD_PRELOAD", left, 1);
	else
		unsetenv("LD_PRELOAD");
	free(all);
	free(left);
}

static char *self(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	char *real;

	if (fd < 0)
		refuse("/proc/self/exe: %s", strerror(errno));
	real = real_of(fd);
	close(fd);
	return real;
}

/* Execute ourselves, outside. */
__attribute__((noreturn)) static void start_over(const struct ovl_run *run, char *upper, char *work)
{
	char *args[ARGS_MAX];
	char **argv;
	char *file = self();
	char cwd[PATH_MAX];
	int n = 0;
	int command = 0;

	if ((run->chdir && chdir(run->chdir)) || !getcwd(cwd, sizeof(cwd)))
		refuse("%s: %s: choose another directory with -C", run->chdir ? run->chdir : ".",
		       strerror(errno));
	args[n++] = "ovlrun";
	if (run->quiet)
		args[n++] = "-q";
	if (run->report)
		args[n++] = "-R";
	if (run->no_guard)
		args[n++] = "--no-guard";
	args[n++] = "-C";
	args[n++] = cwd;
	args[n++] = "-u";
	args[n++] = upper;
	args[n++] = "-w";
	args[n++] = work;
	for (int i = 0; i < run->npass; i++) {
		args[n++] = "-p";
		args[n++] = absolute(run->pass[i], "-p");
	}
	args[n++] = "--";
	while (run->argv[command])
		command++;
	argv = ovl_must(calloc((size_t)(n + command + 1), sizeof(*argv)));
	memcpy(argv, args, (size_t)n * sizeof(*argv));
	memcpy(argv + n, run->argv, (size_t)command * sizeof(*argv));
	ovl_guard_exec(file, argv, environ);
	refuse("%s: %s: cannot be executed", file, strerror(errno));
}

void ovl_nested_leave(struct ovl_run *run)
{
	const char *path = getenv(OVL_ENV_SESSION);
	const struct ovl_session *ss;
	char *upper;
	char *work;

	if (!path || getenv(ENV_OUTER))
		return;
	ss = open_outer(path);
	check_lowers(run, ss);
	choose_upper(run);
	make_trace(ss);
	upper = make_inside(ss, run->upper, "-u");
	work = make_inside(ss, run->work, "-w");
	setenv(ENV_OUTER, path, 1);
	setenv(ENV_SHOWN, ovl_text("%s%s", run->own_upper ? "!" : "", run->upper), 1);
	unsetenv(OVL_ENV_SESSION);
	strip_preload(ss);
	start_over(run, upper, work);
}

/* What an upper may say, but no lower layer: as one it would be misread. */
static int check_mark(void *arg, const struct ovl_tree_entry *e)
{
	const char *path = *e->path ? e->path : "/";
	char list[4096];
	ssize_t n = llistxattr(e->access, list, sizeof(list));

	(void)arg;
	if (n < 0)
		return errno == ENOTSUP ? 0 : -errno;
	for (const char *name = list; name < list + n; name += strlen(name) + 1) {
		const char *last = strrchr(name, '.');

		if (!strcmp(name, "user.ovl.origin") || !strcmp(last, ".opaque"))
			continue;
		if (!strcmp(last, ".redirect"))
			refuse("%s: a directory of a lower layer, renamed in the run around: a run "
			       "in "
			       "it is not supported then",
			       path);
		if (ovl_upmark_private(name) || !strncmp(name, "user.ovl.", 9) ||
		    !strcmp(name, "user.containers.override_stat"))
			refuse("%s: %s: what the run around has recorded of it is not supported in "
			       "a "
			       "run in it",
			       path, name);
	}
	return 0;
}

static void check_outer(const struct ovl_session *ss)
{
	int err;

	if (ss->flags & OVL_S_NO_XATTR)
		refuse("%s: the upper of the run around has no xattrs: no run in it is supported",
		       ovl_session_str(ss, ss->layer[0].path));
	for (unsigned i = 0; i < OVL_FILTER_WORDS; i++) {
		if (ss->linked.word[i])
			refuse("files of several names have changed in the run around: a run in it "
			       "is "
			       "not supported then");
	}
	if (ss->nlower + 1 > OVL_LOWER_MAX)
		refuse("more than %d layers with those of the run around", OVL_LOWER_MAX);
	if (ss->layer[0].path.len) {
		err = ovl_tree_walk(ovl_session_str(ss, ss->layer[0].path), check_mark, NULL);
		if (err)
			refuse("%s: %s", ovl_session_str(ss, ss->layer[0].path), strerror(-err));
	}
}

static void hide(struct ovl_run *run, const char *path)
{
	if (run->nhide == OVL_HIDE_MAX - 2)
		refuse("%s: too many runs in one another", path);
	run->hide[run->nhide++] = ovl_must(strdup(path));
}

/* @real, ours, exists for the outer run; where it shows it does not exist inside. */
static void hide_shown(struct ovl_run *run, const struct ovl_session *ss, const char *real)
{
	const char *upper = ovl_session_str(ss, ss->layer[0].path);
	const char *root = ovl_session_str(ss, ss->root);
	char *shown;

	if (!ss->layer[0].path.len || !ovl_path_within(real, upper))
		return;
	shown = ovl_text("%s%s", root[1] ? root : "", real + strlen(upper));
	hide(run, shown);
	free(shown);
}

bool ovl_nested_join(struct ovl_run *run)
{
	const char *path = getenv(ENV_OUTER);
	const char *shown = getenv(ENV_SHOWN);
	const struct ovl_session *ss;

	if (!path || !shown || !run->upper || !run->work)
		return false;
	ss = open_outer(path);
	if (ss->flags & OVL_S_GUARD) {
		ovl_guard_pass();
		run->guarded = true;
	}
	run->nested = true;
	run->own_upper = *shown == '!';
	run->shown = ovl_must(strdup(shown + run->own_upper));
	unsetenv(ENV_OUTER);
	unsetenv(ENV_SHOWN);
	check_outer(ss);
	run->lower.n = 0;
	for (unsigned i = ss->layer[0].path.len ? 0 : 1; i <= ss->nlower; i++)
		run->lower.path[run->lower.n++] =
			ovl_must(strdup(ovl_session_str(ss, ss->layer[i].path)));
	run->root = ovl_must(strdup(ovl_session_str(ss, ss->root)));
	for (unsigned i = 0; i < ss->npass && run->npass < OVL_PASS_MAX - 3; i++)
		run->pass[run->npass++] = ovl_must(strdup(ovl_session_str(ss, ss->pass[i])));
	for (unsigned i = 0; i < ss->nhide; i++)
		hide(run, ovl_session_str(ss, ss->hide[i]));
	hide_shown(run, ss, run->upper);
	hide_shown(run, ss, run->work);
	return true;
}
