/* SPDX-License-Identifier: MIT */
/*
 * workdir.c - upper and work on disk: in use, made, swept, removed
 *
 * work/lock          says that the directory is ours; held for ovlrun's life
 * work/session.HEX   the session file; its name cannot be guessed
 * work/oplock        what processes of the run lock among themselves
 * work/tmp/          the engine's temporaries
 * work/index/        links of lower inodes that were copied up; kept: linkindex.h
 *
 * Processes that root starts may change to another user and still are in the run: then work
 * can be entered (0711) but not listed, the session is open to who knows its name (0666), tmp
 * is open with the sticky bit. Otherwise all of it is the user's alone.
 */
#include "run.h"

#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attrs.h"
#include "holds.h"
#include "linkindex.h"
#include "say.h"
#include "sessionfile.h"
#include "tree.h"
#include "upmark.h"

#define LOCK_TEXT "ovlrun: work directory\n"

#define refuse(...) ovl_trouble(__VA_ARGS__)

__attribute__((noreturn)) static void refuse_in_use(const struct ovl_run *run, const char *path)
{
	refuse("%s: in use by a live run: wait for its end or choose another with %s", path,
	       path == run->upper ? "-u" : "-w");
}

/* False: somebody else holds it. A file system without locks has no such somebody. */
static bool try_lock(int fd)
{
	return !flock(fd, LOCK_EX | LOCK_NB) || errno != EWOULDBLOCK;
}

static void lock_upper(struct ovl_run *run)
{
	run->upper_lock = open(run->upper, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (run->upper_lock < 0)
		refuse("%s: %s: choose another upper with -u", run->upper, strerror(errno));
	if (!try_lock(run->upper_lock))
		refuse_in_use(run, run->upper);
}

/* Does the file open as @fd say that it is one of ours? */
static bool is_our_lock(int fd)
{
	char text[sizeof(LOCK_TEXT)];

	return pread(fd, text, sizeof(text), 0) == sizeof(LOCK_TEXT) - 1 &&
	       !memcmp(text, LOCK_TEXT, sizeof(LOCK_TEXT) - 1);
}

/* Does @dir hold at most @most names? */
static bool holds_at_most(const char *dir, int most)
{
	DIR *d = opendir(dir);
	int n = -2; /* "." and ".." */

	if (!d)
		return false;
	while (n <= most && readdir(d))
		n++;
	closedir(d);
	return n <= most;
}

/* The work directory's own lock file, if it has one. A directory of somebody else is refused. */
static int open_lock(const struct ovl_run *run)
{
	char *path = ovl_text("%s/lock", run->work);
	int fd = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	free(path);
	if (fd >= 0 && is_our_lock(fd))
		return fd;
	if (fd >= 0)
		close(fd);
	if (!access(run->work, F_OK) && !holds_at_most(run->work, 0))
		refuse("%s: not empty and no work directory: give an empty or new one with -w",
		       run->work);
	return -1;
}

/*
 * Does a process still have session file @path mapped? A write lease is granted only
 * when nobody else has the file open, and a shared mapping counts as open.
 * (fcntl(2), F_SETLEASE)
 */
static bool session_lives(const char *path)
{
	int fd = ovl_sessionfile_open(path);
	bool lives;

	if (fd < 0)
		return false;
	lives = fcntl(fd, F_SETLEASE, F_WRLCK) && errno == EAGAIN;
	close(fd);
	return lives;
}

/* Call @what for each session file in work; stops at the first that answers true. */
static bool any_session(const struct ovl_run *run, bool (*what)(const char *path))
{
	DIR *d = opendir(run->work);
	struct dirent *e;
	bool found = false;

	while (d && !found && (e = readdir(d))) {
		char *path;

		if (strncmp(e->d_name, "session.", 8))
			continue;
		path = ovl_text("%s/%s", run->work, e->d_name);
		found = what(path);
		free(path);
	}
	if (d)
		closedir(d);
	return found;
}

void ovl_workdir_check(struct ovl_run *run)
{
	if (!access(run->upper, F_OK))
		lock_upper(run);
	if (access(run->work, F_OK))
		return;
	run->work_lock = open_lock(run);
	if (run->work_lock >= 0 && !try_lock(run->work_lock))
		refuse_in_use(run, run->work);
	if (any_session(run, session_lives))
		refuse("%s: in use by processes that an earlier run left: end them first",
		       run->upper);
}

static bool remove_file(const char *path)
{
	ovl_sessionfile_remove(path); /* what stays is named at the end, by the directory */
	return false;
}

/* A directory with @mode whatever the umask is. Existing ones stay as they are. */
static bool make_dir(const char *path, mode_t mode)
{
	if (mkdir(path, 0700))
		return errno == EEXIST;
	return !chmod(path, mode);
}

/* Made by us, upper's root shows what the view root showed before: the top lower's. */
static void make_upper(struct ovl_run *run)
{
	const char *top = run->lower.path[0];
	bool refused;
	struct stat st;
	int err = 0;

	if (!access(run->upper, F_OK))
		return;
	if (stat(top, &st) || mkdir(run->upper, 0700))
		refuse("%s: %s: choose another upper with -u", run->upper, strerror(errno));
	err = ovl_attrs_copy(top, &st, run->upper, &refused);
	if (err) {
		(void)rmdir(run->upper); /* it is empty and ours */
		refuse("%s: %s: choose another upper with -u", run->upper, strerror(-err));
	}
}

static void make_temp(struct ovl_run *run)
{
	if (!mkdtemp(run->temp))
		refuse("%s: %s: set TMPDIR, or give -u", run->temp, strerror(errno));
	(void)chmod(run->temp, geteuid() ? 0700 : 0711); /* made a line above: it can */
	if (run->read_only) {
		run->work = ovl_text("%s/work", run->temp);
		return;
	}
	run->upper = ovl_text("%s/upper", run->temp);
	run->work = ovl_text("%s/.upper.work", run->temp);
}

/* Take work/lock; when a run that just ended has removed it meanwhile, make it again. */
static void lock_work(struct ovl_run *run)
{
	char *path = ovl_text("%s/lock", run->work);
	struct stat st;

	while (run->work_lock < 0 || fstat(run->work_lock, &st) || !st.st_nlink) {
		if (run->work_lock >= 0)
			close(run->work_lock);
		if (!make_dir(run->work, geteuid() ? 0700 : 0711))
			refuse("%s: %s: give another with -w", run->work, strerror(errno));
		run->work_lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (run->work_lock < 0 && errno != ENOENT)
			refuse("%s: %s: give another work with -w", path, strerror(errno));
		if (run->work_lock >= 0 && !try_lock(run->work_lock))
			refuse_in_use(run, run->work);
	}
	free(path);
	if (pwrite(run->work_lock, LOCK_TEXT, strlen(LOCK_TEXT), 0) < 0)
		refuse("%s: %s: make room, or give another with -w", run->work, strerror(errno));
}

/*
 * Can upper hold device nodes and xattrs of ours? Tried where nobody sees it. False: not even
 * symlinks, hard links and modes, without which we cannot do.
 */
static bool probe(struct ovl_run *run, const char *tmp)
{
	const char *wanted = getenv("OVL_MARKS");
	bool links = !ovl_holds_links(tmp);
	bool marks = !ovl_holds_dot_wh(tmp);

	run->no_nodes = ovl_holds_whiteout(tmp) != 0;
	run->no_xattr = ovl_holds_xattr(tmp) != 0;
	/* for tests: what other file systems cannot do */
	run->no_xattr |= wanted && !strcmp(wanted, "records");
	run->dot_wh = run->no_nodes || run->no_xattr || (wanted && !strcmp(wanted, "dotwh"));
	return links && (marks || !run->dot_wh);
}

/* Upper says how its marks are stored: to the next run, and where it is a lower layer. */
static void settle_marks(struct ovl_run *run)
{
	int err = 0;

	if (ovl_upmark_dot_wh(AT_FDCWD, run->upper))
		run->dot_wh = true;
	else if (run->dot_wh)
		err = ovl_upmark_set_dot_wh(run->upper);
	if (err)
		refuse("%s: %s: choose another upper with -u", run->upper, strerror(-err));
}

/* Made here, because processes of another user cannot make it. */
static void make_oplock(struct ovl_run *run)
{
	char *path = ovl_text("%s/oplock", run->work);
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0 || fchmod(fd, geteuid() ? 0600 : 0666))
		refuse("%s: %s: give another work with -w", path, strerror(errno));
	close(fd);
	free(path);
}

