/* SPDX-License-Identifier: MIT */
#include "fastlower.h"

#include "dirent.h"
#include "fastupper.h"
#include "known.h"
#include "readdir.h"
#include "stat_x86_64.h"
#include "view.h"

static enum ovl_verdict done(struct ovl_call *c, long ret)
{
	c->ret = ret;
	return OVL_DONE;
}

static uint64_t passed; /* a bit for each hash of a path where another tree begins; 0: not known */

static uint64_t bit_of(uint64_t hash)
{
	return 1ULL << (hash >> 58);
}

static uint64_t hash_of(struct ovl_str path)
{
	return ovl_hash_path(ovl_session_str(ovl_ss, path), path.len);
}

/* Found out once: there are few of them, and they stay. */
static __attribute__((noinline)) uint64_t find_passed(void)
{
	uint64_t bits = 0;

	for (uint32_t i = 0; i < ovl_ss->npass; i++)
		bits |= bit_of(hash_of(ovl_ss->pass[i]));
	__atomic_store_n(&passed, bits, __ATOMIC_RELAXED);
	return bits;
}

/* Does another tree begin at the path hashed @hash? */
static bool is_passed(uint64_t hash)
{
	uint64_t bits = __atomic_load_n(&passed, __ATOMIC_RELAXED);

	if (!ovl_ss->npass || !((bits ? bits : find_passed()) & bit_of(hash)))
		return false;
	for (uint32_t i = 0; i < ovl_ss->npass; i++) {
		if (hash_of(ovl_ss->pass[i]) == hash)
			return true;
	}
	return false;
}

/* Is the table's @value that of a directory of the lowers? */
static bool is_dir(uint64_t value)
{
	return (value & OVL_DIRS_LOWER) && (value & OVL_DIRS_MASK);
}

/*
 * The lower that decides what @t, of which the table says @value, is: the first of those that have
 * it as a directory, or the one that alone has the directory it is in. OVL_NONE: it is not that
 * simple, or where another tree begins.
 */
static int lower_of(const struct ovl_told *t, uint64_t value)
{
	uint64_t mask;

	if (is_dir(value))
		return ovl_lower_first(value & OVL_DIRS_MASK);
	value = t->value;
	if ((!value && !ovl_dirs_find(t->dir, &value)) || (value & OVL_DIRS_OUTSIDE))
		return OVL_NONE;
	mask = value & OVL_DIRS_MASK;
	return mask && !(mask & (mask - 1)) && !is_passed(t->hash) ? ovl_lower_first(mask)
								   : OVL_NONE;
}

/* @t, open as @fd, is a directory of @layer; if it was not known, of no other. */
static void learn_dir(const struct ovl_told *t, int fd, int layer)
{
	uint64_t value;

	if (!ovl_dirs_find(t->hash, &value))
		ovl_dirs_add(t->hash, OVL_DIRS_LOWER | 1ULL << layer);
	ovl_known_learn(fd, t->hash, layer, ovl_known_version(fd), t->moves);
}

/* All that can be told of @t without a closer look: whether it is missing. */
static enum ovl_verdict missing_or_slow(struct ovl_call *c, const struct ovl_told *t)
{
	char byte;

	if (ovl_sys(__NR_readlinkat, t->dirfd, t->path, &byte, 1) == -ENOENT)
		return done(c, -ENOENT);
	return OVL_SLOW;
}

/* Open @t as it was asked for, but never what a symlink leads to. */
static long open_itself(const struct ovl_told *t)
{
	struct open_how how = {.flags = (uint64_t)t->arg[0], .resolve = RESOLVE_NO_SYMLINKS};

	return ovl_sys(__NR_openat2, t->dirfd, t->path, &how, sizeof(how));
}

/* Open @t, which is a directory, or O_DIRECTORY is set. */
static enum ovl_verdict open_dir(struct ovl_call *c, const struct ovl_told *t, int layer)
{
	long fd = open_itself(t);

