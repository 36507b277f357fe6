/* SPDX-License-Identifier: MIT */
#include "fastmove.h"

#include "lane.h"
#include "sigs.h"
#include "tell.h"
#include "view.h"

/* One of the two names. */
struct side {
	int fd;		  /* its directory */
	bool held;	  /* and that descriptor is this one's to close */
	uint64_t dir;	  /* the directory's path */
	const char *name; /* in the program's own path */
	uint64_t hash;
};

/*
 * Have a descriptor of @t's directory, which s->fd may be of already. Whatever becomes of the way
 * to it, it is upper's: the path is absolute.
 */
static bool hold(struct ovl_told *t, struct side *s)
{
	struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
			       .resolve = RESOLVE_NO_SYMLINKS};
	size_t n = strlen(t->path) - strlen(t->name);

	if (s->fd >= 0 && s->dir == t->dir)
		return ovl_told_still(t);
	t->room->path[n] = '\0';
	s->fd = (int)ovl_sys(__NR_openat2, AT_FDCWD, t->room->path, &how, sizeof(how));
	s->held = s->fd >= 0;
	s->dir = t->dir;
	return s->held && ovl_told_still(t);
}

/*
 * Find and, if @s is not NULL, hold the directory of @path. False: it takes a closer look. Apart,
 * for its frame.
 */
static __attribute__((noinline)) bool begin(const char *path, struct side *s)
{
	OVL_TOLD t;

	if (!ovl_tell(&t, AT_FDCWD, path) || t.tell != OVL_TELL_UPPER || !t.room ||
	    !ovl_told_pure(&t) || (t.value & OVL_DC_RECORD) || ovl_told_special(&t) ||
	    ovl_is_start_file(t.name))
		return false;
	if (!s)
		return true;
	s->name = t.name;
	s->hash = t.hash;
	return hold(&t, s);
}

/* The step that all can see, while no directory moves. False: it takes the lock. */
static bool step(struct ovl_call *c, const struct side *old, const struct side *new, long flags,
		 uint32_t gen)
{
	struct ovl_lane lane;

	if (!ovl_lane_enter(&lane, gen))
		return false;
	ovl_announce(new->hash, true);
	c->ret = ovl_sys(__NR_renameat2, old->fd, old->name, new->fd, new->name, flags);
	ovl_lane_leave(&lane);
	return true;
}

static enum ovl_verdict verdict(struct ovl_call *c, uint64_t old)
{
	bool moved = !c->ret;

	if (c->ret == -ENOENT || (moved && !ovl_filter_maybe(&ovl_ss->special, old)))
		return OVL_DONE;
	c->ret = moved ? OVL_EARLY_MOVED : -1;
	return OVL_SLOW;
}

static enum ovl_verdict move(struct ovl_call *c, const char *old, const char *new, long flags)
{
	uint32_t gen = __atomic_load_n(&ovl_ss->dir_gen, __ATOMIC_ACQUIRE);
	struct side from = {.fd = -1};
	struct side to = {.fd = -1};
	bool done = begin(old, &from);

	to.fd = from.fd;
	to.dir = from.dir;
	done = done && begin(new, &to) && step(c, &from, &to, flags, gen);
	if (to.held)
		ovl_fd_drop(&to.fd);
	ovl_fd_drop(&from.fd);
	return done ? verdict(c, from.hash) : OVL_SLOW;
}

/* Of a relative one another thread may change the beginning, and a lower's must not be touched. */
static bool is_absolute(const char *path)
{
	return (unsigned long)path >= 4096 && path[0] == '/';
}

enum ovl_verdict ovl_fastmove(struct ovl_call *c, const char *old, const char *new, long flags)
{
	enum ovl_verdict v;
	uint64_t mask;

	/* What the index has may have to be told of its new name: catchup.h. */
	if ((flags & ~(long)RENAME_NOREPLACE) || !is_absolute(old) || !is_absolute(new) ||
	    ovl_ss->overrides || __atomic_load_n(&ovl_ss->links, __ATOMIC_ACQUIRE) ||
	    !begin(old, NULL))
		return OVL_SLOW;
	/* Descriptors of ours would outlive a handler's longjmp(). */
	ovl_sigs_block(&mask);
	v = move(c, old, new, flags);
	ovl_sigs_restore(&mask);
	return v;
}