/* A file system that cannot hold what a run has to keep: better told now than file by file. */
__attribute__((noreturn)) static void refuse_poor(struct ovl_run *run)
{
	ovl_workdir_undo(run);
	refuse("%s: its file system holds no symlinks, hard links or modes: "
	       "choose an upper on another one with -u",
	       run->upper);
}

static bool make_tmp(struct ovl_run *run)
{
	bool good = true;
	char *tmp = ovl_text("%s/tmp", run->work);

	if (!make_dir(tmp, geteuid() ? 0700 : 01777))
		refuse("%s: %s: give another work with -w", tmp, strerror(errno));
	(void)ovl_tree_empty(tmp); /* what cannot be swept harms nobody */
	if (!run->read_only)
		good = probe(run, tmp);
	free(tmp);
	return good;
}

void ovl_workdir_make(struct ovl_run *run)
{
	if (run->temp)
		make_temp(run);
	if (!run->read_only) {
		run->made_upper = access(run->upper, F_OK) != 0;
		make_upper(run);
		if (run->upper_lock < 0)
			lock_upper(run);
	}
	lock_work(run);
	(void)any_session(run, remove_file);
	make_oplock(run);
	if (!make_tmp(run))
		refuse_poor(run);
	if (!run->read_only)
		settle_marks(run);
}

/* Remove what is ours in work, and work when nothing else is in it: lock last, it is the sign. */
static void remove_work(const struct ovl_run *run)
{
	char *tmp = ovl_text("%s/tmp", run->work);
	char *oplock = ovl_text("%s/oplock", run->work);
	char *lock = ovl_text("%s/lock", run->work);

	ovl_linkindex_end(run);
	(void)unlink(oplock); /* as much as goes: what stays keeps the directory, which tells */
	(void)ovl_tree_empty(tmp);
	if (!rmdir(tmp) && holds_at_most(run->work, 1)) {
		(void)unlink(lock);
		(void)rmdir(run->work);
	}
	free(tmp);
	free(oplock);
	free(lock);
}

void ovl_workdir_end(struct ovl_run *run, bool live)
{
	if (live)
		return;
	ovl_sessionfile_end(run);
	remove_work(run);
	if (run->read_only)
		(void)rmdir(run->temp);
}

void ovl_workdir_undo(struct ovl_run *run)
{
	ovl_workdir_end(run, false);
	if (run->made_upper)
		(void)rmdir(run->upper); /* empty: made a moment ago */
	if (run->temp)
		(void)rmdir(run->temp); /* likewise */
}
