/* SPDX-License-Identifier: MIT */
#include "create.h"

#include "copy_up.h"
#include "dcache.h"
#include "do.h"
#include "index.h"
#include "inode.h"
#include "lock.h"
#include "marks.h"
#include "ops.h"
#include "override.h"
#include "perm.h"
#include "real.h"
#include "record.h"
#include "startfile.h"
#include "trace.h"
#include "view.h"
#include "workdir.h"

#define ACL_DEFAULT "system.posix_acl_default"

int ovl_make_dir(const struct ovl_maker *m, int dir, const char *name)
{
	return ovl_do_mkdir(dir, name, m->mode);
}

int ovl_make_node(const struct ovl_maker *m, int dir, const char *name)
{
	return ovl_do_mknod(dir, name, m->mode, m->dev);
}

int ovl_make_device(const struct ovl_maker *m, int dir, const char *name)
{
	struct statx st;
	struct ovl_record r = {.device = true};
	int err = ovl_do_mknod(dir, name, m->mode, 0);

	if (err)
		return err;
	err = (int)ovl_sys(__NR_statx, dir, name, AT_SYMLINK_NOFOLLOW,
			   STATX_BASIC_STATS | STATX_BTIME, &st);
	if (!err) {
		r.origin = ovl_origin_of(&st);
		err = ovl_record_set(&st, &r);
	}
	if (err)
		(void)ovl_do_unlink(dir, name, 0); /* it was but a whiteout of nothing */
	return err;
}

int ovl_make_symlink(const struct ovl_maker *m, int dir, const char *name)
{
	return ovl_do_symlink(m->text, dir, name);
}

int ovl_make_link(const struct ovl_maker *m, int dir, const char *name)
{
	return ovl_do_link(m->from, m->text, dir, name, m->flags);
}

int ovl_make_file(const struct ovl_maker *m, int dir, const char *name)
{
	long r = ovl_sys(__NR_openat, dir, name, m->flags | O_CREAT | O_NOFOLLOW, m->mode);

	return (int)r;
}

/* Make the new directory open as @dir give on what a child of @parent would have got. */
static int bequeath(int dir, const struct statx *parent, const char *acl, long acl_size)
{
	int err = 0;

	if (acl_size > 0)
		err = (int)ovl_sys(__NR_fsetxattr, dir, ACL_DEFAULT, acl, acl_size, 0);
	if (err || !(parent->stx_mode & S_ISGID))
		return err;
	(void)ovl_sys(__NR_fchown, dir, -1, parent->stx_gid); /* as far as we may */
	return (int)ovl_sys(__NR_fchmod, dir, 02700);
}

/*
 * A directory in work whose children inherit what @parent's would: group and default ACL.
 * Returns its descriptor; -ENOENT when @parent gives nothing on and work/tmp itself will do.
 */
static int heir(struct ovl_ctx *ctx, int parent, int tmp, char *ret_name)
{
	struct statx st;
	OVL_FD readable = -1;
	OVL_FD dir = -1;
	long acl_size;
	int err = (int)ovl_sys(__NR_statx, parent, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &st);

	if (err)
		return err;
	readable = ovl_open_beneath(parent, ".", O_RDONLY | O_DIRECTORY, 0);
	if (readable == -EMFILE)
		return readable;
	acl_size = ovl_sys(__NR_fgetxattr, readable, ACL_DEFAULT, ctx->buf, sizeof(ctx->buf));
	if (!(st.stx_mode & S_ISGID) && acl_size <= 0)
		return -ENOENT;
	ovl_workdir_name(ret_name);
	err = ovl_do_mkdir(tmp, ret_name, 0700);
	if (err)
		return err;
	dir = ovl_open_beneath(tmp, ret_name, O_RDONLY | O_DIRECTORY, 0);
	if (dir < 0)
		return dir;
	err = bequeath(dir, &st, ctx->buf, acl_size);
	return err ? err : ovl_fd_steal(&dir);
}

/* The whiteout's place is taken by the finished object @temp in @from. */
static int replace_whiteout(struct ovl_ctx *ctx, const struct ovl_maker *m, int from,
			    const char *temp, int parent, const char *name)
{
	OVL_FD dir = -1;
	bool shut;
	int err;

	if (!m->dir)
		return ovl_do_rename(from, temp, parent, name, 0);
	err = (int)ovl_sys(__NR_statx, from, temp, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS,
			   &ctx->st);
	/* One that its owner cannot enter can neither be marked nor moved, but by root. */
	shut = (ctx->st.stx_mode & 0700) != 0700 && ovl_sys(__NR_geteuid);
	if (!err && shut)
		err = ovl_do_chmod(from, temp, 0700);
	if (err)
		return err;
	dir = ovl_open_beneath(from, temp, O_RDONLY | O_DIRECTORY, 0);
	err = dir < 0 ? dir : ovl_mark_opaque(dir);
	if (!err)
		err = ovl_do_rename(from, temp, parent, name, RENAME_EXCHANGE);
	if (!err && shut)
		err = ovl_do_chmod(parent, name, ctx->st.stx_mode & 07777);
	if (!err)
		(void)ovl_workdir_discard(ctx, from, temp); /* the whiteout; swept if it stays */
	return err;
}

