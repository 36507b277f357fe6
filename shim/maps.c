/* SPDX-License-Identifier: MIT */
#include "maps.h"

#include "fdview.h"
#include "inode.h"
#include "lookup.h"
#include "mapline.h"
#include "ops.h"
#include "record.h"
#include "str.h"
#include "view.h"

#define GONE	  " (deleted)"
#define COPY_NAME "ovl:"	      /* and the text's path: memfd_create(2) */
#define COPY_LINK "/memfd:ovl:/proc/" /* what /proc tells of a copy's descriptor */

/* linux/fcntl.h and linux/memfd.h, of which not every libc has all */
#define COPY_CLOEXEC  1u
#define COPY_SEALING  2u
#define ADD_SEALS     1033
#define SEAL_FOR_GOOD 15 /* F_SEAL_SEAL, _SHRINK, _GROW, _WRITE */

/* A text on its way through ctx->lines. */
struct text {
	int from;
	int to;	       /* -1: is there anything to be changed? */
	unsigned len;  /* of what is in ctx->lines */
	uint64_t same; /* hash of a path that stays what it is: the last line's */
};

/* What a line tells of its file, as the view shows it; the path is ctx->clean. */
struct seen {
	struct ovl_origin id;
	bool gone;
};

static bool skip_number(const char **at)
{
	uint64_t n;

	return ovl_str_parse(at, &n);
}

bool ovl_maps_is(const struct ovl_name *n)
{
	const char *path = n->at.buf;

	if (n->zone != OVL_Z_OUTSIDE || n->slash || !ovl_str_starts(path, "/proc/"))
		return false;
	path += 6;
	if (!skip_number(&path))
		return false;
	if (ovl_str_starts(path, "/task/")) {
		path += 6;
		if (!skip_number(&path))
			return false;
	}
	return ovl_str_equal(path, "/maps") || ovl_str_equal(path, "/smaps") ||
	       ovl_str_equal(path, "/numa_maps");
}

void ovl_maps_correct(struct ovl_path *p)
{
	unsigned cut = sizeof("/memfd:" COPY_NAME) - 1;

	if (!ovl_str_starts(p->buf, COPY_LINK) || !ovl_str_ends(p->buf, p->len, GONE))
		return;
	memmove(p->buf, p->buf + cut, p->len - cut);
	ovl_path_cut(p, p->len - cut - (unsigned)(sizeof(GONE) - 1));
}

static bool is_of(const struct ovl_origin *id, const struct statx *st)
{
	return st->stx_ino == id->ino && st->stx_dev_major == id->major &&
	       st->stx_dev_minor == id->minor;
}

static struct ovl_origin id_of(const struct statx *st)
{
	return (struct ovl_origin){st->stx_ino, st->stx_dev_major, st->stx_dev_minor};
}

/* Does @n, found under its name, show the file @s of the layer ctx->fd_layer? */
static bool is_shown(struct ovl_ctx *ctx, struct ovl_name *n, struct seen *s)
{
	bool upper = ctx->fd_layer == OVL_UPPER;

	if (n->layer == OVL_NONE || (!upper && !ovl_fd_is_at(ctx, n)))
		return false;
	if (!upper && n->layer == ctx->fd_layer)
		return true;
	if (n->layer != OVL_UPPER || ovl_lookup_stat(ctx, n) || (upper && !is_of(&s->id, &n->st)))
		return false;
	ovl_inode_present_name(ctx, n);
	if (upper)
		s->id = id_of(&n->st);
	return n->st.stx_ino == s->id.ino;
}

/* Of a file of upper that has lost its name the number is told as far as it is remembered. */
static void present_gone(struct ovl_ctx *ctx, struct seen *s)
{
	struct statx *st = &ctx->st;

	*st = (struct statx){.stx_mode = S_IFREG | 0600,
			     .stx_ino = s->id.ino,
			     .stx_dev_major = s->id.major,
			     .stx_dev_minor = s->id.minor};
	if (ovl_inode_present_known(st))
		s->id = id_of(st);
}

