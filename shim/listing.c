/* SPDX-License-Identifier: MIT */
#include "listing.h"

#include "inode.h"
#include "marks.h"
#include "ops.h"
#include "real.h"
#include "str.h"
#include "view.h"
#include "whiteout.h"

#define READ_AHEAD (32 * 1024) /* room for one getdents64 */
#define ITEMS	   1024	       /* to begin with */
#define KEPT	   4

#define MREMAP_MAYMOVE 1

static struct ovl_listing *kept[KEPT]; /* atomic; NULL: free */
static uint32_t next_kept;

static int grow(void **map, size_t *size, size_t want)
{
	size_t now = *size ? *size : want;
	long r;

	while (now < want)
		now *= 2;
	if (now == *size)
		return 0;
	if (*size)
		r = ovl_sys(__NR_mremap, *map, *size, now, MREMAP_MAYMOVE);
	else
		r = ovl_sys_room(now);
	if (ovl_is_err(r))
		return (int)r;
	*map = (void *)r;
	*size = now;
	return 0;
}

void ovl_listing_free(struct ovl_listing *l)
{
	if (l->records_size)
		(void)ovl_sys(__NR_munmap, l->records, l->records_size); /* our own mapping */
	(void)ovl_sys(__NR_munmap, l, l->size);
}

static uint64_t position_of(const char *name)
{
	uint64_t h = ovl_hash_push(OVL_HASH_ROOT, name, strlen(name)) >> 2;

	return h < 3 ? h + 3 : h;
}

/* Make room for one item more; the listing may move. */
static int reserve(struct ovl_listing **l)
{
	size_t size = *l ? (*l)->size : 0;
	size_t want = sizeof(**l) + ((*l ? (*l)->count : 0) + 1) * sizeof(struct ovl_item);
	void *map = *l;
	int err;

	if (!size)
		want = sizeof(**l) + ITEMS * sizeof(struct ovl_item);
	err = grow(&map, &size, want);
	if (err)
		return err;
	*l = map;
	(*l)->size = size;
	return 0;
}

/* What a character device, or a type that the file system does not tell, really is. */
static void look_closer(int dir, struct ovl_dirent *d, bool *ret_whiteout)
{
	struct statx st;

	if (ovl_sys(__NR_statx, dir, d->name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME,
		    &st))
		return;
	d->type = (uint8_t)((st.stx_mode & S_IFMT) >> 12);
	*ret_whiteout = ovl_mark_is_whiteout(&st);
}

/* The number that stat shows for an upper object: that of its origin. */
static void show_origin(struct ovl_ctx *ctx, struct ovl_dirent *d)
{
	unsigned len = ctx->real.len;

	if (!ovl_inode_maybe_origin(d->ino)) {
		d->ino |= ovl_inode_is_foreign() ? OVL_INO_FOREIGN : 0;
		return;
	}
	if (ovl_path_push(&ctx->real, d->name, strlen(d->name)))
		return;
	if (!ovl_real_statx(&ctx->real, &ctx->st)) {
		ovl_inode_present(OVL_UPPER, &ctx->real, &ctx->st);
		d->ino = ctx->st.stx_ino;
	}
	ovl_path_cut(&ctx->real, len);
}

/* Is the name @name in directory @n one that does not exist inside: upper, work? */
static bool is_hidden(const struct ovl_name *n, const char *name)
{
	uint64_t h = ovl_hash_push(n->hash, name, strlen(name));
	const struct ovl_session *ss = ovl_ss;

	if (!ovl_filter_maybe(&ss->hidden, h))
		return false;
	for (uint32_t i = 0; i < ss->nhide; i++) {
		const char *path = ovl_session_str(ss, ss->hide[i]);

		if (ovl_hash_path(path, ss->hide[i].len) == h)
			return true;
	}
	return false;
}