	if (fd < 0 && fd != -ENOENT)
		return OVL_SLOW; /* anything else, a whiteout among it */
	if (fd >= 0)
		learn_dir(t, (int)fd, layer);
	return done(c, fd);
}

/*
 * Look at @t, which is of the lower @layer: its type as in st_mode, -ENOENT, or 0 for what is left
 * to the slow path. A regular file of one name is remembered: that is what it stays.
 */
static long look(struct ovl_told *t, int layer)
{
	const struct ovl_kstat *st;
	long r;

	if (!t->room)
		t->room = ovl_room_take_left();
	if (!t->room)
		return 0;
	st = (const struct ovl_kstat *)(const void *)&t->room->st;
	r = ovl_sys(__NR_newfstatat, t->dirfd, t->path, st, AT_SYMLINK_NOFOLLOW);
	if (r)
		return r == -ENOENT ? r : 0;
	/* An object of several names may have been copied up by one of the others. */
	if ((st->mode & S_IFMT) == S_IFREG) {
		if (st->nlink > 1)
			return 0;
		ovl_dirs_add(t->hash, OVL_DIRS_FILE | (unsigned)layer);
	}
	return st->mode & S_IFMT;
}

/* A regular file. @own: its path is the program's own. */
static enum ovl_verdict open_file(struct ovl_call *c, const struct ovl_told *t, bool own)
{
	long r;

	if (own && !(t->arg[0] & O_NONBLOCK))
		return OVL_PASS;
	r = ovl_sys(__NR_openat, t->dirfd, t->path, t->arg[0]);
	/* Who would wait for a copy-up's lease (held.h) is refused. */
	return r == -EAGAIN ? OVL_SLOW : done(c, r);
}

/* Is @t's directory one in which no name is of more than a file, directory or symlink? */
static bool is_in_tame(const struct ovl_told *t)
{
	uint64_t value;

	return !__atomic_load_n(&ovl_ss->links, __ATOMIC_ACQUIRE) &&
	       ovl_dirs_find(t->dir, &value) && !(value & OVL_DIRS_OUTSIDE) &&
	       (value & OVL_DIRS_TAME);
}

/* In such a one: a symlink is all that stands in the way. */
static enum ovl_verdict open_tame(struct ovl_call *c, const struct ovl_told *t)
{
	long fd = open_itself(t);

	return fd < 0 && fd != -ENOENT && fd != -EACCES && fd != -EINTR ? OVL_SLOW : done(c, fd);
}

enum ovl_verdict ovl_fastlow_open(struct ovl_call *c, struct ovl_told *t)
{
	bool own = !t->room;
	uint64_t value = ovl_told_value(t);
	int layer;
	long type;

	if (value & OVL_DIRS_FILE)
		return open_file(c, t, own);
	layer = lower_of(t, value);
	if (layer == OVL_NONE)
		return missing_or_slow(c, t);
	if (is_dir(value) || (t->arg[0] & O_DIRECTORY))
		return open_dir(c, t, layer);
	if (is_in_tame(t))
		return open_tame(c, t);
	type = look(t, layer);
	switch (type) {
	case -ENOENT:
		return done(c, type);
	case S_IFDIR:
		return open_dir(c, t, layer);
	case S_IFREG:
		return open_file(c, t, own);
	default:
		return OVL_SLOW;
	}
}

enum ovl_verdict ovl_fastlow_access(struct ovl_call *c, struct ovl_told *t)
{
	bool own = !t->room;
	uint64_t value = ovl_told_value(t);
	int layer;
	long type;

	if (!(value & OVL_DIRS_FILE) && !is_dir(value)) {
		layer = lower_of(t, value);
		if (layer == OVL_NONE)
			return missing_or_slow(c, t);
		type = look(t, layer);
		if (type != S_IFREG && type != S_IFDIR)
			return type == -ENOENT ? done(c, type) : OVL_SLOW;
	}
	/* Whether the view may be written is not the lower's to say. */
	if (t->arg[0] & 2)
		return OVL_SLOW;
	return own ? OVL_PASS : done(c, ovl_sys(__NR_faccessat, t->dirfd, t->path, t->arg[0]));
}