/* Make the object in @from and move it over the whiteout @name in @parent. */
static int make_over(struct ovl_ctx *ctx, const struct ovl_maker *m, int from, int parent,
		     const char *name)
{
	char temp[OVL_TEMP_NAME];
	int made;
	int err;

	ovl_workdir_name(temp);
	made = m->make(m, from, temp);
	if (made < 0)
		return made;
	err = replace_whiteout(ctx, m, from, temp, parent, name);
	if (!err)
		return made;
	if (m->make == ovl_make_file)
		ovl_fd_drop(&made);
	(void)ovl_workdir_discard(ctx, from, temp); /* swept if it stays */
	return err;
}

static int create_over_whiteout(struct ovl_ctx *ctx, struct ovl_name *n, const struct ovl_maker *m,
				int parent)
{
	const char *name = n->at.buf + ovl_path_base(&n->at);
	char heirs[OVL_TEMP_NAME];
	OVL_LOCK lock = ovl_lock_same(ctx);
	OVL_FD tmp = -1;
	OVL_FD from = -1;
	int err;

	if (lock < 0)
		return lock;
	err = (int)ovl_sys(__NR_statx, parent, name, AT_SYMLINK_NOFOLLOW,
			   STATX_BASIC_STATS | STATX_BTIME, &ctx->st);
	if (err)
		return err == -ENOENT ? OVL_AGAIN : err;
	if (!ovl_mark_is_whiteout(&ctx->st))
		return -EEXIST;
	tmp = ovl_workdir_open();
	if (tmp < 0)
		return tmp;
	from = heir(ctx, parent, tmp, heirs);
	if (from < 0 && from != -ENOENT)
		return from;
	err = make_over(ctx, m, from < 0 ? tmp : from, parent, name);
	if (from >= 0)
		(void)ovl_do_unlink(tmp, heirs, AT_REMOVEDIR); /* swept if it stays */
	if (err >= 0)
		ovl_note(ctx, "over_whiteout");
	return err;
}

/*
 * In a directory whose group and setgid bit are only recorded, the kernel cannot hand them on
 * to the new object @n, which was to have the mode @asked. Best effort: without, it has the
 * caller's group.
 */
static void inherit_group(struct ovl_ctx *ctx, const struct ovl_name *n, unsigned asked, int parent)
{
	struct statx *dir = &ctx->st;
	OVL_LOC loc = OVL_LOC_INIT;
	struct ovl_override o;
	struct statx raw;

	if (!ovl_ss->overrides ||
	    ovl_sys(__NR_statx, parent, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, dir))
		return;
	ovl_inode_present_fd(OVL_UPPER, parent, dir);
	if (!(dir->stx_mode & S_ISGID) || ovl_name_real(n, OVL_UPPER, &ctx->real) ||
	    ovl_real_statx(&ctx->real, &raw))
		return;
	o = (struct ovl_override){raw.stx_uid, dir->stx_gid, raw.stx_mode & 07777};
	if ((raw.stx_mode & S_IFMT) == S_IFDIR)
		o.mode |= S_ISGID;
	else
		o.mode = ovl_perm_new_mode(ctx, o.gid, asked, o.mode);
	if (raw.stx_gid == o.gid && (raw.stx_mode & 07777) == o.mode)
		return;
	if (!ovl_loc_path(&ctx->real, &loc))
		(void)ovl_override_record(loc.name, &raw, &o); /* as told above */
}

/* What @m makes, as in st_mode; 0: it is not known. */
static unsigned type_of(const struct ovl_maker *m)
{
	if (m->dir)
		return S_IFDIR;
	if (m->make == ovl_make_symlink)
		return S_IFLNK;
	if (m->make == ovl_make_device)
		return S_IFCHR;
	if (m->make == ovl_make_link)
		return m->mode & S_IFMT;
	return m->mode & S_IFMT ? m->mode & S_IFMT : S_IFREG;
}

int ovl_create(struct ovl_ctx *ctx, struct ovl_name *n, const struct ovl_maker *m)
{
	const char *name = n->at.buf + ovl_path_base(&n->at);
	OVL_FD parent = -1;
	int err = ovl_copy_up_parent(ctx, n, OVL_PARENT_CHANGE, &parent);

	if (err)
		return err;
	/* Descriptors of one that was there, and removed, are not of this: known.h. */
	if (m->dir && (n->whiteout || ovl_filter_maybe(&ovl_ss->present, n->hash)))
		ovl_dcache_gone(n->hash);
	ovl_announce(n->hash, !m->dir || n->whiteout);
	ovl_announce_type(n->hash, type_of(m));
	if (!m->dir)
		ovl_startfile_note(&n->at, m->make == ovl_make_symlink);
	err = ovl_mark_yield(parent, name);
	if (err)
		return err;
	if (n->whiteout)
		err = create_over_whiteout(ctx, n, m, parent);
	else
		err = m->make(m, parent, name);
	if (err >= 0 && m->make != ovl_make_link && m->make != ovl_make_device)
		ovl_record_forget(parent, name);
	if (err >= 0 && m->make != ovl_make_link)
		inherit_group(ctx, n, m->mode, parent);
	return err;
}
