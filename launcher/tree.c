/* SPDX-License-Identifier: MIT */
#include "tree.h"

#include <errno.h>
#include <fts.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A directory that its owner cannot list: open it until it is left again. */
static bool is_closed(const FTSENT *e)
{
	return geteuid() && e->fts_statp->st_uid == geteuid() &&
	       (e->fts_statp->st_mode & S_IRWXU) != S_IRWXU;
}

static int enter(FTSENT *e)
{
	e->fts_number = is_closed(e);
	if (e->fts_number && chmod(e->fts_accpath, (e->fts_statp->st_mode & 07777) | S_IRWXU))
		return -errno;
	return 0;
}

static void leave(const FTSENT *e)
{
	if (e->fts_number)
		(void)chmod(e->fts_accpath, e->fts_statp->st_mode & 07777); /* ours: it can */
}

static FTS *tree_open(const char *root)
{
	char *const roots[] = {(char *)root, NULL};

	return fts_open(roots, FTS_PHYSICAL, NULL);
}

static int visit_one(FTSENT *e, size_t skip, ovl_tree_visit *visit, void *arg)
{
	struct ovl_tree_entry entry = {
		.path = e->fts_path + skip,
		.name = e->fts_name,
		.access = e->fts_accpath,
		.st = e->fts_statp,
	};
	int err;

	switch (e->fts_info) {
	case FTS_DP:
		leave(e);
		return 0;
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		return -e->fts_errno;
	case FTS_D:
		err = enter(e);
		return err ? err : visit(arg, &entry);
	default:
		return visit(arg, &entry);
	}
}

int ovl_tree_walk(const char *root, ovl_tree_visit *visit, void *arg)
{
	FTS *fts = tree_open(root);
	FTSENT *e;
	int err = 0;

	if (!fts)
		return -errno;
	errno = 0;
	while (!err && (e = fts_read(fts))) {
		err = visit_one(e, strlen(root), visit, arg);
		errno = 0;
	}
	if (!err)
		err = -errno;
	fts_close(fts);
	return err;
}

static int remove_one(FTSENT *e)
{
	switch (e->fts_info) {
	case FTS_D:
		if (e->fts_level)
			(void)enter(e); /* the rmdir below tells what could not be */
		return 0;
	case FTS_DP:
		return e->fts_level && rmdir(e->fts_accpath) ? -errno : 0;
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		return -e->fts_errno;
	default:
		return unlink(e->fts_accpath) ? -errno : 0;
	}
}

int ovl_tree_empty(const char *root)
{
	FTS *fts = tree_open(root);
	FTSENT *e;
	int first = 0;

	if (!fts)
		return -errno;
	while ((e = fts_read(fts))) {
		int err = remove_one(e);

		if (!first)
			first = err;
	}
	fts_close(fts);
	return first;
}
