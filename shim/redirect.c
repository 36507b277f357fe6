/* SPDX-License-Identifier: MIT */
#include "redirect.h"

#include "marks.h"
#include "ops.h"
#include "readdir.h"
#include "real.h"
#include "view.h"

#define REDIRECT_FITS 1024 /* bytes of a path that an xattr surely takes, where there is space */

/* Where the last component of the lower path @low begins. */
static size_t base_of_low(const char *low)
{
	size_t n = strlen(low);

	while (n && low[n - 1] != '/')
		n--;
	return n;
}

/*
 * The directory open as @dir, going from @n's place to @to's, shall find its lower part. A path
 * that is too long for an xattr can be told by its last name where it stays in its directory.
 */
static int redirect(const struct ovl_name *n, const struct ovl_name *to, int dir)
{
	const char *low = ovl_name_low(n);
	const char *there = ovl_name_low(to);
	size_t base = base_of_low(low);
	int err = ovl_mark_redirect_set(dir, low, strlen(low));

	if ((err != -ENOSPC && err != -ERANGE && err != -E2BIG) || base < REDIRECT_FITS)
		return err;
	if (base != base_of_low(there) || memcmp(low, there, base))
		return -EXDEV;
	return ovl_mark_redirect_set(dir, low + base, strlen(low + base));
}

/* The upper directory @n moves to @to: where its lower part is, or that it has none, goes on it. */
static int mark_moved(struct ovl_ctx *ctx, struct ovl_name *n, const struct ovl_name *to)
{
	OVL_FD dir = -1;
	int err = ovl_name_real(n, OVL_UPPER, &ctx->real);

	if (err)
		return err;
	dir = ovl_real_open(&ctx->real, O_RDONLY | O_DIRECTORY);
	if (dir == -ENOENT || dir == -ENOTDIR || dir == -ELOOP)
		return OVL_AGAIN;
	if (dir < 0)
		return dir;
	if (!n->lowers)
		return ovl_mark_opaque(dir);
	__atomic_store_n(&ovl_ss->redirects, 1, __ATOMIC_RELEASE);
	return redirect(n, to, dir);
}

int ovl_redirect_prepare(struct ovl_ctx *ctx, struct ovl_name *n, const struct ovl_name *to,
			 bool covers)
{
	int err;

	if (!n->lowers && !covers)
		return 0;
	err = mark_moved(ctx, n, to);
	/* Its mode keeps its owner from that, but not from moving it. */
	if (err == -EACCES && !ovl_dir_open_up(ctx, n))
		err = mark_moved(ctx, n, to);
	return err;
}
