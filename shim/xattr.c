/* SPDX-License-Identifier: MIT */
/*
 * xattr.c - extended attributes: a program sees its own and never ours
 *
 * A name of ours that a program asks for is not there; one that it sets is refused.
 */
#include "acl.h"
#include "catchup.h"
#include "do.h"
#include "fdview.h"
#include "hollow.h"
#include "inode.h"
#include "lookup.h"
#include "marks.h"
#include "override.h"
#include "perm.h"
#include "real.h"
#include "str.h"
#include "systab.h"

#include <linux/xattr.h>

/* Removing an ACL that is not there succeeds: acl(5) is what the mode says anyway. */
#define ACL_ACCESS    OVL_ACL_PREFIX "access" /* tied to the mode */
#define NOTHING_TO_DO 1

/*
 * The object to look at: name[0]'s real path into ctx->real. 0, or the handler's result. A
 * directory is what the view shows under its name; anything else is itself: OVL_R_PASS.
 */
static long find_fd(struct ovl_ctx *ctx, int fd)
{
	struct ovl_name *n = &ctx->name[0];
	long flags = ovl_sys(__NR_fcntl, fd, F_GETFL);
	long r = ovl_sys(__NR_statx, fd, "", AT_EMPTY_PATH, STATX_TYPE, &ctx->st);

	if (flags < 0 || (flags & O_PATH))
		return -EBADF;
	if (!r && (ctx->st.stx_mode & S_IFMT) == S_IFREG)
		ovl_catch_up(ctx, fd);
	if (r || (ctx->st.stx_mode & S_IFMT) != S_IFDIR)
		return OVL_R_PASS;
	if (ovl_namei_fd(ctx, n, fd) || n->zone != OVL_Z_VIEW || n->layer == OVL_NONE)
		return OVL_R_PASS;
	return ovl_name_real(n, n->layer, &ctx->real);
}

static bool bad_name(const char *name)
{
	return (unsigned long)name < 4096;
}

/* The program's name @name as it is stored, into ctx->xname: to be read, or to be changed. */
static long escape(struct ovl_ctx *ctx, const char *name, bool change)
{
	int err = ovl_mark_escape(name, ctx->xname, sizeof(ctx->xname));

	return err == -EPERM && !change ? -ENODATA : err;
}

/* Can an object of @mode have user.* xattrs? Of others there are none, whatever the rights. */
static bool may_have(unsigned mode)
{
	return (mode & S_IFMT) == S_IFREG || (mode & S_IFMT) == S_IFDIR;
}

/* The value of the program's @name on ctx->real. */
static long get_value(struct ovl_ctx *ctx, const char *name, long value, long size)
{
	struct ovl_name *n = &ctx->name[0];
	OVL_LOC loc = OVL_LOC_INIT;
	long r = escape(ctx, name, false);

	/* The copy itself may be readable where the view's file is not. */
	if (!r && ovl_ss->overrides && n->layer == OVL_UPPER && ovl_str_starts(name, "user.")) {
		r = ovl_lookup_stat(ctx, n);
		if (!r && may_have(n->st.stx_mode))
			r = ovl_perm_access(ctx, n, 4);
		if (!r)
			r = ovl_name_real(n, n->layer, &ctx->real);
	}
	if (!r)
		r = ovl_loc_path(&ctx->real, &loc);
	if (!r)
		r = ovl_sys(__NR_lgetxattr, loc.name, ctx->xname, value, size);
	/* An empty one may be all that could be copied. */
	if (!r && ovl_ss->overrides && n->layer == OVL_UPPER) {
		r = ovl_hollow_fill(ctx, n, false);
		if (!r)
			r = ovl_sys(__NR_lgetxattr, loc.name, ctx->xname, value, size);
	}
	if (r > 0 && size && ovl_ss->overrides && n->layer == OVL_UPPER &&
	    ovl_str_equal(name, ACL_ACCESS) && !ovl_lookup_stat(ctx, n)) {
		ovl_inode_present_name(ctx, n);
		ovl_acl_show((void *)value, (size_t)r, n->st.stx_mode);
	}
	return r;
}

