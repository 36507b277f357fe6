/* SPDX-License-Identifier: MIT */
/*
 * sessionfile.h - where the session file is
 *
 * In work, as session.HEX, a name that cannot be guessed. But there are file systems that write a
 * changed page to another place (btrfs, bcachefs, ZFS, NILFS2): blocks that were reserved for it do
 * not help on a full one, or over quota, and all processes of the run would be ended by SIGBUS.
 * There it is in memory, as /dev/shm/ovlrun.HEX/session, and session.HEX is a symlink to it.
 * Context: launcher.
 */
#ifndef OVL_SESSIONFILE_H
#define OVL_SESSIONFILE_H

#include "run.h"

/* So much longer than without one may run->session be than its name in work. */
#define OVL_SESSIONFILE_PATH 64

/* run->session becomes the name in work of run->cookie's. */
void ovl_sessionfile_name(struct ovl_run *run);

/*
 * Make it, with room for @size bytes, for who may enter work. Returns a descriptor, and
 * run->session is its path; or -errno, and nothing is left.
 */
int ovl_sessionfile_make(struct ovl_run *run, uint64_t size);

/* Open the one that has the name @path in work. A descriptor, or -1. */
int ovl_sessionfile_open(const char *path);

/* Remove @run's, if it has one. */
void ovl_sessionfile_end(const struct ovl_run *run);

/* Remove the one that has the name @path in work, wherever it is. What stays is found by the next
 * run on this work directory. */
void ovl_sessionfile_remove(const char *path);

#endif