/* The file @s, at ctx->clean, of a layer that is seen in the view. */
static int look(struct ovl_ctx *ctx, struct seen *s)
{
	struct ovl_name *n = &ctx->name[1];
	int err;

	if (ovl_zone_of(ctx->clean.buf, ctx->clean.len) != OVL_Z_VIEW)
		return 0;
	if (s->gone) {
		if (ctx->fd_layer == OVL_UPPER)
			present_gone(ctx, s);
		return 0;
	}
	err = ovl_namei_clean(ctx, n, ctx->clean.buf);
	if (err == OVL_AGAIN)
		return err;
	/* Where it may not look nothing better is known than that. */
	if (!err || err == -ENOENT || err == -ENOTDIR)
		s->gone = err || !is_shown(ctx, n, s);
	return 0;
}

/* What has its last name in work may be remembered by another: record.h. Apart, for its frame. */
__attribute__((noinline)) static bool is_recorded(struct ovl_ctx *ctx, struct seen *s)
{
	struct ovl_str work = ovl_ss->work;
	const struct statx st = {.stx_ino = s->id.ino};

	if (!work.len ||
	    !ovl_path_below(ctx->link.buf, ctx->link.len, ovl_session_str(ovl_ss, work), work.len))
		return false;
	if (ovl_record_path(&st, &ctx->link))
		return false;
	s->gone = true;
	return true;
}

/* Find out what the view has in the place of @l. 0: in *@s and ctx->clean; 1: nothing. */
static int see(struct ovl_ctx *ctx, const struct ovl_mapline *l, struct seen *s)
{
	struct ovl_path *p = &ctx->link;

	if (ovl_mapline_decode(l, p))
		return 1;
	s->gone = ovl_str_ends(p->buf, p->len, GONE);
	if (s->gone)
		ovl_path_cut(p, p->len - (unsigned)(sizeof(GONE) - 1));
	else if (!s->id.ino && !ovl_real_statx(p, &ctx->st))
		s->id = id_of(&ctx->st); /* numa_maps tells no number */
	ctx->fd_layer = is_recorded(ctx, s) ? OVL_UPPER : ovl_view_from_real(p, &ctx->fd_lhash);
	if (ctx->fd_layer == OVL_AGAIN)
		return OVL_AGAIN;
	if (ctx->fd_layer < 0 || ovl_path_set(&ctx->clean, p->buf, p->len))
		return 1;
	return look(ctx, s);
}

static int put(int to, const char *at, size_t n)
{
	while (n) {
		long r = ovl_sys(__NR_write, to, at, n);

		if (r < 0)
			return (int)r;
		at += r;
		n -= (size_t)r;
	}
	return 0;
}

/* The path at ctx->clean, and what is behind it, as @l would tell it, to ctx->real2. */
static int retell(struct ovl_ctx *ctx, const struct ovl_mapline *l, bool gone)
{
	struct ovl_path *p = &ctx->real2;
	int err;

	ovl_path_cut(p, 0);
	err = ovl_mapline_encode(l, ctx->clean.buf, ctx->clean.len, p);
	if (!err && gone)
		err = ovl_mapline_encode(l, GONE, sizeof(GONE) - 1, p);
	return err;
}

/*
 * Is the line @l otherwise in the view? 1: yes, its beginning of *@ret_head bytes is in ctx->buf
 * and its path in ctx->real2. 0, OVL_AGAIN.
 */
static int change(struct ovl_ctx *ctx, struct text *t, struct ovl_mapline *l, size_t *ret_head)
{
	const struct ovl_path *p = &ctx->real2;
	unsigned len;
	uint64_t hash;
	struct seen s;
	int r;

	if (!ovl_mapline_parse(l))
		return 0;
	len = l->end - l->path;
	hash = ovl_hash_path(l->at + l->path, len);
	if (hash == t->same)
		return 0;
	s.id = l->id;
	r = see(ctx, l, &s);
	if (r < 0)
		return r;
	*ret_head = r || retell(ctx, l, s.gone) ? 0 : ovl_mapline_head(l, &s.id, ctx->buf);
	if (*ret_head && (p->len != len || memcmp(p->buf, l->at + l->path, len) ||
			  *ret_head != l->path || memcmp(ctx->buf, l->at, l->path)))
		return 1;
	t->same = hash;
	return 0;
}

/* Write what stands before the line @l, from @run, and then that, which is changed. */
static int put_changed(struct ovl_ctx *ctx, const struct text *t, const char *run,
		       const struct ovl_mapline *l, size_t head)
{
	int err = put(t->to, run, (size_t)(l->at - run));

	if (!err)
		err = put(t->to, ctx->buf, head);
	if (!err)
		err = put(t->to, ctx->real2.buf, ctx->real2.len);
	return err ? err : put(t->to, l->at + l->end, l->n - l->end);
}