static long get(struct ovl_ctx *ctx, int dirfd, int path, int flags, int name)
{
	long r;

	if (bad_name(ovl_arg_path(ctx, name)))
		return OVL_R_PASS;
	r = ovl_op_find(ctx, dirfd, path, flags);
	return r ? r
		 : get_value(ctx, ovl_arg_path(ctx, name), ovl_arg(ctx, name + 1),
			     ovl_arg(ctx, name + 2));
}

/* Copy the names in @list that are not ours to @to, or only count them when @size is 0. */
static long show(struct ovl_ctx *ctx, const char *list, long n, char *to, size_t size)
{
	size_t used = 0;

	for (const char *name = list; name < list + n; name += strlen(name) + 1) {
		size_t length;

		if (ovl_mark_private(name))
			continue;
		length = ovl_mark_unescape(name, ctx->xname) + 1;
		if (size) {
			if (used + length > size)
				return -ERANGE;
			memcpy(to + used, ctx->xname, length);
		}
		used += length;
	}
	return (long)used;
}

/* List by @nr of @what (a path or a descriptor) into the program's buffer. */
static long list_shown(struct ovl_ctx *ctx, long nr, long what, char *to, size_t size)
{
	long map;
	long n = ovl_sys(nr, what, ctx->buf, sizeof(ctx->buf));

	if (n >= 0)
		return show(ctx, ctx->buf, n, to, size);
	if (n != -ERANGE)
		return n;
	map = ovl_sys_room(XATTR_LIST_MAX);
	if (ovl_is_err(map))
		return map;
	n = ovl_sys(nr, what, map, XATTR_LIST_MAX);
	if (n >= 0)
		n = show(ctx, (const char *)map, n, to, size);
	(void)ovl_sys(__NR_munmap, map, XATTR_LIST_MAX); /* our own mapping */
	return n;
}

/* The same of ctx->real. */
static long list_real(struct ovl_ctx *ctx, char *to, size_t size)
{
	OVL_LOC loc = OVL_LOC_INIT;
	int err = ovl_loc_path(&ctx->real, &loc);

	return err ? err : list_shown(ctx, __NR_llistxattr, (long)loc.name, to, size);
}

static long list(struct ovl_ctx *ctx, int dirfd, int path, int flags, int buf)
{
	long r = ovl_op_find(ctx, dirfd, path, flags);

	return r ? r : list_real(ctx, (char *)ovl_arg(ctx, buf), (size_t)ovl_arg(ctx, buf + 1));
}

/* Root's namespaces are root's; user.* needs the right to write: xattr(7). */
static enum ovl_change changed_by(const char *name)
{
	static const char user[] = "user.";

	return memcmp(name, user, sizeof(user) - 1) ? OVL_BY_OWNER : OVL_BY_WRITER;
}

struct setting {
	int name;  /* index of the name's argument */
	int value; /* of the value; -1: remove */
	long flags;
	long data; /* the value and its size */
	long size;
};

/* Special files and symlinks take no user.* xattrs: better said before a copy-up. */
static int check_name(struct ovl_ctx *ctx, const char *name, const struct setting *s)
{
	unsigned mode = ctx->name[0].st.stx_mode;

	if (ovl_str_equal(name, OVL_ACL_PREFIX "default") && (mode & S_IFMT) != S_IFDIR)
		return s->value < 0 ? NOTHING_TO_DO : -EACCES;
	if (ctx->name[0].known && changed_by(name) == OVL_BY_WRITER && !may_have(mode))
		return -EPERM;
	return 0;
}

/* An ACL takes the sgid bit away from who is not of the group: as the kernel. */
static unsigned lost_by_acl(struct ovl_ctx *ctx)
{
	struct ovl_name *n = &ctx->name[0];

	if (ovl_lookup_stat(ctx, n))
		return 0;
	ovl_inode_present_name(ctx, n);
	return ovl_perm_in_group(ctx, n->st.stx_gid) ? 0 : S_ISGID;
}

