/* SPDX-License-Identifier: MIT */
#include "watch.h"
#include "objects.h"
#include "ownlibs.h"
#include "patch.h"
#include "real.h"
#include "sigsys.h"
#include "sitetab.h"
#include "sys.h"

#include <linux/mman.h>

#define PAGE	  4096UL
#define NAME_ROOM 128

/*
 * The last whole file that ld.so mapped, and where. ld.so holds its lock from here to
 * the mapping of the segments, so there is one at a time.
 */
static struct {
	struct ovl_session *ss;
	uint64_t base;
	uint64_t len;
	long fd;
} watched;

void ovl_watch_init(struct ovl_session *ss)
{
	watched.ss = ss;
}

/* Is @fd a file with a libc's name? Long names end in what matters, and are cut: no. */
static bool fd_is_libc(long fd)
{
	char link[OVL_FD_LINK];
	char name[NAME_ROOM];
	long n;

	ovl_fd_link((int)fd, link);
	n = ovl_sys(__NR_readlink, link, name, sizeof(name) - 1);
	if (n < 0)
		return false;
	name[n] = '\0';
	return ovl_object_is_libc(name);
}

static void look_at_text(const struct ovl_call *c)
{
	struct ovl_site_list list;
	struct ovl_object o;

	if (ovl_object_read(watched.base, "library loaded later", &o))
		return;
	/* ld.so maps a segment whole; anything else is not ld.so loading a library. */
	if (((uint64_t)o.text & -PAGE) != (uint64_t)c->ret ||
	    (uint64_t)o.text + o.text_len > (uint64_t)c->ret + (uint64_t)c->arg[1])
		return;
	/* of a second libc, from dlmopen, all has to be covered */
	if (o.has_interp && (ovl_sitetab_find(watched.ss, o.id, &list) || fd_is_libc(c->arg[4])))
		ovl_patch_libc(watched.ss, &o);
	else
		ovl_ownlibs_look(watched.ss, &o);
}

void ovl_watch(struct ovl_call *c)
{
	long prot = c->arg[2];
	long flags = c->arg[3];
	long fd = c->arg[4];

	if (c->nr != __NR_mmap) {
		ovl_sigsys_site(c);
		return;
	}
	c->ret = ovl_sys(c->nr, c->arg[0], c->arg[1], prot, flags, fd, c->arg[5]);
	if (ovl_is_err(c->ret) || fd < 0 || flags & MAP_ANONYMOUS || !watched.ss)
		return;
	if (!(flags & MAP_FIXED) && c->arg[5] == 0) {
		watched.base = (uint64_t)c->ret;
		watched.len = (uint64_t)c->arg[1];
		watched.fd = fd;
	}
	if (prot & PROT_EXEC && fd == watched.fd && (uint64_t)c->ret - watched.base < watched.len)
		look_at_text(c);
}