/* The end of the line at @at: behind its newline; NULL: it has none before @end. */
static const char *line_end(const char *at, const char *end)
{
	while (at < end) {
		if (*at++ == '\n')
			return at;
	}
	return NULL;
}

/* All whole lines in ctx->lines. 1: there is something to change, which was to be found out. */
static int pass_lines(struct ovl_ctx *ctx, struct text *t)
{
	const char *end = ctx->lines + t->len;
	const char *run = ctx->lines;
	const char *at = run;
	const char *next;
	int err;

	for (; (next = line_end(at, end)); at = next) {
		struct ovl_mapline l = {.at = at, .n = (unsigned)(next - at)};
		size_t head;
		int r = change(ctx, t, &l, &head);

		if (r < 0 || (r && t->to < 0))
			return r;
		err = r ? put_changed(ctx, t, run, &l, head) : 0;
		if (err)
			return err;
		if (r)
			run = next;
	}
	/* A line that does not fit, longer than any path that the view takes: as it is. */
	if (at == ctx->lines && t->len == sizeof(ctx->lines))
		at = end;
	err = t->to < 0 ? 0 : put(t->to, run, (size_t)(at - run));
	t->len = (unsigned)(end - at);
	memmove(ctx->lines, at, t->len);
	return err;
}

static int pass(struct ovl_ctx *ctx, struct text *t)
{
	t->len = 0;
	t->same = 0;
	for (;;) {
		long n = ovl_sys(__NR_read, t->from, ctx->lines + t->len,
				 sizeof(ctx->lines) - t->len);
		int r;

		if (n <= 0)
			return (int)n;
		t->len += (unsigned)n;
		r = pass_lines(ctx, t);
		if (r)
			return r;
	}
}

/* An empty file in memory that /proc names by @path. */
static int make_copy(struct ovl_ctx *ctx, const char *path)
{
	size_t n = sizeof(COPY_NAME) - 1;

	memcpy(ctx->buf, COPY_NAME, n);
	memcpy(ctx->buf + n, path, strlen(path) + 1);
	return (int)ovl_sys(__NR_memfd_create, ctx->buf, COPY_CLOEXEC | COPY_SEALING);
}

/* The number @fd becomes a descriptor of the copy @to, for reading only. */
static int put_in_place(int fd, int to, int flags)
{
	char link[OVL_FD_LINK];
	OVL_FD new = -1;
	long r;

	(void)ovl_sys(__NR_fchmod, to, 0444); /* as the text itself */
	(void)ovl_sys(__NR_fcntl, to, ADD_SEALS, SEAL_FOR_GOOD);
	ovl_fd_link(to, link);
	new = (int)ovl_sys(__NR_openat, AT_FDCWD, link,
			   (flags & ~(O_CREAT | O_NOFOLLOW)) | O_CLOEXEC, 0);
	if (new < 0)
		return new;
	r = ovl_sys(__NR_dup3, new, fd, flags & O_CLOEXEC);
	return r < 0 ? (int)r : 0;
}

/* The descriptor @fd of the text @path becomes one of a changed copy, if it has to. */
static int replace(struct ovl_ctx *ctx, int fd, const char *path, int flags)
{
	struct text t = {.from = fd, .to = -1};
	OVL_FD to = -1;
	int r = pass(ctx, &t);

	(void)ovl_sys(__NR_lseek, fd, 0, 0); /* a text of /proc can */
	if (r <= 0)
		return r;
	to = make_copy(ctx, path);
	if (to < 0)
		return to;
	t.to = to;
	r = pass(ctx, &t);
	(void)ovl_sys(__NR_lseek, fd, 0, 0);
	return r ? r : put_in_place(fd, to, flags);
}

long ovl_maps_open(struct ovl_ctx *ctx, int flags)
{
	const char *path = ctx->name[0].at.buf;
	OVL_FD fd = (int)ovl_sys(__NR_openat, AT_FDCWD, path, flags, 0);

	if (fd < 0)
		return fd;
	ctx->resolve = 0; /* that was for the way to this one */
	if (replace(ctx, fd, path, flags) == OVL_AGAIN)
		return OVL_AGAIN;
	return ovl_fd_steal(&fd);
}