static long apply(struct ovl_ctx *ctx, const struct setting *s)
{
	char link[OVL_FD_LINK];
	OVL_FD fd = -1;
	long r = escape(ctx, ovl_arg_path(ctx, s->name), true);

	if (!r)
		r = ovl_op_hold(ctx, &fd, link);
	if (r)
		return r;
	if ((ctx->st.stx_mode & S_IFMT) == S_IFDIR)
		ovl_acl_changes(&ctx->name[0], ctx->xname, (const void *)s->data, (size_t)s->size);
	if (s->value < 0)
		return ovl_do_removexattr_held(link, ctx->xname);
	r = ovl_do_setxattr_held(link, ctx->xname, (const void *)s->data, (size_t)s->size,
				 (int)s->flags);
	if (!r && ovl_ss->overrides && ovl_str_equal(ctx->xname, ACL_ACCESS))
		ovl_override_ffollow(fd, lost_by_acl(ctx));
	return r;
}

/* Is there something to remove, or to replace, at all? Else nothing is copied. */
static long check_there(struct ovl_ctx *ctx, const struct setting *s)
{
	struct ovl_name *n = &ctx->name[0];
	long r;

	if (n->layer == OVL_UPPER)
		return 0;
	r = ovl_name_real(n, n->layer, &ctx->real);
	if (r)
		return r;
	r = get_value(ctx, ovl_arg_path(ctx, s->name), 0, 0);
	if (s->value < 0 && r == -ENODATA &&
	    ovl_str_starts(ovl_arg_path(ctx, s->name), OVL_ACL_PREFIX))
		return NOTHING_TO_DO;
	if ((s->value < 0 || (s->flags & XATTR_REPLACE)) && r < 0)
		return r;
	return r >= 0 && (s->flags & XATTR_CREATE) ? -EEXIST : 0;
}

/* What is wrong with a value, whatever it is for: setxattr(2). */
static long check_setting(const struct setting *s)
{
	if (s->value < 0)
		return 0;
	if ((unsigned)s->flags & ~(unsigned)(XATTR_CREATE | XATTR_REPLACE))
		return -EINVAL;
	return (size_t)s->size > XATTR_SIZE_MAX ? -E2BIG : 0;
}

static bool is_special(struct ovl_ctx *ctx, int fd)
{
	return !ovl_sys(__NR_statx, fd, "", AT_EMPTY_PATH, STATX_TYPE, &ctx->st) &&
	       !may_have(ctx->st.stx_mode);
}

/* A sticky directory's xattrs are its owner's: xattr(7). */
static bool is_sticky(struct ovl_ctx *ctx, int fd)
{
	struct ovl_name *n = &ctx->name[1];

	if (!ovl_sys(__NR_geteuid) || ovl_namei_fd(ctx, n, fd) || n->zone != OVL_Z_VIEW ||
	    n->layer == OVL_NONE || ovl_op_is_dir(ctx, n) != 1 || ovl_lookup_stat(ctx, n))
		return false;
	ovl_inode_present_name(ctx, n);
	return n->st.stx_mode & S_ISVTX;
}

static long change_fd(struct ovl_ctx *ctx, int fd, const struct setting *s)
{
	const char *name = ovl_arg_path(ctx, s->name);
	long r;

	if (bad_name(name) || ovl_fd_is_path(fd))
		return OVL_R_PASS;
	if (changed_by(name) == OVL_BY_WRITER && is_special(ctx, fd))
		return -EPERM;
	r = ovl_op_change_fd(ctx, fd, is_sticky(ctx, fd) ? OVL_BY_OWNER : changed_by(name));
	if (r != OVL_R_PASS)
		return r ? r : apply(ctx, s);
	/* Upper's own object: by the descriptor, under the name that it is stored by. */
	r = escape(ctx, name, true);
	if (r)
		return r;
	if (ovl_str_starts(name, OVL_ACL_PREFIX) && ovl_fd_is_dir(ctx, fd))
		ovl_acl_changes(&ctx->name[0], name, (const void *)s->data, (size_t)s->size);
	r = s->value < 0 ? ovl_sys(__NR_fremovexattr, fd, ctx->xname)
			 : ovl_sys(__NR_fsetxattr, fd, ctx->xname, s->data, s->size, s->flags);
	if (!r && s->value >= 0 && ctx->by_fd && ovl_str_equal(ctx->xname, ACL_ACCESS))
		ovl_override_ffollow(fd, lost_by_acl(ctx));
	return r;
}