/* A record of @name, behind all others: *@ret is where. */
static int add_record(struct ovl_listing *l, const char *name, uint32_t *ret)
{
	size_t n = strlen(name);
	size_t length = (OVL_DIRENT_NAME + n + 1 + 7) & ~(size_t)7;
	struct ovl_dirent *d;
	int err = grow((void **)&l->records, &l->records_size, l->records_used + length);

	if (err)
		return err;
	d = (void *)(l->records + l->records_used);
	memset(d, 0, length);
	d->reclen = (uint16_t)length;
	memcpy(d->name, name, n);
	*ret = (uint32_t)l->records_used;
	l->records_used += length;
	return 0;
}

/* The .wh. file @name of the directory open as @dir, as an item that hides. */
static int add_mark(struct ovl_ctx *ctx, struct ovl_listing **l, int dir, int layer,
		    const char *name)
{
	uint32_t record;
	int err = ovl_mark_hidden(dir, name, ctx->xname);

	if (err)
		return 0; /* it tells of no name */
	err = add_record(*l, ctx->xname, &record);
	if (!err)
		err = reserve(l);
	if (err)
		return err;
	(*l)->item[(*l)->count++] = (struct ovl_item){
		.position = position_of(ctx->xname),
		.record = record,
		.layer = (uint8_t)layer,
		.hides = true,
	};
	return 0;
}

static int add(struct ovl_ctx *ctx, struct ovl_name *n, struct ovl_listing **l, int dir, int layer,
	       uint32_t record)
{
	struct ovl_dirent *d = (void *)((*l)->records + record);
	bool hides = false;
	int err;

	if (ovl_dirent_is_dots(d) || is_hidden(n, d->name))
		return 0;
	if (ovl_mark_is_file_at(layer, dir, d->name))
		return add_mark(ctx, l, dir, layer, d->name);
	err = reserve(l);
	if (err)
		return err;
	if (layer == OVL_UPPER && d->type == OVL_DT_CHR && ovl_whiteout_is(d->ino))
		hides = true;
	else if (d->type == OVL_DT_CHR || d->type == OVL_DT_UNKNOWN)
		look_closer(dir, d, &hides);
	if (layer == OVL_UPPER && !hides)
		show_origin(ctx, d);
	(*l)->item[(*l)->count++] = (struct ovl_item){
		.position = position_of(d->name),
		.record = record,
		.layer = (uint8_t)layer,
		.hides = hides,
	};
	return 0;
}

/* Read all of @layer's directory into the listing. */
static int read_layer(struct ovl_ctx *ctx, struct ovl_name *n, struct ovl_listing **l, int layer)
{
	OVL_FD dir = -1;
	long got;
	int err = ovl_name_real(n, layer, &ctx->real);

	if (err)
		return err;
	dir = ovl_real_open(&ctx->real, O_RDONLY | O_DIRECTORY);
	/* Upper's was a directory a moment ago. */
	if (layer == OVL_UPPER && (dir == -ENOENT || dir == -ENOTDIR || dir == -ELOOP))
		return OVL_AGAIN;
	if (dir < 0)
		return dir;
	for (;;) {
		size_t used = (*l)->records_used;

		err = grow((void **)&(*l)->records, &(*l)->records_size, used + READ_AHEAD);
		if (err)
			return err;
		got = ovl_sys(__NR_getdents64, dir, (*l)->records + used, READ_AHEAD);
		if (got <= 0)
			return (int)got;
		(*l)->records_used += (size_t)got;
		for (long i = 0; i < got;) {
			const struct ovl_dirent *d = (void *)((*l)->records + used + i);
			long next = i + d->reclen;

			/* the records may move */
			err = add(ctx, n, l, dir, layer, (uint32_t)(used + (size_t)i));
			if (err)
				return err;
			i = next;
		}
	}
}

