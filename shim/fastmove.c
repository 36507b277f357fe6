/* SPDX-License-Identifier: MIT */
#include "fastmove.h"

#include "known.h"
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
 * The cwd's path in the view, and a slash, to @room: its length; 0: it is not known, or not that
 * simple. Another thread may change to another one: then it is as if that had come later.
 */
static size_t find_cwd(struct ovl_room *room)
{
	struct ovl_str root = ovl_ss->root;
	struct ovl_str real;
	uint64_t hash;
	int layer;
	long n;

	if (!ovl_known_find(AT_FDCWD, &hash, &layer) || layer == OVL_NONE)
		return 0;
	real = ovl_ss->layer[layer].path;
	n = ovl_sys(__NR_getcwd, room->path, OVL_ROOM_PATH) - 1; /* without the NUL */
	if (n <= 0 || root.len == 1 || real.len == 1 ||
	    !ovl_path_below(room->path, (size_t)n, ovl_session_str(ovl_ss, real), real.len) ||
	    root.len + ((size_t)n - real.len) + 2 > OVL_ROOM_PATH)
		return 0;
	n -= real.len;
	memmove(room->path + root.len, room->path + real.len, (size_t)n);
	memcpy(room->path, ovl_session_str(ovl_ss, root), root.len);
	n += root.len;
	if (ovl_hash_path(room->path, (size_t)n) != hash)
		return 0;
	room->path[n] = '/';
	return (size_t)n + 1;
}

/* Where relative paths start from. */
struct base {
	struct ovl_room *room; /* its path; NULL: it is not needed */
	size_t n;	       /* bytes of that */
};

/* @path as an absolute one; NULL: there is no room for it. */
static const char *make_absolute(const struct base *b, const char *path)
{
	size_t n = strlen(path);

	if (path[0] == '/')
		return path;
	if (b->n + n >= OVL_ROOM_PATH)
		return NULL;
	memcpy(b->room->path + b->n, path, n + 1);
	return b->room->path;
}

/*
 * Find and, if @s is not NULL, hold the directory of @given. False: it takes a closer look. Apart,
 * for its frame.
 */
static __attribute__((noinline)) bool begin(const struct base *b, const char *given, struct side *s)
{
	const char *path = make_absolute(b, given);
	OVL_TOLD t;

	if (!path || !ovl_tell(&t, AT_FDCWD, path) || t.tell != OVL_TELL_UPPER || !t.room ||
	    !ovl_told_pure(&t) || (t.value & OVL_DC_RECORD) || ovl_told_special(&t) ||
	    ovl_is_start_file(t.name))
		return false;
	if (!s)
		return true;
	s->name = given + strlen(given) - t.n;
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

static enum ovl_verdict move(struct ovl_call *c, const struct base *b, const char *old,
			     const char *new, long flags)
{
	uint32_t gen = __atomic_load_n(&ovl_ss->dir_gen, __ATOMIC_ACQUIRE);
	struct side from = {.fd = -1};
	struct side to = {.fd = -1};
	bool done = begin(b, old, &from);

	to.fd = from.fd;
	to.dir = from.dir;
	done = done && begin(b, new, &to) && step(c, &from, &to, flags, gen);
	if (to.held)
		ovl_fd_drop(&to.fd);
	ovl_fd_drop(&from.fd);
	return done ? verdict(c, from.hash) : OVL_SLOW;
}

static enum ovl_verdict try_move(struct ovl_call *c, const struct base *b, const char *old,
				 const char *new, long flags)
{
	enum ovl_verdict v;
	uint64_t mask;

	if (!begin(b, old, NULL))
		return OVL_SLOW;
	/* Descriptors of ours would outlive a handler's longjmp(). */
	ovl_sigs_block(&mask);
	v = move(c, b, old, new, flags);
	ovl_sigs_restore(&mask);
	return v;
}

enum ovl_verdict ovl_fastmove(struct ovl_call *c, const char *old, const char *new, bool cwd,
			      long flags)
{
	struct base b = {.room = NULL, .n = 0};
	enum ovl_verdict v = OVL_SLOW;

	/* What the index has may have to be told of its new name: catchup.h. */
	if ((flags & ~(long)RENAME_NOREPLACE) || (unsigned long)old < 4096 ||
	    (unsigned long)new < 4096 || ovl_ss->overrides ||
	    __atomic_load_n(&ovl_ss->links, __ATOMIC_ACQUIRE))
		return OVL_SLOW;
	if (old[0] == '/' && new[0] == '/')
		return try_move(c, &b, old, new, flags);
	b.room = cwd ? ovl_room_take() : NULL;
	b.n = b.room ? find_cwd(b.room) : 0;
	if (b.n)
		v = try_move(c, &b, old, new, flags);
	ovl_room_put(b.room);
	return v;
}