/* Are the @n bytes of records at @buf all of regular files, directories and symlinks? */
static bool is_tame(const char *buf, long n)
{
	const unsigned plain = 1u << OVL_DT_REG | 1u << OVL_DT_DIR | 1u << OVL_DT_LNK;
	const struct ovl_dirent *d;

	for (long i = 0; i < n; i += d->reclen) {
		d = (const struct ovl_dirent *)(const void *)(buf + i);
		if (!(plain >> d->type & 1))
			return false;
	}
	return true;
}

/* Position behind the last of those records. */
static uint64_t position_behind(const char *buf, long n)
{
	const struct ovl_dirent *d = NULL;

	for (long i = 0; i < n; i += d->reclen)
		d = (const struct ovl_dirent *)(const void *)(buf + i);
	return d ? (uint64_t)d->off : 0;
}

/*
 * List the directory hashed @hash, of which it is not known yet whether it is tame. It is if all
 * that was read from its beginning to its end, in one go, is.
 */
static long list_and_look(const struct ovl_call *c, uint64_t hash, uint64_t value)
{
	int fd = (int)c->arg[0];
	const char *buf = (const char *)c->arg[1];
	uint64_t at = (uint64_t)ovl_sys(__NR_lseek, fd, 0, 1); /* SEEK_CUR */
	long n = ovl_sys(__NR_getdents64, fd, buf, c->arg[2]);
	bool so_far = !at || ovl_known_tame(fd, at);

	if (n > 0)
		ovl_known_set_tame(fd, so_far && is_tame(buf, n) ? position_behind(buf, n) : 0);
	else if (!n && at && so_far)
		ovl_dirs_add(hash, value | OVL_DIRS_TAME);
	return n;
}

/* Is the directory described by the table's @value of @layer alone, and shown as it is? */
static bool is_only(uint64_t value, int layer)
{
	return !(value & OVL_DIRS_OUTSIDE) && (value & OVL_DIRS_MASK) == 1ULL << layer &&
	       !(ovl_ss->dot_wh >> layer & 1);
}

enum ovl_verdict ovl_fastlow_list(struct ovl_call *c)
{
	int fd = (int)c->arg[0];
	uint64_t hash;
	uint64_t value;
	int layer;

	if (!ovl_known_find(fd, &hash, &layer))
		return OVL_SLOW;
	if (layer == OVL_UPPER)
		return ovl_fastup_list(c, hash);
	if (ovl_known_listing(fd) != ovl_dir_tag(hash) && ovl_dir_go_on(c, hash))
		return OVL_DONE;
	if (ovl_filter_maybe(&ovl_ss->present, hash) || !ovl_dirs_find(hash, &value))
		return OVL_SLOW;
	if (layer == OVL_NONE ? !ovl_tell_plain_dir(hash, value) : !is_only(value, layer))
		return OVL_SLOW;
	ovl_known_set_listing(fd, ovl_dir_tag(hash));
	if (layer == OVL_NONE || (value & OVL_DIRS_TAME) || (unsigned long)c->arg[1] < 4096)
		return OVL_PASS;
	return done(c, list_and_look(c, hash, value));
}

enum ovl_verdict ovl_fastlow_dup(struct ovl_call *c)
{
	uint32_t moves = ovl_dcache_moves();
	uint64_t hash;
	int layer;

	if (!ovl_known_find((int)c->arg[0], &hash, &layer))
		return OVL_PASS;
	c->ret = ovl_sys(c->nr, c->arg[0], c->arg[1], c->arg[2]);
	if (c->ret >= 0)
		ovl_known_learn((int)c->ret, hash, layer, ovl_known_version((int)c->ret), moves);
	return OVL_DONE;
}
