/* SPDX-License-Identifier: MIT */
#include "workdir.h"

#include "do.h"
#include "marks.h"
#include "real.h"
#include "str.h"
#include "view.h"
#include "whiteout.h"
#include "dirent.h"

static int open_path(struct ovl_str path, int flags, unsigned mode)
{
	return ovl_do_open(AT_FDCWD, ovl_session_str(ovl_ss, path), flags, mode);
}

int ovl_workdir_open(void)
{
	return open_path(ovl_ss->work_tmp, O_PATH | O_DIRECTORY, 0);
}

int ovl_workdir_index(void)
{
	return open_path(ovl_ss->work_index, O_PATH | O_DIRECTORY, 0);
}

void ovl_workdir_name(char *ret_name)
{
	uint32_t seq = __atomic_fetch_add(&ovl_ss->temp_seq, 1, __ATOMIC_RELAXED);

	ret_name[0] = '#';
	ovl_str_number(ret_name + 1, seq, 16);
}

int ovl_workdir_path(struct ovl_path *p, const char *name)
{
	static const char dir[] = "/tmp/";
	struct ovl_str work = ovl_ss->work;
	int err = ovl_path_set(p, ovl_session_str(ovl_ss, work), work.len);

	if (!err)
		err = ovl_path_add(p, dir, sizeof(dir) - 1);
	return err ? err : ovl_path_add(p, name, strlen(name));
}

int ovl_workdir_oplock(void)
{
	return open_path(ovl_ss->work_oplock, O_RDWR | O_CREAT, 0666);
}

/* The entry @d of the directory @fd goes if it is a whiteout: else -ENOTEMPTY. */
static int discard_mark(int fd, const struct ovl_dirent *d)
{
	struct statx st;
	int err;

	if (d->type == OVL_DT_CHR && ovl_whiteout_is(d->ino))
		return ovl_do_unlink(fd, d->name, 0);
	err = (int)ovl_sys(__NR_statx, fd, d->name, AT_SYMLINK_NOFOLLOW,
			   STATX_BASIC_STATS | STATX_BTIME, &st);
	if (err)
		return err;
	if (!ovl_mark_is_whiteout(&st) && !ovl_mark_is_file(OVL_UPPER, d->name, &st))
		return -ENOTEMPTY;
	return ovl_do_unlink(fd, d->name, 0);
}

/* Remove what is in directory @fd: whiteouts. Anything else ends it with -ENOTEMPTY. */
static int discard_content(struct ovl_ctx *ctx, int fd)
{
	long n;

	while ((n = ovl_sys(__NR_getdents64, fd, ctx->buf, sizeof(ctx->buf))) > 0) {
		for (long i = 0; i < n;) {
			const struct ovl_dirent *d = (const void *)(ctx->buf + i);
			int err;

			i += d->reclen;
			if (ovl_dirent_is_dots(d))
				continue;
			err = discard_mark(fd, d);
			if (err && err != -ENOENT)
				return err;
		}
	}
	return (int)n;
}

int ovl_workdir_discard(struct ovl_ctx *ctx, int tmp, const char *name)
{
	OVL_FD dir = -1;
	int err = ovl_do_unlink(tmp, name, 0);

	if (err != -EISDIR && err != -EPERM)
		return err;
	err = ovl_do_unlink(tmp, name, AT_REMOVEDIR);
	if (err != -ENOTEMPTY && err != -EEXIST)
		return err;
	dir = ovl_open_beneath(tmp, name, O_RDONLY | O_DIRECTORY, 0);
	if (dir < 0)
		return dir;
	err = discard_content(ctx, dir);
	return err ? err : ovl_do_unlink(tmp, name, AT_REMOVEDIR);
}
