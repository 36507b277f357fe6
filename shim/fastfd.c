/* SPDX-License-Identifier: MIT */
#include "fastfd.h"

#include "inode.h"
#include "known.h"
#include "marks.h"
#include "room.h"
#include "stat_x86_64.h"
#include "view.h"

/* Is the xattr's name @name stored as it is, and shown? */
static bool is_plain_name(long name)
{
	return (unsigned long)name >= 4096 && !ovl_mark_is_escaped((const char *)name);
}

/* If it is what the program made. It stays that until the call is done. */
static enum ovl_verdict change_made(struct ovl_call *c)
{
	const long *a = c->arg;
	bool made;

	ovl_known_pin((int)a[0]);
	made = ovl_known_made((int)a[0]);
	if (made)
		c->ret = ovl_sys(c->nr, a[0], a[1], a[2], a[3], a[4]);
	ovl_known_unpin((int)a[0]);
	return made ? OVL_DONE : OVL_SLOW;
}

enum ovl_verdict ovl_fastfd_change(struct ovl_call *c)
{
	bool plain;

	switch (c->nr) {
	case __NR_fchmod:
		/* who may not read it cannot look at what is stored on it: attr.c */
		plain = c->arg[1] & S_IRUSR;
		break;
	case __NR_fchown:
		plain = true;
		break;
	case __NR_utimensat:
		plain = !c->arg[1];
		break;
	default:
		plain = is_plain_name(c->arg[1]);
		break;
	}
	return plain && !ovl_ss->overrides ? change_made(c) : OVL_SLOW;
}

/* Is @fd of a regular file that nothing of ours is stored on, and that has no copy? */
static bool is_plain_file(int fd)
{
	struct ovl_room *room;
	const struct ovl_kstat *st;
	bool plain;

	if (ovl_ss->overrides)
		return false;
	if (ovl_known_made(fd))
		return true;
	room = ovl_room_take();
	if (!room)
		return false;
	st = (const struct ovl_kstat *)&room->st;
	plain = !ovl_sys(__NR_fstat, fd, st) && (st->mode & S_IFMT) == S_IFREG &&
		!ovl_inode_maybe_origin(st->ino);
	ovl_room_put(room);
	return plain;
}

/* Are all names in @list, of @n bytes, a program's own, stored as they are? */
static bool are_plain_names(const char *list, long n)
{
	for (const char *name = list; name < list + n; name += strlen(name) + 1) {
		if (ovl_mark_is_escaped(name))
			return false;
	}
	return true;
}

static enum ovl_verdict list_names(struct ovl_call *c)
{
	long r = ovl_sys(__NR_flistxattr, c->arg[0], c->arg[1], c->arg[2]);

	if (r == -ERANGE || (r > 0 && (!c->arg[2] || !are_plain_names((char *)c->arg[1], r))))
		return OVL_SLOW;
	c->ret = r;
	return OVL_DONE;
}

enum ovl_verdict ovl_fastfd_xattr(struct ovl_call *c)
{
	if (c->nr == __NR_fgetxattr && !is_plain_name(c->arg[1]))
		return OVL_SLOW;
	if (!is_plain_file((int)c->arg[0]))
		return OVL_SLOW;
	return c->nr == __NR_flistxattr ? list_names(c) : OVL_PASS;
}
