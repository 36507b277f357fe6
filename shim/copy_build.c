/* SPDX-License-Identifier: MIT */
#include "copy_build.h"

#include "attr_copy.h"
#include "copy_data.h"
#include "copy_up.h"
#include "do.h"
#include "held.h"
#include "hollow.h"
#include "real.h"

static int build_file(struct ovl_ctx *ctx, struct ovl_build *job)
{
	OVL_LOC loc = OVL_LOC_INIT;
	OVL_FD from = -1;
	OVL_FD to = -1;
	int64_t size = (int64_t)job->st->stx_size;
	bool hollow = false;
	int err = ovl_loc_get(job->from, &loc);

	if (err)
		return err;
	if (job->size < size)
		size = job->size;
	/* Without content, too: to see who has it open. Who sees that this moment is waited for. */
	from = ovl_open_beneath(loc.fd, loc.name, O_RDONLY, 0);
	hollow = from == -EACCES && job->size == OVL_COPY_NAME && job->low &&
		 ovl_hollow_may(loc.fd, loc.name, job->st);
	if (from < 0 && !hollow && size)
		return from;
	job->held = from >= 0 && ovl_held(from);
	to = ovl_do_open(job->tmp, job->name, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (to < 0)
		return to;
	if (hollow)
		err = ovl_attr_copy_hollow(job->from, to, job->st);
	else
		err = ovl_copy_data(ctx, from, to, size);
	if (err)
		return err;
	return hollow ? ovl_hollow_make(to, job->low, job->st)
		      : ovl_attr_copy(job->from, to, job->st);
}

/* Of one that cannot be read the values of xattrs cannot either. */
static bool is_shut(struct ovl_build *job)
{
	OVL_LOC loc = OVL_LOC_INIT;

	return job->low && !ovl_loc_get(job->from, &loc) &&
	       ovl_hollow_may(loc.fd, loc.name, job->st);
}

static int build_dir(struct ovl_build *job)
{
	OVL_FD to = -1;
	int err = ovl_do_mkdir(job->tmp, job->name, 0700);

	if (err)
		return err;
	to = ovl_open_beneath(job->tmp, job->name, O_RDONLY | O_DIRECTORY, 0);
	if (to < 0)
		return to;
	if (!is_shut(job))
		return ovl_attr_copy(job->from, to, job->st);
	err = ovl_attr_copy_hollow(job->from, to, job->st);
	return err ? err : ovl_hollow_make(to, job->low, job->st);
}

static int build_link(struct ovl_ctx *ctx, struct ovl_build *job)
{
	int err = ovl_real_readlink(job->from, &ctx->link);

	if (!err)
		err = ovl_do_symlink(ctx->link.buf, job->tmp, job->name);
	return err ? err : ovl_attr_copy_at(ctx, job->tmp, job->name, job->st);
}

static int build_special(struct ovl_ctx *ctx, struct ovl_build *job)
{
	const struct statx *st = job->st;
	/* The kernel's encoding of a device number: makedev(3). */
	uint64_t dev = (st->stx_rdev_minor & 0xff) | (uint64_t)st->stx_rdev_major << 8 |
		       (uint64_t)(st->stx_rdev_minor & ~0xffU) << 12;
	int err = ovl_do_mknod(job->tmp, job->name, st->stx_mode & (S_IFMT | 0777), dev);

	return err ? err : ovl_attr_copy_at(ctx, job->tmp, job->name, st);
}

int ovl_build(struct ovl_ctx *ctx, struct ovl_build *job)
{
	ovl_workdir_name(job->name);
	switch (job->st->stx_mode & S_IFMT) {
	case S_IFREG:
		return build_file(ctx, job);
	case S_IFDIR:
		return build_dir(job);
	case S_IFLNK:
		return build_link(ctx, job);
	default:
		return build_special(ctx, job);
	}
}
