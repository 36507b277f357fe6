/* SPDX-License-Identifier: MIT */
#include "inode.h"

#include "fdview.h"
#include "marks.h"
#include "override.h"
#include "real.h"
#include "str.h"
#include "view.h"

/* "INO MAJOR MINOR": three decimal numbers and two blanks fit with room to spare. */
#define ORIGIN_SIZE 72

bool ovl_inode_maybe_origin(uint64_t ino)
{
	return ovl_filter_maybe(&ovl_ss->origin, ovl_hash_mix(ino));
}

int ovl_inode_set_origin(int fd, uint64_t ino, const struct statx *origin)
{
	char text[ORIGIN_SIZE];
	size_t n = ovl_str_number(text, origin->stx_ino, 10);

	text[n++] = ' ';
	n += ovl_str_number(text + n, origin->stx_dev_major, 10);
	text[n++] = ' ';
	n += ovl_str_number(text + n, origin->stx_dev_minor, 10);
	ovl_filter_add(&ovl_ss->origin, ovl_hash_mix(ino));
	return (int)ovl_sys(__NR_fsetxattr, fd, OVL_XATTR_ORIGIN, text, n, 0);
}

static void apply_origin(const char *text, struct statx *st)
{
	uint64_t ino;
	uint64_t major;
	uint64_t minor;

	if (!ovl_str_parse(&text, &ino) || *text++ != ' ' || !ovl_str_parse(&text, &major) ||
	    *text++ != ' ' || !ovl_str_parse(&text, &minor))
		return;
	st->stx_ino = ino;
	st->stx_dev_major = (uint32_t)major;
	st->stx_dev_minor = (uint32_t)minor;
}

static void apply_override(const char *text, struct statx *st)
{
	struct ovl_override o;

	if (ovl_override_parse(text, &o))
		return;
	st->stx_uid = o.uid;
	st->stx_gid = o.gid;
	st->stx_mode = (uint16_t)((st->stx_mode & S_IFMT) | o.mode);
}

/* The value of xattr @name, NUL-terminated; false when there is none. */
static bool get_path(const char *path, const char *name, char *buf)
{
	long n = ovl_sys(__NR_lgetxattr, path, name, buf, ORIGIN_SIZE - 1);

	if (n <= 0)
		return false;
	buf[n] = '\0';
	return true;
}

static bool has_xattrs(const struct statx *st)
{
	unsigned type = st->stx_mode & S_IFMT;

	return type == S_IFREG || type == S_IFDIR;
}

void ovl_inode_present(int layer, struct ovl_path *p, struct statx *st)
{
	char text[ORIGIN_SIZE];

	if (layer != OVL_UPPER || !has_xattrs(st))
		return;
	if (ovl_ss->overrides && get_path(p->buf, OVL_XATTR_OVERRIDE, text))
		apply_override(text, st);
	if (ovl_inode_maybe_origin(st->stx_ino) && get_path(p->buf, OVL_XATTR_ORIGIN, text))
		apply_origin(text, st);
}

void ovl_inode_present_fd(int layer, int fd, struct statx *st)
{
	char link[32];
	char text[ORIGIN_SIZE];

	if (layer != OVL_UPPER || !has_xattrs(st))
		return;
	if (!ovl_ss->overrides && !ovl_inode_maybe_origin(st->stx_ino))
		return;
	/* Through /proc, so that O_PATH descriptors answer too. */
	ovl_fd_link(fd, link);
	for (int i = 0; i < 2; i++) {
		const char *name = i ? OVL_XATTR_OVERRIDE : OVL_XATTR_ORIGIN;
		long n = ovl_sys(__NR_getxattr, link, name, text, sizeof(text) - 1);

		if (n <= 0)
			continue;
		text[n] = '\0';
		if (i)
			apply_override(text, st);
		else
			apply_origin(text, st);
	}
}

void ovl_inode_present_name(struct ovl_ctx *ctx, struct ovl_name *n)
{
	if (n->layer == OVL_UPPER && !ovl_name_real(n, OVL_UPPER, &ctx->real))
		ovl_inode_present(OVL_UPPER, &ctx->real, &n->st);
	/* How many directories a merged one holds is not known: 1 says so, find(1) asks. */
	if ((n->st.stx_mode & S_IFMT) == S_IFDIR && n->layer == OVL_UPPER && n->lowers)
		n->st.stx_nlink = 1;
}