/* Order: position, then name, then layer from the top; its mark hides not what is in it. */
static bool before(const struct ovl_listing *l, uint32_t a, uint32_t b)
{
	const struct ovl_item *x = &l->item[a];
	const struct ovl_item *y = &l->item[b];
	const char *p;
	const char *q;

	if (x->position != y->position)
		return x->position < y->position;
	p = ovl_listing_record(l, a)->name;
	q = ovl_listing_record(l, b)->name;
	while (*p && *p == *q) {
		p++;
		q++;
	}
	if (*p != *q)
		return (unsigned char)*p < (unsigned char)*q;
	return x->layer != y->layer ? x->layer < y->layer : x->hides < y->hides;
}

static void swap(struct ovl_listing *l, uint32_t a, uint32_t b)
{
	struct ovl_item t = l->item[a];

	l->item[a] = l->item[b];
	l->item[b] = t;
}

static void sift_down(struct ovl_listing *l, uint32_t root, uint32_t end)
{
	for (;;) {
		uint32_t child = 2 * root + 1;

		if (child >= end)
			return;
		if (child + 1 < end && before(l, child, child + 1))
			child++;
		if (!before(l, root, child))
			return;
		swap(l, root, child);
		root = child;
	}
}

/* Heapsort: no recursion and no memory besides. */
static void sort(struct ovl_listing *l)
{
	for (uint32_t i = l->count / 2; i-- > 0;)
		sift_down(l, i, l->count);
	for (uint32_t end = l->count; end-- > 1;) {
		swap(l, 0, end);
		sift_down(l, 0, end);
	}
}

static bool same_name(const struct ovl_listing *l, uint32_t a, uint32_t b)
{
	return l->item[a].position == l->item[b].position &&
	       ovl_str_equal(ovl_listing_record(l, a)->name, ovl_listing_record(l, b)->name);
}

/* Of each name only the top layer's entry counts, and a whiteout not at all. */
static void merge(struct ovl_listing *l)
{
	uint32_t kept_items = 0;

	for (uint32_t i = 0; i < l->count;) {
		uint32_t top = i;

		do {
			i++;
		} while (i < l->count && same_name(l, top, i));
		if (!l->item[top].hides)
			l->item[kept_items++] = l->item[top];
	}
	l->count = kept_items;
}

int ovl_listing_build(struct ovl_ctx *ctx, struct ovl_name *n, struct ovl_listing **ret)
{
	struct ovl_listing *l = NULL;
	int err = reserve(&l);

	if (err)
		return err;
	l->key = n->hash;
	if (n->in_upper && n->layer == OVL_UPPER)
		err = read_layer(ctx, n, &l, OVL_UPPER);
	for (uint64_t mask = n->lowers; mask && !err; mask &= mask - 1)
		err = read_layer(ctx, n, &l, ovl_lower_first(mask));
	if (err) {
		ovl_listing_free(l);
		return err;
	}
	sort(l);
	merge(l);
	*ret = l;
	return 0;
}

struct ovl_listing *ovl_listing_take(uint64_t key, int fd)
{
	for (int i = 0; i < KEPT; i++) {
		struct ovl_listing *l = __atomic_exchange_n(&kept[i], NULL, __ATOMIC_ACQ_REL);

		if (!l)
			continue;
		if (l->key == key && l->fd == fd)
			return l;
		ovl_listing_put(l);
	}
	return NULL;
}

void ovl_listing_put(struct ovl_listing *l)
{
	for (int i = 0; i < KEPT && l; i++) {
		struct ovl_listing *none = NULL;

		if (__atomic_compare_exchange_n(&kept[i], &none, l, false, __ATOMIC_ACQ_REL,
						__ATOMIC_RELAXED))
			return;
	}
	l = __atomic_exchange_n(&kept[__atomic_fetch_add(&next_kept, 1, __ATOMIC_RELAXED) % KEPT],
				l, __ATOMIC_ACQ_REL);
	if (l)
		ovl_listing_free(l);
}

uint32_t ovl_listing_find(const struct ovl_listing *l, uint64_t position)
{
	uint32_t lo = 0;
	uint32_t hi = l->count;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (l->item[mid].position <= position)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}