static long change(struct ovl_ctx *ctx, int dirfd, int path, int flags, const struct setting *s)
{
	const char *name = ovl_arg_path(ctx, s->name);
	struct ovl_name *n = &ctx->name[0];
	long r;

	if (bad_name(name))
		return OVL_R_PASS;
	r = check_setting(s);
	if (r)
		return r;
	if (ovl_op_is_fd(ctx, dirfd, path, flags))
		return change_fd(ctx, ovl_arg_fd(ctx, dirfd), s);
	r = ovl_op_resolve(ctx, 0, dirfd, path, flags);
	if (r)
		return r;
	if (n->zone != OVL_Z_VIEW)
		return ovl_op_outside(ctx, dirfd, path, true);
	r = ovl_op_must_exist(n);
	if (!r)
		r = ovl_lookup_stat(ctx, n);
	if (!r)
		r = check_name(ctx, name, s);
	if (!r)
		r = ovl_op_may_change(ctx, n, changed_by(name));
	/* A sticky directory's are its owner's: xattr(7). */
	if (!r && (n->st.stx_mode & (S_IFMT | S_ISVTX)) == (S_IFDIR | S_ISVTX))
		r = ovl_perm_owner(ctx, n);
	if (!r && !ovl_read_only())
		r = check_there(ctx, s);
	if (r == NOTHING_TO_DO)
		return 0;
	if (!r)
		r = ovl_op_change(ctx, dirfd, path, flags, changed_by(name));
	return r ? r : apply(ctx, s);
}

static struct setting setting_of(struct ovl_ctx *ctx)
{
	return (struct setting){1, 2, ovl_arg(ctx, 4), ovl_arg(ctx, 2), ovl_arg(ctx, 3)};
}

long ovl_op_setxattr(struct ovl_ctx *ctx)
{
	struct setting s = setting_of(ctx);

	return change(ctx, -1, 0, OVL_N_FOLLOW, &s);
}

long ovl_op_lsetxattr(struct ovl_ctx *ctx)
{
	struct setting s = setting_of(ctx);

	return change(ctx, -1, 0, 0, &s);
}

long ovl_op_fsetxattr(struct ovl_ctx *ctx)
{
	struct setting s = setting_of(ctx);

	return change_fd(ctx, ovl_arg_fd(ctx, 0), &s);
}

static const struct setting removing = {.name = 1, .value = -1};

long ovl_op_removexattr(struct ovl_ctx *ctx)
{
	return change(ctx, -1, 0, OVL_N_FOLLOW, &removing);
}

long ovl_op_lremovexattr(struct ovl_ctx *ctx)
{
	return change(ctx, -1, 0, 0, &removing);
}

long ovl_op_fremovexattr(struct ovl_ctx *ctx)
{
	return change_fd(ctx, ovl_arg_fd(ctx, 0), &removing);
}

long ovl_op_getxattr(struct ovl_ctx *ctx)
{
	return get(ctx, -1, 0, OVL_N_FOLLOW, 1);
}

long ovl_op_lgetxattr(struct ovl_ctx *ctx)
{
	return get(ctx, -1, 0, 0, 1);
}

long ovl_op_fgetxattr(struct ovl_ctx *ctx)
{
	const char *name = ovl_arg_path(ctx, 1);
	int fd = ovl_arg_fd(ctx, 0);
	long r;

	if (bad_name(name))
		return OVL_R_PASS;
	r = find_fd(ctx, fd);
	if (r != OVL_R_PASS)
		return r ? r : get_value(ctx, name, ovl_arg(ctx, 2), ovl_arg(ctx, 3));
	r = ovl_str_starts(name, "user.") && !is_special(ctx, fd) ? ovl_perm_fd(ctx, fd, 4) : 0;
	if (!r)
		r = escape(ctx, name, false);
	return r ? r
		 : ovl_sys(__NR_fgetxattr, ovl_arg(ctx, 0), ctx->xname, ovl_arg(ctx, 2),
			   ovl_arg(ctx, 3));
}

long ovl_op_listxattr(struct ovl_ctx *ctx)
{
	return list(ctx, -1, 0, OVL_N_FOLLOW, 1);
}

long ovl_op_llistxattr(struct ovl_ctx *ctx)
{
	return list(ctx, -1, 0, 0, 1);
}

long ovl_op_flistxattr(struct ovl_ctx *ctx)
{
	char *to = (char *)ovl_arg(ctx, 1);
	size_t size = (size_t)ovl_arg(ctx, 2);
	long r = find_fd(ctx, ovl_arg_fd(ctx, 0));

	if (r == OVL_R_PASS)
		return list_shown(ctx, __NR_flistxattr, ovl_arg(ctx, 0), to, size);
	return r ? r : list_real(ctx, to, size);
}

/* The *xattrat calls: what is wrong with their arguments the kernel tells best. */

/* struct xattr_args of Linux 6.13: setxattrat(2). */
struct xattr_args_at {
	uint64_t value;
	uint32_t size;
	uint32_t flags;
};

/* The flags and the descriptor of a call of the kind below. Not so path calls: O_PATH is none. */
static long check_at(const struct ovl_ctx *ctx)
{
	long flags = ovl_arg(ctx, 2);

	if ((unsigned)flags & ~(unsigned)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (ovl_op_is_fd(ctx, 0, 1, ovl_op_at_flags(flags)) && ovl_fd_is_path(ovl_arg_fd(ctx, 0)))
		return -EBADF;
	return 0;
}

long ovl_op_setxattrat(struct ovl_ctx *ctx)
{
	const struct xattr_args_at *a = (const struct xattr_args_at *)ovl_arg(ctx, 4);
	struct setting s = {.name = 3, .value = 4};
	long r = check_at(ctx);

	if (r)
		return r;
	if ((unsigned long)a < 4096 || (size_t)ovl_arg(ctx, 5) != sizeof(*a))
		return OVL_R_PASS;
	s.data = (long)a->value;
	s.size = a->size;
	s.flags = a->flags;
	return change(ctx, 0, 1, ovl_op_at_flags(ovl_arg(ctx, 2)), &s);
}

long ovl_op_getxattrat(struct ovl_ctx *ctx)
{
	const struct xattr_args_at *a = (const struct xattr_args_at *)ovl_arg(ctx, 4);
	const char *name = ovl_arg_path(ctx, 3);
	long r = check_at(ctx);

	if (r)
		return r;
	if ((unsigned long)a < 4096 || (size_t)ovl_arg(ctx, 5) != sizeof(*a) || bad_name(name))
		return OVL_R_PASS;
	r = ovl_op_find(ctx, 0, 1, ovl_op_at_flags(ovl_arg(ctx, 2)));
	if (r)
		return r;
	return get_value(ctx, name, (long)a->value, a->size);
}

long ovl_op_listxattrat(struct ovl_ctx *ctx)
{
	long r = check_at(ctx);

	return r ? r : list(ctx, 0, 1, ovl_op_at_flags(ovl_arg(ctx, 2)), 3);
}

long ovl_op_removexattrat(struct ovl_ctx *ctx)
{
	struct setting s = {.name = 3, .value = -1};
	long r = check_at(ctx);

	return r ? r : change(ctx, 0, 1, ovl_op_at_flags(ovl_arg(ctx, 2)), &s);
}
